"""Everything that Milepost knows about one learner, at one moment, as one ZIP archive.

Whoever else had a hand in it (who graded, who enrolled) is not part of it.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

from milepost.enrollment.vault.store import Person, UnknownLearner, Vault
from milepost.events.projections.tables import Connection

HEAD = "select head from log.heads where tenant = $1"
ENROLLMENTS = """select data ->> 'enrollment' as enrollment, data ->> 'offering' as offering
    from log.events
    where tenant = $1 and data ->> 'learner' = $2
      and version = 1 and stream >= 'enrollment-' and stream < 'enrollment.'"""
INVITATIONS = """select data ->> 'invitation' as invitation from log.events
    where tenant = $1 and data ->> 'enrollment' = any($2)
      and version > 1 and stream >= 'invitation-' and stream < 'invitation.'"""
# Of an offering, which is everybody's, only what was done with this learner.
EVENTS = """select position, stream, version, type, occurred_at, recorded_at, data from log.events
    where tenant = $1 and stream = any($3)
    union all
    select position, stream, version, type, occurred_at, recorded_at, data from log.events
    where tenant = $1 and stream = any($4)
      and (data ->> 'learner' = $2 or data ->> 'enrollment' = any($5))
    order by position"""
# Read models say by a column's name that their rows are about a learner, or an enrollment.
READ_MODELS = """select c.relname as name, bool_or(a.attname = 'learner') as by_learner
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname in ('learner', 'enrollment')
    where n.nspname = 'dashboards' and c.relkind = 'v'
    group by c.relname order by c.relname"""
# Also of rows that came to nothing, which no event tells.
UPLOADED = """select to_jsonb(found) as row from (
        select j.created_at as uploaded_at, j.job, j.dry_run, r.row, r.offering, r.mode,
               r.occurred_at, x.outcome, x.enrollment, x.position, x.problem
          from bulk.rows r
          join bulk.jobs j using (tenant, job)
          left join lateral (
            select * from bulk.results o
             where (o.tenant, o.job, o.row) = (r.tenant, r.job, r.row) offset 0) x on true
         where r.tenant = $1 and r.learner = $2
         order by j.created_at, r.job, r.row) as found"""
ROWS = "select to_jsonb(r) as row from dashboards.{} r where tenant = $1 and {} = any($2)"

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `events.ndjson`."""

    position: int
    stream: str
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    data: msgspec.Raw


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """`person` is None when the vault holds nothing (any more). `position`: the log's end then."""

    learner: str
    position: int
    person: Person | None
    events: Sequence[Happened]
    uploaded: list[msgspec.Raw]
    read_models: dict[str, list[msgspec.Raw]]


async def gather(pool: asyncpg.Pool, vault: Vault, tenant: str, learner: str) -> Known:
    """Raises `UnknownLearner` when there is nothing at all."""
    person = await _person(vault, tenant, learner)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        position = await connection.fetchval(HEAD, tenant) or 0
        rows = await connection.fetch(ENROLLMENTS, tenant, learner)
        enrollments = [row["enrollment"] for row in rows]
        offerings = [f"offering-{row['offering']}" for row in rows]
        used = await connection.fetch(INVITATIONS, tenant, enrollments)
        own = list(_streams(learner, enrollments, [row["invitation"] for row in used]))
        recorded = await connection.fetch(EVENTS, tenant, learner, own, offerings, enrollments)
        uploaded = await connection.fetch(UPLOADED, tenant, learner)
        read_models = await _read_models(connection, tenant, learner, enrollments)
    if person is None and not recorded and not uploaded:
        raise UnknownLearner(learner, None)
    return Known(
        learner=learner,
        position=position,
        person=person,
        events=[_happened(row) for row in recorded],
        uploaded=[msgspec.Raw(row["row"]) for row in uploaded],
        read_models=read_models,
    )


def archive(known: Known, at: datetime) -> bytes:
    """A ZIP of `person.json`, `events.ndjson`, a file per read model, and what they are."""
    files = dict(_files(known))
    about = {
        "learner": known.learner,
        "exported_at": at,
        "position": known.position,
        "files": {name: words for name, (words, _) in files.items()},
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as into:
        for name, content in (
            ("about.json", _pretty(about)),
            *((name, content) for name, (_, content) in files.items()),
        ):
            into.writestr(zipfile.ZipInfo(name, at.astimezone(UTC).timetuple()[:6]), content)
    return written.getvalue()


def _files(known: Known) -> Iterator[tuple[str, tuple[str, bytes]]]:
    if known.person is not None:
        yield "person.json", ("Who the learner is.", _pretty(known.person))
    lines = msgspec.json.Encoder().encode_lines(known.events)
    yield "events.ndjson", ("All that happened, an event a line, in the log's order.", lines)
    if known.uploaded:
        words = "Rows of bulk jobs that named the learner, and what came of each."
        yield "bulk_rows.json", (words, _pretty(known.uploaded))
    for name, rows in known.read_models.items():
        yield f"read_models/{name}.json", ("What is shown on pages.", _pretty(rows))


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value))


def _happened(row: asyncpg.Record) -> Happened:
    return Happened(
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
    for category in ("vault", "learner", "record"):
        yield f"{category}-{learner}"
    yield from (f"invitation-{invitation}" for invitation in invitations)
    for category in ("enrollment", "progress"):
        yield from (f"{category}-{enrollment}" for enrollment in enrollments)


async def _read_models(
    connection: Connection, tenant: str, learner: str, enrollments: Sequence[str]
) -> dict[str, list[msgspec.Raw]]:
    found = {}
    for model in await connection.fetch(READ_MODELS):
        assert _NAME.fullmatch(model["name"])
        column, keys = (
            ("learner", [learner]) if model["by_learner"] else ("enrollment", enrollments)
        )
        rows = await connection.fetch(ROWS.format(model["name"], column), tenant, keys)
        found[model["name"]] = [msgspec.Raw(row["row"]) for row in rows]
    return found
