"""Everything that Milepost knows about one learner, at one moment, as one ZIP archive.

Whoever else had a hand in it (who graded, who enrolled) is not part of it.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

from milepost.contracts import streams
from milepost.enrollment.domain.erasure import VAULT
from milepost.enrollment.domain.invitation import INVITATION
from milepost.enrollment.domain.learner_load import LEARNER
from milepost.enrollment.vault.store import Person, UnknownLearner, Vault
from milepost.web.room import Context, KeptRows, Learner

HEAD = "select head from log.heads where tenant = $1"
ENROLLMENTS = """select data ->> 'enrollment' as enrollment, data ->> 'offering' as offering
    from log.events
    where tenant = $1 and data ->> 'learner' = $2
      and version = 1 and stream >= 'enrollment-' and stream < 'enrollment.'"""
INVITATIONS = """select data ->> 'invitation' as invitation from log.events
    where tenant = $1 and data ->> 'enrollment' = any($2)
      and version > 1 and stream >= 'invitation-' and stream < 'invitation.'"""
MEMBERSHIPS = """select stream from log.events
    where tenant = $1 and data ->> 'learner' = $2
      and version = 1 and stream >= 'membership-' and stream < 'membership.'"""
# Of an offering, which is everybody's, only what was done with this learner.
EVENTS = """select position, stream, version, type, occurred_at, recorded_at, data from log.events
    where tenant = $1 and stream = any($3)
    union all
    select position, stream, version, type, occurred_at, recorded_at, data from log.events
    where tenant = $1 and stream = any($4)
      and (data ->> 'learner' = $2 or data ->> 'enrollment' = any($5))
    order by position"""


class ExportedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `events.ndjson`."""

    position: int
    stream: str
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    data: msgspec.Raw


class LearnerData(msgspec.Struct, frozen=True, kw_only=True):
    """`person` is None when the vault holds nothing (any more). `position`: the log's end then."""

    learner: str
    position: int
    person: Person | None
    events: Sequence[ExportedEvent]
    kept: Mapping[str, KeptRows]


async def gather(context: Context, vault: Vault, tenant: str, learner: str) -> LearnerData:
    """Raises `UnknownLearner` when there is nothing at all."""
    person = await _person(vault, tenant, learner)
    async with (
        context.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        position = await connection.fetchval(HEAD, tenant) or 0
        rows = await connection.fetch(ENROLLMENTS, tenant, learner)
        enrollments = [row["enrollment"] for row in rows]
        offerings = [streams.offering(row["offering"]) for row in rows]
        used = await connection.fetch(INVITATIONS, tenant, enrollments)
        groups = await connection.fetch(MEMBERSHIPS, tenant, learner)
        own = list(_streams(learner, enrollments, [row["invitation"] for row in used]))
        own += [row["stream"] for row in groups]
        recorded = await connection.fetch(EVENTS, tenant, learner, own, offerings, enrollments)
        subject, kept = Learner(tenant, learner, enrollments), dict[str, KeptRows]()
        for room in context.personal_data:
            kept.update(await room(connection, subject))
    if person is None and not recorded and not any(one.rows for one in kept.values()):
        raise UnknownLearner(learner, None)
    return LearnerData(
        learner=learner,
        position=position,
        person=person,
        events=[_exported_event(row) for row in recorded],
        kept=kept,
    )


def archive(data: LearnerData, at: datetime) -> bytes:
    """A ZIP of `person.json`, `events.ndjson`, a file per read model, and what they are."""
    files = dict(_files(data))
    about = {
        "learner": data.learner,
        "exported_at": at,
        "position": data.position,
        "files": {name: words for name, (words, _) in files.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive_file:
        for name, content in (
            ("about.json", _pretty(about)),
            *((name, content) for name, (_, content) in files.items()),
        ):
            archive_file.writestr(
                zipfile.ZipInfo(name, at.astimezone(UTC).timetuple()[:6]), content
            )
    return buffer.getvalue()


def _files(data: LearnerData) -> Iterator[tuple[str, tuple[str, bytes]]]:
    if data.person is not None:
        yield "person.json", ("Who the learner is.", _pretty(data.person))
    lines = msgspec.json.Encoder().encode_lines(data.events)
    yield "events.ndjson", ("All that happened, an event a line, in the log's order.", lines)
    for name, kept in data.kept.items():
        yield name, (kept.about, _pretty(kept.rows))


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value))


def _exported_event(row: asyncpg.Record) -> ExportedEvent:
    return ExportedEvent(
        position=row["position"],
        stream=row["stream"],
        version=row["version"],
        type=row["type"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        data=msgspec.Raw(row["data"]),
    )


async def _person(vault: Vault, tenant: str, learner: str) -> Person | None:
    try:
        _, person = await vault.get(tenant, learner)
    except UnknownLearner:
        return None
    return person


def _streams(learner: str, enrollments: Sequence[str], invitations: Sequence[str]) -> Iterator[str]:
    yield from streams.of_learner(learner, enrollments)
    yield from (VAULT.of(learner).name, LEARNER.of(learner).name)
    yield from (INVITATION.of(invitation).name for invitation in invitations)
