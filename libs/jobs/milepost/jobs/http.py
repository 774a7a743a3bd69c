"""What the routes of every room's jobs do, beside saying what they are."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec

from milepost.events.ids import new_id
from milepost.events.metadata import Metadata
from milepost.jobs.formats import FORMATS
from milepost.jobs.jobs import Job, State
from milepost.jobs.store import Store, Upload
from milepost.jobs.upload import receive
from milepost.web.problems import UnsupportedMedia
from milepost.web.requests.body import Received
from milepost.web.requests.idempotency import IdempotencyKeyReused, command_id

NDJSON = "application/x-ndjson"
PAGE = 1_000
POLL_SECONDS = 0.5
FOLLOW_SECONDS = 600.0


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` there are, `done` of them have a result. Of a dry run: what would come of them.

    outcomes         how many rows came to what, without those that were refused
    canceling        it was told to end, and will
    refused          how many rows
    refusals         of these, by the problem's name
    rows_per_second  since it was begun
    """

    job: UUID
    kind: str
    state: State
    dry_run: bool
    offering: str | None
    by: str
    rows: int
    done: int
    outcomes: dict[str, int]
    refused: int
    refusals: dict[str, int]
    canceling: bool
    rows_per_second: float | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobStatuses(msgspec.Struct, frozen=True, kw_only=True):
    """`next`: the `cursor` of the next page; null on the last."""

    jobs: list[JobStatus]
    next: UUID | None


async def uploaded(
    request: Received,
    store: Store,
    kind: str,
    offering: str | None,
    *,
    dry_run: bool,
    own_only: bool = False,
) -> Job:
    """The job that the request's body becomes.

    Raises `UnsupportedMedia`, `IdempotencyKeyReused`, and what `receive` raises.
    """
    async with request.parts() as parts:
        media_type, command = _media_type(request), command_id(request)
        upload = _upload(request, kind, offering, dry_run=dry_run, own_only=own_only)
        job, digest = await receive(store, upload, command, media_type, parts)
    if job.digest != digest:
        raise IdempotencyKeyReused(request.headers["idempotency-key"])
    return job


async def lines(
    store: Store, job: Job, after: int, *, follow: bool, refused_only: bool
) -> AsyncIterator[bytes]:
    """All results that there are, as NDJSON; then, for so long, what comes until the job has
    ended.
    """
    seconds = FOLLOW_SECONDS if follow else 0.0
    encoder, deadline = msgspec.json.Encoder(), time.monotonic() + seconds
    while True:
        ended = job.ended_at is not None  # then what is read now is all there will be
        while rows := await store.results(job, after, PAGE, refused_only=refused_only):
            yield encoder.encode_lines(rows)
            after = rows[-1].row
        if ended or time.monotonic() >= deadline:
            return
        await asyncio.sleep(POLL_SECONDS)
        job = await store.find(job.tenant, job.job)


def status_of(job: Job) -> JobStatus:
    return JobStatus(
        job=job.job,
        kind=job.kind,
        state=job.state,
        dry_run=job.dry_run,
        offering=job.offering,
        by=job.actor,
        rows=job.rows,
        done=job.tally.done,
        outcomes=job.tally.outcomes,
        refused=sum(job.tally.refused.values()),
        refusals=job.tally.refused,
        canceling=job.cancel and job.ended_at is None,
        rows_per_second=rows_per_second(job),
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )


def rows_per_second(job: Job) -> float | None:
    """Since it was begun."""
    if job.started_at is None or not job.tally.done:
        return None
    seconds = (job.changed_at - job.started_at).total_seconds()
    return round(job.tally.done / seconds, 1) if seconds else None


def _media_type(request: Received) -> str:
    """Raises `UnsupportedMedia`."""
    media_type = request.content_type[0]
    if media_type not in FORMATS:
        raise UnsupportedMedia(media_type or "of no type", tuple(FORMATS))
    return media_type


def _upload(
    request: Received, kind: str, offering: str | None, *, dry_run: bool, own_only: bool
) -> Upload:
    return Upload(
        tenant=request.user.tenant,
        job=new_id(),
        kind=kind,
        dry_run=dry_run,
        offering=offering,
        actor=request.user.subject,
        metadata=_metadata(request),
        own_only=own_only,
    )


def _metadata(request: Received) -> bytes:
    """Of every event that follows: who wanted it. The body's digest is the job's."""
    state = request.scope["state"]
    return Metadata(
        actor=request.user.subject, correlation=state["correlation"], trace=state.get("trace")
    ).encode()
