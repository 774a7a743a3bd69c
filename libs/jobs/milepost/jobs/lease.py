"""Which worker has which job. Any number look for one; what is written is fenced by who leads it.

Only the database's clock says who leads. A worker that has been silent for `SILENT` has lost its
job to whoever takes it next, and its results with it: nothing it still writes is kept. What it does
to the log is not fenced there, so it stops by itself, `MARGIN` earlier by its own clock.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Literal
from uuid import UUID

import msgspec

from milepost.events.log import Command, Log
from milepost.events.log import Result as LogResult
from milepost.events.runtime.outages import UNAVAILABLE, Overloaded
from milepost.jobs.jobs import Job, Result, Tally
from milepost.jobs.store import Store, job_of

SILENT = timedelta(seconds=5)
MARGIN = timedelta(seconds=2)

# Most looks find nothing, and begin no transaction for it.
ANY_WAITS = """select exists (
    select from {schema}.jobs
     where state in ('queued', 'running') and kind = any($2)
       and (state = 'queued' or alive_at < now() - $1::interval))"""
# So that a school whose jobs are claimed at once gets one of them.
ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended('{schema}/claim', 0))"
# Schools take turns, with one job at a time: who was served longest ago is next.
CLAIM = """update {schema}.jobs set state = 'running', worker = $1, alive_at = now(),
        started_at = coalesce(started_at, now()), changed_at = now(), version = version + 1,
        deaths = deaths + case state when 'running' then 1 else 0 end
    where (tenant, job) = (
        select tenant, job from {schema}.jobs waiting
         where state in ('queued', 'running') and kind = any($3)
           and (state = 'queued' or alive_at < now() - $2::interval)
           and not exists (
               select from {schema}.jobs led
                where led.tenant = waiting.tenant and led.job <> waiting.job
                  and led.state = 'running' and led.alive_at >= now() - $2::interval)
         order by (select max(coalesce(served.ended_at, served.changed_at))
                     from {schema}.jobs served
                    where served.tenant = waiting.tenant and served.started_at is not null)
                  nulls first, created_at
         limit 1 for update skip locked)
    returning {job}"""
MINE = "where tenant = $1 and job = $2 and worker = $3 and state = 'running'"
BEAT = f"update {{schema}}.jobs set alive_at = now() {MINE} returning true"
# A real job goes on where it was, so what it has done shows that it is not the job that kills.
SAVE = f"""update {{schema}}.jobs set alive_at = now(), changed_at = now(), version = version + 1,
        tally = $4, deaths = case when dry_run then deaths else 0 end
    {MINE} returning cancel"""
RESULTS = """insert into {schema}.results (tenant, job, row, outcome, enrollment, position, problem)
    select $1, $2, result.*
      from unnest($3::integer[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[]) result (row)
     where exists (select from {schema}.rows source
                    where (source.tenant, source.job, source.row) = ($1, $2, result.row))"""
LAST = "select coalesce(max(row), 0) from {schema}.results where tenant = $1 and job = $2"
START_OVER = "delete from {schema}.results where tenant = $1 and job = $2"
OTHERS_WAIT = "select exists (select from {schema}.jobs where tenant <> $1 and state = 'queued')"
RELEASE = f"""update {{schema}}.jobs set state = 'queued', changed_at = now(),
        version = version + 1, worker = null {MINE}"""
END = f"""update {{schema}}.jobs set state = $4, ended_at = now(), changed_at = now(),
        version = version + 1, worker = null {MINE} returning true"""


class NotLeading(Exception):
    """Somebody else has the job by now."""


class JobLease:
    """One worker's hold on one job. Every method raises `NotLeading` once it is lost."""

    def __init__(self, store: Store, worker: UUID, job: Job, requested_at: float) -> None:
        """`requested_at` by the monotonic clock: when this hold was asked for."""
        self.job = job
        self._pool = store.pool
        self._sql = store.tables.sql
        self._mine = (job.tenant, job.job, worker)
        self._alive = requested_at

    async def require(self) -> None:
        """Nobody else has the job, nor will in the next `MARGIN`.

        After a silence (a machine that stood still) the database is asked whether it is still ours.
        """
        if self._is_stale():
            with suppress(*UNAVAILABLE, Overloaded):
                await self.beat()
        if self._is_stale():
            raise NotLeading

    async def wait_out_margin(self) -> None:
        """Until what the worker before sent to the log in time has come there."""
        await asyncio.sleep(MARGIN.total_seconds())

    async def beat(self) -> None:
        requested_at = time.monotonic()
        self._renew(await self._pool.fetchval(self._sql(BEAT), *self._mine), requested_at)

    async def last(self) -> int:
        """The last row that has a result."""
        row: int = await self._pool.fetchval(self._sql(LAST), *self._mine[:2])
        return row

    async def save(self, tally: Tally, results: Sequence[Result]) -> bool:
        """Results, and the tally with them. Whether the job has been canceled.

        A row that is gone, for its learner was erased, has no result.
        """
        requested_at = time.monotonic()
        async with self._pool.acquire() as connection, connection.transaction():
            cancel = await connection.fetchval(self._sql(SAVE), *self._mine, tally.encode())
            self._renew(cancel, requested_at)
            await connection.execute(self._sql(RESULTS), *self._mine[:2], *_columns(results))
        return bool(cancel)

    async def start_over(self) -> None:
        requested_at = time.monotonic()
        async with self._pool.acquire() as connection, connection.transaction():
            nothing = (*self._mine, Tally().encode())
            self._renew(await connection.fetchval(self._sql(SAVE), *nothing), requested_at)
            await connection.execute(self._sql(START_OVER), *self._mine[:2])

    async def others_wait(self) -> bool:
        """Another school's job waits for a worker."""
        waits: bool = await self._pool.fetchval(self._sql(OTHERS_WAIT), self.job.tenant)
        return waits

    async def release(self) -> None:
        """For anybody to go on with, at once."""
        await self._pool.execute(self._sql(RELEASE), *self._mine)

    async def end(self, state: Literal["done", "canceled", "failed"]) -> None:
        if await self._pool.fetchval(self._sql(END), *self._mine, state) is None:
            raise NotLeading

    def _is_stale(self) -> bool:
        return time.monotonic() > self._alive + (SILENT - MARGIN).total_seconds()

    def _renew(self, reply: object, requested_at: float) -> None:
        if reply is None:
            self._alive = -math.inf
            raise NotLeading
        self._alive = max(self._alive, requested_at)


class FencedLog:
    """The log, as long as a job is led: then `append` raises `NotLeading`, repeated or not."""

    def __init__(self, log: Log, lease: JobLease) -> None:
        self._log = log
        self._lease = lease
        self.read = log.read
        self.read_stream = log.read_stream
        self.read_category = log.read_category
        self.heads = log.heads
        self.done = log.done

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[LogResult]:
        await self._lease.require()
        return await self._log.append(tenant, commands)


async def claim_job(store: Store, worker: UUID) -> JobLease | None:
    """The job whose turn it is, if any waits or has lost its worker, of a kind that is known here.

    A process of before knows not all kinds that one of today does.
    """
    sql, known = store.tables.sql, list(store.kinds)
    if not await store.pool.fetchval(sql(ANY_WAITS), SILENT, known):
        return None
    requested_at = time.monotonic()
    async with store.pool.acquire() as connection, connection.transaction():
        await connection.execute(sql(ONE_BY_ONE))
        claimed = await connection.fetchrow(sql(CLAIM), worker, SILENT, known)
    return JobLease(store, worker, job_of(claimed), requested_at) if claimed else None


def _columns(results: Sequence[Result]) -> list[list[object]]:
    rows = [
        (
            one.row,
            one.outcome,
            one.enrollment,
            one.position,
            one.problem and msgspec.json.encode(one.problem, enc_hook=str),
        )
        for one in results
    ]
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(5)]
