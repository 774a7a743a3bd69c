"""Where bulk jobs are kept, with their rows and results: all that is asked of them over HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from milepost.events.runtime.outages import Overloaded
from milepost.jobs.jobs import (
    ABANDONED,
    RECEIVING,
    RETENTION,
    UNFINISHED_AT_MOST,
    AlreadyEnded,
    Job,
    Tally,
    TooManyJobs,
    UnknownJob,
)
from milepost.jobs.kinds import Kind, Tables
from milepost.jobs.row_format import Fault, Row

PRUNED_AT_ONCE = 5

# Two that begin at once must not both be the last that may.
ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended('{schema}/' || $1::text, 0))"
# None for a command that has its job: it makes no other. An upload that takes longer than uploads
# may is one whose process has died.
UNFINISHED = """select count(*) from {schema}.jobs
    where tenant = $1 and state in ('receiving', 'queued', 'running')
      and (state <> 'receiving' or created_at > now() - $3::interval)
      and not exists (
          select from {schema}.jobs same where same.tenant = $1 and same.command = $2)"""
BEGIN = """insert into {schema}.jobs (tenant, job, kind, dry_run, offering, actor, metadata,
        own_only)
    values ($1, $2, $3, $4, $5, $6, $7, $8)"""
QUEUE = """update {schema}.jobs set state = 'queued', command = $3, digest = $4, rows = $5,
        changed_at = now(), created_at = now()
    where tenant = $1 and job = $2 and state = 'receiving' returning {job}"""
# Not a job that has come to be, though whoever made it was not told.
DROP = """with gone as (
        delete from {schema}.jobs where tenant = $1 and job = $2 and state = 'receiving'
        returning job)
    delete from {schema}.rows using gone where rows.tenant = $1 and rows.job = gone.job"""
BY_COMMAND = "select {job} from {schema}.jobs where tenant = $1 and command = $2"
FIND = """select {job} from {schema}.jobs
    where tenant = $1 and job = $2 and state <> 'receiving'"""
# A job's id begins with its time.
PAGE = """select {job} from {schema}.jobs
    where tenant = $1 and state <> 'receiving' and ($2::uuid is null or job < $2)
      and ($4::text is null or actor = $4)
    order by job desc limit $3"""
# What has not begun ends here; whoever works on another finds it said, and ends it.
CANCEL = """update {schema}.jobs set cancel = true, changed_at = now(), version = version + 1,
        state = case when started_at is null then 'canceled' else state end,
        ended_at = case when started_at is null then now() end
    where tenant = $1 and job = $2 and state in ('queued', 'running') and not cancel
    returning {job}"""
ROWS = """select {row} from {schema}.rows
    where tenant = $1 and job = $2 and row > $3 order by row limit $4"""
# "offset 0" keeps it one look into an index for each row, whatever the planner believes of tables
# that were filled a moment ago.
RESULTS = """select x.row, source.learner, source.offering, x.outcome, x.enrollment, x.position,
        x.problem
    from (select * from {schema}.results
           where tenant = $1 and job = $2 and row > $3 and %s order by row limit $4) x
    cross join lateral (
        select learner, offering from {schema}.rows r
         where r.tenant = $1 and r.job = $2 and r.row = x.row offset 0) source
    order by x.row"""
ANY = RESULTS % "true"
REFUSED = RESULTS % "outcome = 'refused'"
PRUNE = """with gone as (
        delete from {schema}.jobs where (tenant, job) in (
            select tenant, job from {schema}.jobs
             where ended_at < now() - $1::interval
                or state = 'receiving' and created_at < now() - $2::interval
             limit $3)
        returning tenant, job),
    results as (
        delete from {schema}.results x using gone
         where (x.tenant, x.job) = (gone.tenant, gone.job)),
    rows as (
        delete from {schema}.rows r using gone
         where (r.tenant, r.job) = (gone.tenant, gone.job))
    select count(*) from gone"""
# Results are written under the job's row: no page that is being kept brings any back.
LOCK_JOBS = """select from {schema}.jobs where tenant = $1 and job in (
        select job from {schema}.rows where tenant = $1 and learner = $2)
    order by job for no key update"""
FORGET = """with gone as (
        delete from {schema}.rows where tenant = $1 and learner = $2 returning tenant, job, row)
    delete from {schema}.results x using gone
     where (x.tenant, x.job, x.row) = (gone.tenant, gone.job, gone.row)"""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A job while its rows come in."""

    tenant: str
    job: UUID
    kind: str
    dry_run: bool
    offering: str | None
    actor: str
    metadata: bytes
    own_only: bool


class ResultLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a row. `position`: in the log, of its last event; not of a dry run.

    row         as a spreadsheet counts, from 1: a header is 1, a cell may hold line breaks; in
                NDJSON the line's number, in a JSON array the element's
    outcome     one of its kind's, or `refused`
    enrollment  not where a row could not be read
    problem     why it was refused, as the single command would be answered
    """

    row: int
    learner: str | None
    offering: str | None
    outcome: str
    enrollment: str | None = None
    position: int | None = None
    problem: dict[str, Any] | None = None


class Store:
    """On a pool from `connect_pool`: a room's jobs, of the kinds that it knows."""

    def __init__(self, pool: asyncpg.Pool, tables: Tables, kinds: Sequence[Kind[Any]]) -> None:
        self.pool = pool
        self.tables = tables
        self.kinds = {kind.name: kind for kind in kinds}

    async def begin(self, upload: Upload, command: UUID) -> None:
        """Raises `TooManyJobs`, unless the command has a job already."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(self.tables.sql(ONE_BY_ONE), upload.tenant)
            unfinished = await connection.fetchval(
                self.tables.sql(UNFINISHED), upload.tenant, command, RECEIVING
            )
            if unfinished >= UNFINISHED_AT_MOST:
                raise TooManyJobs(UNFINISHED_AT_MOST)
            await connection.execute(self.tables.sql(BEGIN), *msgspec.structs.astuple(upload))

    async def add(self, upload: Upload, rows: Sequence[Row[Any]]) -> None:
        await self.pool.copy_records_to_table(
            "rows",
            schema_name=self.tables.schema,
            columns=["tenant", "job", *self.tables.row_columns],
            records=[(upload.tenant, upload.job, *self._record(upload, row)) for row in rows],
        )

    async def queue(self, upload: Upload, command: UUID, digest: str, rows: int) -> Job:
        """The upload as a job; the one that the same command made before, if there is one.

        Raises `Overloaded` if it took so long that it was pruned.
        """
        try:
            job = await self.pool.fetchrow(
                self.tables.sql(QUEUE), upload.tenant, upload.job, command, digest, rows
            )
        except asyncpg.UniqueViolationError:
            await self.drop(upload)
            job = await self.pool.fetchrow(self.tables.sql(BY_COMMAND), upload.tenant, command)
        if job is None:
            raise Overloaded
        return job_of(job)

    async def drop(self, upload: Upload) -> None:
        await self.pool.execute(self.tables.sql(DROP), upload.tenant, upload.job)

    async def find(self, tenant: str, job: UUID, *, by: str | None = None) -> Job:
        """Anybody's, or that of one actor. Raises `UnknownJob`."""
        found = await self.pool.fetchrow(self.tables.sql(FIND), tenant, job)
        if found is None or by not in (None, found["actor"]):
            raise UnknownJob(job)
        return job_of(found)

    async def page(
        self, tenant: str, before: UUID | None, limit: int, *, by: str | None = None
    ) -> list[Job]:
        """The newest first; anybody's, or those of one actor."""
        found = await self.pool.fetch(self.tables.sql(PAGE), tenant, before, limit, by)
        return [job_of(one) for one in found]

    async def cancel(self, tenant: str, job: UUID) -> Job:
        """Repeating it does nothing. Raises `UnknownJob`, `AlreadyEnded`."""
        if canceled := await self.pool.fetchrow(self.tables.sql(CANCEL), tenant, job):
            return job_of(canceled)
        found = await self.find(tenant, job)
        if not found.cancel or found.state in ("done", "failed"):
            raise AlreadyEnded(job, found.state)
        return found

    async def rows(self, job: Job, after: int, limit: int) -> list[Row[Any]]:
        found = await self.pool.fetch(self.tables.sql(ROWS), job.tenant, job.job, after, limit)
        return [self._row(job, one) for one in found]

    async def results(
        self, job: Job, after: int, limit: int, *, refused_only: bool
    ) -> list[ResultLine]:
        statement = self.tables.sql(REFUSED if refused_only else ANY)
        rows = await self.pool.fetch(statement, job.tenant, job.job, after, limit)
        return [_result(row) for row in rows]

    async def forget(self, tenant: str, learner: str) -> None:
        """The rows that name a learner, and what came of them."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(self.tables.sql(LOCK_JOBS), tenant, learner)
            await connection.execute(self.tables.sql(FORGET), tenant, learner)

    async def prune(self) -> int:
        """Let jobs go that ended long ago, and uploads that never came to be one. How many."""
        statement = self.tables.sql(PRUNE)
        pruned: int = await self.pool.fetchval(statement, RETENTION, ABANDONED, PRUNED_AT_ONCE)
        return pruned

    def _record(self, upload: Upload, row: Row[Any]) -> tuple[object, ...]:
        if isinstance(row.request, Fault):
            nothing = [None] * len(self.tables.columns)
            return (row.number, *nothing, row.request.path, row.request.reason)
        return (row.number, *self.kinds[upload.kind].keep(row.request), None, None)

    def _row(self, job: Job, record: asyncpg.Record) -> Row[Any]:
        if record["fault_path"] is not None:
            return Row(record["row"], Fault(record["fault_path"], record["fault_reason"]))
        return Row(record["row"], self.kinds[job.kind].kept(dict(record)))


def job_of(record: asyncpg.Record) -> Job:
    facts = dict(record)
    return Job(**{**facts, "tally": Tally.decode(facts["tally"])})


def _result(record: asyncpg.Record) -> ResultLine:
    facts = dict(record)
    problem = facts.pop("problem")
    return ResultLine(**facts, problem=problem and msgspec.json.decode(problem))
