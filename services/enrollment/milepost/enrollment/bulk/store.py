"""Where bulk jobs are kept, with their rows and results: all that is asked of them over HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from milepost.enrollment.bulk.jobs import (
    ABANDONED,
    RECEIVING,
    RETENTION,
    UNFINISHED_AT_MOST,
    AlreadyEnded,
    Job,
    Outcome,
    Tally,
    TooManyJobs,
    UnknownJob,
)
from milepost.enrollment.bulk.row_format import Fault, Row, RowRequest
from milepost.events.runtime.outages import Overloaded

COLUMNS = ", ".join(Job.__struct_fields__)
ROW_COLUMNS = ("row", "learner", "offering", "mode", "occurred_at", "fault_path", "fault_reason")
PRUNED_AT_ONCE = 5

# Two that begin at once must not both be the last that may.
ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended('bulk/' || $1::text, 0))"
# None for a command that has its job: it makes no other. An upload that takes longer than uploads
# may is one whose process has died.
UNFINISHED = """select count(*) from bulk.jobs
    where tenant = $1 and state in ('receiving', 'queued', 'running')
      and (state <> 'receiving' or created_at > now() - $3::interval)
      and not exists (select from bulk.jobs same where same.tenant = $1 and same.command = $2)"""
BEGIN = """insert into bulk.jobs (tenant, job, dry_run, offering, actor, metadata)
    values ($1, $2, $3, $4, $5, $6)"""
QUEUE = f"""update bulk.jobs set state = 'queued', command = $3, digest = $4, rows = $5,
        changed_at = now(), created_at = now()
    where tenant = $1 and job = $2 and state = 'receiving' returning {COLUMNS}"""
# Not a job that has come to be, though whoever made it was not told.
DROP = """with gone as (
        delete from bulk.jobs where tenant = $1 and job = $2 and state = 'receiving' returning job)
    delete from bulk.rows using gone where rows.tenant = $1 and rows.job = gone.job"""
BY_COMMAND = f"select {COLUMNS} from bulk.jobs where tenant = $1 and command = $2"
FIND = f"""select {COLUMNS} from bulk.jobs
    where tenant = $1 and job = $2 and state <> 'receiving'"""
# A job's id begins with its time.
PAGE = f"""select {COLUMNS} from bulk.jobs
    where tenant = $1 and state <> 'receiving' and ($2::uuid is null or job < $2)
    order by job desc limit $3"""
# What has not begun ends here; whoever works on another finds it said, and ends it.
CANCEL = f"""update bulk.jobs set cancel = true, changed_at = now(), version = version + 1,
        state = case when started_at is null then 'canceled' else state end,
        ended_at = case when started_at is null then now() end
    where tenant = $1 and job = $2 and state in ('queued', 'running') and not cancel
    returning {COLUMNS}"""
ROWS = f"""select {", ".join(ROW_COLUMNS)} from bulk.rows
    where tenant = $1 and job = $2 and row > $3 order by row limit $4"""
# "offset 0" keeps it one look into an index for each row, whatever the planner believes of tables
# that were filled a moment ago.
RESULTS = """select x.row, source.learner, source.offering, x.outcome, x.enrollment, x.position,
        x.problem
    from (select * from bulk.results
           where tenant = $1 and job = $2 and row > $3 and {condition} order by row limit $4) x
    cross join lateral (
        select learner, offering from bulk.rows r
         where r.tenant = $1 and r.job = $2 and r.row = x.row offset 0) source
    order by x.row"""
ANY = RESULTS.format(condition="true")
REFUSED = RESULTS.format(condition="outcome = 'refused'")
PRUNE = """with gone as (
        delete from bulk.jobs where (tenant, job) in (
            select tenant, job from bulk.jobs
             where ended_at < now() - $1::interval
                or state = 'receiving' and created_at < now() - $2::interval
             limit $3)
        returning tenant, job),
    results as (
        delete from bulk.results x using gone where (x.tenant, x.job) = (gone.tenant, gone.job)),
    rows as (
        delete from bulk.rows r using gone where (r.tenant, r.job) = (gone.tenant, gone.job))
    select count(*) from gone"""
# Results are written under the job's row: no page that is being kept brings any back.
LOCK_JOBS = """select from bulk.jobs where tenant = $1 and job in (
        select job from bulk.rows where tenant = $1 and learner = $2)
    order by job for no key update"""
FORGET = """with gone as (
        delete from bulk.rows where tenant = $1 and learner = $2 returning tenant, job, row)
    delete from bulk.results x using gone
     where (x.tenant, x.job, x.row) = (gone.tenant, gone.job, gone.row)"""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A job while its rows come in."""

    tenant: str
    job: UUID
    dry_run: bool
    offering: str | None
    actor: str
    metadata: bytes


class ResultRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a row. `position`: in the log, of its last event; not of a dry run.

    row         as a spreadsheet counts, from 1: a header is 1, a cell may hold line breaks; in
                NDJSON the line's number, in a JSON array the element's
    enrollment  not where a row could not be read
    problem     why it was refused, as the single command would be answered
    """

    row: int
    learner: str | None
    offering: str | None
    outcome: Outcome
    enrollment: str | None = None
    position: int | None = None
    problem: dict[str, Any] | None = None


class Store:
    """On a pool from `connect_pool`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def begin(self, upload: Upload, command: UUID) -> None:
        """Raises `TooManyJobs`, unless the command has a job already."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(ONE_BY_ONE, upload.tenant)
            unfinished = await connection.fetchval(UNFINISHED, upload.tenant, command, RECEIVING)
            if unfinished >= UNFINISHED_AT_MOST:
                raise TooManyJobs(UNFINISHED_AT_MOST)
            await connection.execute(BEGIN, *msgspec.structs.astuple(upload))

    async def add(self, upload: Upload, rows: Sequence[Row]) -> None:
        await self.pool.copy_records_to_table(
            "rows",
            schema_name="bulk",
            columns=["tenant", "job", *ROW_COLUMNS],
            records=[(upload.tenant, upload.job, *_record(row)) for row in rows],
        )

    async def queue(self, upload: Upload, command: UUID, digest: str, rows: int) -> Job:
        """The upload as a job; the one that the same command made before, if there is one.

        Raises `Overloaded` if it took so long that it was pruned.
        """
        try:
            job = await self.pool.fetchrow(QUEUE, upload.tenant, upload.job, command, digest, rows)
        except asyncpg.UniqueViolationError:
            await self.drop(upload)
            job = await self.pool.fetchrow(BY_COMMAND, upload.tenant, command)
        if job is None:
            raise Overloaded
        return job_of(job)

    async def drop(self, upload: Upload) -> None:
        await self.pool.execute(DROP, upload.tenant, upload.job)

    async def find(self, tenant: str, job: UUID) -> Job:
        """Raises `UnknownJob`."""
        found = await self.pool.fetchrow(FIND, tenant, job)
        if found is None:
            raise UnknownJob(job)
        return job_of(found)

    async def page(self, tenant: str, before: UUID | None, limit: int) -> list[Job]:
        """The newest first."""
        return [job_of(one) for one in await self.pool.fetch(PAGE, tenant, before, limit)]

    async def cancel(self, tenant: str, job: UUID) -> Job:
        """Repeating it does nothing. Raises `UnknownJob`, `AlreadyEnded`."""
        if canceled := await self.pool.fetchrow(CANCEL, tenant, job):
            return job_of(canceled)
        found = await self.find(tenant, job)
        if not found.cancel or found.state in ("done", "failed"):
            raise AlreadyEnded(job, found.state)
        return found

    async def rows(self, job: Job, after: int, limit: int) -> list[Row]:
        found = await self.pool.fetch(ROWS, job.tenant, job.job, after, limit)
        return [_row(one) for one in found]

    async def results(
        self, job: Job, after: int, limit: int, *, refused_only: bool
    ) -> list[ResultRow]:
        statement = REFUSED if refused_only else ANY
        rows = await self.pool.fetch(statement, job.tenant, job.job, after, limit)
        return [_result(row) for row in rows]

    async def forget(self, tenant: str, learner: str) -> None:
        """The rows that name a learner, and what came of them."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_JOBS, tenant, learner)
            await connection.execute(FORGET, tenant, learner)

    async def prune(self) -> int:
        """Let jobs go that ended long ago, and uploads that never came to be one. How many."""
        pruned: int = await self.pool.fetchval(PRUNE, RETENTION, ABANDONED, PRUNED_AT_ONCE)
        return pruned


def job_of(record: asyncpg.Record) -> Job:
    facts = dict(record)
    return Job(**{**facts, "tally": msgspec.json.decode(facts["tally"], type=Tally)})


def _record(row: Row) -> tuple[object, ...]:
    match row.request:
        case RowRequest() as request:
            columns = (request.learner, request.offering, request.mode, request.occurred_at)
            return (row.number, *columns, None, None)
        case Fault() as fault:
            return (row.number, None, None, None, None, fault.path, fault.reason)


def _row(record: asyncpg.Record) -> Row:
    if record["learner"] is None:
        return Row(record["row"], Fault(record["fault_path"], record["fault_reason"]))
    request = {name: record[name] for name in RowRequest.__struct_fields__}
    return Row(record["row"], RowRequest(**request))


def _result(record: asyncpg.Record) -> ResultRow:
    facts = dict(record)
    problem = facts.pop("problem")
    return ResultRow(**facts, problem=problem and msgspec.json.decode(problem))
