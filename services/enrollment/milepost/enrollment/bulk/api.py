"""Bulk jobs over HTTP: upload, watch, read what came of each row, cancel. For the registrar."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.response import Stream

from milepost.enrollment.api.wiring import ENROLLERS
from milepost.enrollment.bulk import documents
from milepost.enrollment.bulk.enrollment_kind import ENROLLMENT_JOB
from milepost.jobs import documents as job_documents
from milepost.jobs import parameters
from milepost.jobs.formats import MAX_BYTES
from milepost.jobs.http import NDJSON, lines, rows_per_second, uploaded
from milepost.jobs.jobs import Job, State
from milepost.jobs.store import Store
from milepost.web.requests.body import Received
from milepost.web.requests.etags import versioned

READERS = (*ENROLLERS, "operator", "auditor")


class BulkWiring(msgspec.Struct, frozen=True):
    """What these routes are given to work with."""

    store: Store


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` there are, `done` of them have a result. Of a dry run: what would come of them.

    canceling        it was told to end, and will
    refused          how many rows
    refusals         of these, by the problem's name
    rows_per_second  since it was begun
    """

    job: UUID
    state: State
    dry_run: bool
    offering: str | None
    by: str
    rows: int
    done: int
    enrolled: int
    waitlisted: int
    requested: int
    pending_approval: int
    unchanged: int
    refused: int
    refusals: dict[str, int]
    canceling: bool
    rows_per_second: float | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """`next`: the `cursor` of the next page; null on the last."""

    jobs: list[JobView]
    next: UUID | None


@post(
    "",
    status_code=202,
    summary="Enroll many",
    description="Up to 100,000 rows of `learner`, `offering` (unless given for all of them), "
    "`mode` and `occurred_at`, as NDJSON, CSV with a header, or a JSON array of up to 1 MiB. Each "
    "is decided as a single enrollment by the registrar would be, and has a result of its own. "
    "`dry_run`: only say what would come of them. The same Idempotency-Key is the same job.",
    request_max_body_size=MAX_BYTES,
    answers=documents.UPLOAD,
    roles=ENROLLERS,
    links=("getJob", "getJobResults"),
)
async def start_job(
    request: Received,
    wiring: NamedDependency[BulkWiring],
    offering: parameters.Offering = None,
    dry_run: parameters.DryRun = False,
) -> Response[JobView]:
    kind = ENROLLMENT_JOB.name
    job = await uploaded(request, wiring.store, kind, offering, dry_run=dry_run)
    where = {"Location": f"{documents.PATH}/{job.job}"}
    return Response(_view(job), status_code=202, headers=where)


@get(
    "",
    summary="List bulk jobs",
    description=parameters.LISTED,
    answers=job_documents.LIST,
    roles=READERS,
)
async def list_jobs(
    request: Received,
    wiring: NamedDependency[BulkWiring],
    cursor: parameters.Cursor = None,
    limit: parameters.Limit = 50,
) -> JobPage:
    jobs = await wiring.store.page(request.user.tenant, cursor, limit + 1)
    more = len(jobs) > limit
    return JobPage(
        jobs=[_view(job) for job in jobs[:limit]], next=jobs[limit - 1].job if more else None
    )


@get(
    "/{job:uuid}",
    summary="Read how far a bulk job is",
    description=parameters.VERSIONED,
    answers=job_documents.READ,
    roles=READERS,
)
async def get_job(
    request: Received, job: parameters.JobPath, wiring: NamedDependency[BulkWiring]
) -> Response[JobView]:
    found = await wiring.store.find(request.user.tenant, job)
    return versioned(request, _view(found), found.version)


@get(
    "/{job:uuid}/results",
    summary="Read what came of each row",
    description=parameters.RESULTS,
    media_type=NDJSON,
    responses={200: documents.LINES},
    answers=job_documents.RESULTS,
    roles=READERS,
)
async def get_job_results(
    request: Received,
    job: parameters.JobPath,
    wiring: NamedDependency[BulkWiring],
    *,
    refused: parameters.Refused = False,
    follow: parameters.Follow = False,
    after: parameters.After = 0,
) -> Stream:
    found = await wiring.store.find(request.user.tenant, job)
    told = lines(wiring.store, found, after, follow=follow, refused_only=refused)
    return Stream(told, media_type=NDJSON)


@post(
    "/{job:uuid}/cancel",
    status_code=200,
    summary="Cancel a bulk job",
    description=parameters.CANCELED,
    answers=job_documents.CANCEL,
    roles=ENROLLERS,
)
async def cancel_job(
    request: Received, job: parameters.JobPath, wiring: NamedDependency[BulkWiring]
) -> JobView:
    return _view(await wiring.store.cancel(request.user.tenant, job))


def _view(job: Job) -> JobView:
    outcomes, refusals = job.tally.outcomes, job.tally.refused
    return JobView(
        job=job.job,
        state=job.state,
        dry_run=job.dry_run,
        offering=job.offering,
        by=job.actor,
        rows=job.rows,
        done=job.tally.done,
        enrolled=outcomes.get("enrolled", 0),
        waitlisted=outcomes.get("waitlisted", 0),
        requested=outcomes.get("requested", 0),
        pending_approval=outcomes.get("pending_approval", 0),
        unchanged=outcomes.get("unchanged", 0),
        refused=sum(refusals.values()),
        refusals=refusals,
        canceling=job.cancel and job.ended_at is None,
        rows_per_second=rows_per_second(job),
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )


def routes(wiring: BulkWiring) -> Router:
    return Router(
        documents.PATH,
        route_handlers=[start_job, list_jobs, get_job, get_job_results, cancel_job],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["bulk jobs"],
    )
