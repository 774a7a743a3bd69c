"""The table of jobs: added and canceled over HTTP, claimed and ended by the worker."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from milepost.events.ids import new_id
from milepost.events.projections.tables import Connection
from milepost.operations.console.jobs.job import (
    UNFINISHED_AT_MOST,
    Action,
    ModelJob,
    ModelJobEnded,
    TooManyModelJobs,
    UnknownModelJob,
)

COLUMNS: Final = ", ".join(ModelJob.__struct_fields__)
# Two that ask at once must not both be the last that may.
ONE_BY_ONE: Final = "select pg_advisory_xact_lock(hashtextextended('operations.jobs', 0))"
UNFINISHED: Final = """select count(*) from operations.jobs
    where tenant = $1 and state in ('queued', 'running')"""
ADD: Final = f"""insert into operations.jobs (tenant, job, action, model, generation, whole, actor)
    values ($1, $2, $3, $4, $5, $6, $7) returning {COLUMNS}"""
FIND: Final = f"select {COLUMNS} from operations.jobs where tenant = $1 and job = $2"
# A job's id begins with its time.
PAGE: Final = f"""select {COLUMNS} from operations.jobs
    where tenant = $1 and ($2::uuid is null or job < $2) order by job desc limit $3"""
# What has not begun ends here; whoever works on another finds it said, and ends it.
CANCEL: Final = f"""update operations.jobs set cancel = true,
        state = case state when 'queued' then 'canceled' else state end,
        ended_at = case state when 'queued' then now() end
    where tenant = $1 and job = $2 and state in ('queued', 'running') returning {COLUMNS}"""
CLAIM: Final = f"""update operations.jobs set
        deaths = deaths + case state when 'running' then 1 else 0 end,
        state = 'running', started_at = coalesce(started_at, now())
    where (tenant, job) = (
        select tenant, job from operations.jobs where state in ('queued', 'running')
         order by state desc, created_at limit 1)
    returning {COLUMNS}"""
WANTED: Final = "select not cancel from operations.jobs where tenant = $1 and job = $2"
END: Final = """update operations.jobs set state = $3, outcome = $4, ended_at = now()
    where tenant = $1 and job = $2 and state = 'running'"""
PRUNE: Final = """delete from operations.jobs where (tenant, job) in (
        select tenant, job from operations.jobs
         where ended_at < now() - interval '30 days' limit 50)"""


async def add(
    connection: Connection,
    tenant: str,
    action: Action,
    model: str,
    *,
    generation: int | None,
    whole: bool,
    actor: str,
) -> ModelJob:
    """Raises `TooManyModelJobs`."""
    await connection.execute(ONE_BY_ONE)
    if await connection.fetchval(UNFINISHED, tenant) >= UNFINISHED_AT_MOST:
        raise TooManyModelJobs(UNFINISHED_AT_MOST)
    row = await connection.fetchrow(ADD, tenant, new_id(), action, model, generation, whole, actor)
    assert row is not None, "an insert returns its row"
    return _job(row)


async def find(connection: "Connection | asyncpg.Pool", tenant: str, job: UUID) -> ModelJob:
    """Raises `UnknownModelJob`."""
    row = await connection.fetchrow(FIND, tenant, job)
    if row is None:
        raise UnknownModelJob(job)
    return _job(row)


async def page(
    pool: asyncpg.Pool, tenant: str, before: UUID | None, limit: int
) -> Sequence[ModelJob]:
    """The newest first. They are kept for 30 days after their end."""
    return [_job(row) for row in await pool.fetch(PAGE, tenant, before, limit)]


async def cancel(connection: Connection, tenant: str, job: UUID) -> ModelJob:
    """Raises `UnknownModelJob`, `ModelJobEnded`."""
    row = await connection.fetchrow(CANCEL, tenant, job)
    if row is None:
        found = await find(connection, tenant, job)
        raise ModelJobEnded(job, found.state)
    return _job(row)


async def claim(pool: asyncpg.Pool) -> ModelJob | None:
    """What somebody began who has died, else the first that waits. For who leads alone."""
    await pool.execute(PRUNE)
    row = await pool.fetchrow(CLAIM)
    return _job(row) if row else None


async def wanted(pool: asyncpg.Pool, job: ModelJob) -> bool:
    """Whether nobody has canceled it."""
    return bool(await pool.fetchval(WANTED, job.tenant, job.job))


async def end(pool: asyncpg.Pool, job: ModelJob, state: str, outcome: dict[str, Any]) -> None:
    await pool.execute(END, job.tenant, job.job, state, msgspec.json.encode(outcome))


def _job(row: asyncpg.Record) -> ModelJob:
    values = dict(row)
    outcome = values.pop("outcome")
    told = msgspec.json.decode(outcome) if outcome else None
    return msgspec.convert({**values, "outcome": told}, ModelJob)
