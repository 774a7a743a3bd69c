"""Which worker has which job. Any number look for one; what is written is fenced by who leads it.

Only the database's clock counts. A worker that has been silent for `SILENT` has lost its job to
whoever takes it next, and its results with it: nothing it still writes is kept.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from milepost.enrollment.bulk.jobs import Job, Result, Tally
from milepost.enrollment.bulk.store import COLUMNS, job_of

SILENT = timedelta(seconds=5)

# Schools take turns: who was served longest ago is next.
TAKE = f"""update bulk.jobs set state = 'running', worker = $1, alive_at = now(),
        started_at = coalesce(started_at, now()), changed_at = now(), version = version + 1,
        deaths = deaths + case state when 'running' then 1 else 0 end
    where (tenant, job) = (
        select tenant, job from bulk.jobs waiting
         where state in ('queued', 'running')
           and (state = 'queued' or alive_at < now() - $2::interval)
         order by (select max(served.ended_at) from bulk.jobs served
                    where served.tenant = waiting.tenant) nulls first, created_at
         limit 1 for update skip locked)
    returning {COLUMNS}"""
MINE = "where tenant = $1 and job = $2 and worker = $3 and state = 'running'"
BEAT = f"update bulk.jobs set alive_at = now() {MINE} returning true"
# A real job goes on where it was, so what it has done shows that it is not the job that kills.
KEEP = f"""update bulk.jobs set alive_at = now(), changed_at = now(), version = version + 1,
        tally = $4, deaths = case when dry_run then deaths else 0 end
    {MINE} returning cancel"""
RESULTS = """insert into bulk.results (tenant, job, row, outcome, enrollment, position, problem)
    select $1, $2, *
      from unnest($3::integer[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[])"""
LAST = "select coalesce(max(row), 0) from bulk.results where tenant = $1 and job = $2"
START_OVER = "delete from bulk.results where tenant = $1 and job = $2"
LET_GO = f"""update bulk.jobs set state = 'queued', changed_at = now(), version = version + 1,
        worker = null {MINE}"""
END = f"""update bulk.jobs set state = $4, ended_at = now(), changed_at = now(),
        version = version + 1, worker = null {MINE} returning true"""


class NotLeading(Exception):
    """Somebody else has the job by now."""


class Lead:
    """One worker's hold on one job. Every method raises `NotLeading` once it is lost."""

    def __init__(self, pool: asyncpg.Pool, worker: UUID, job: Job) -> None:
        self.job = job
        self._pool = pool
        self._mine = (job.tenant, job.job, worker)

    async def beat(self) -> None:
        _require(await self._pool.fetchval(BEAT, *self._mine))

    async def last(self) -> int:
        """The last row that has a result."""
        row: int = await self._pool.fetchval(LAST, *self._mine[:2])
        return row

    async def keep(self, tally: Tally, results: Sequence[Result]) -> bool:
        """Results, and the tally with them. Whether the job has been canceled."""
        async with self._pool.acquire() as connection, connection.transaction():
            cancel = await connection.fetchval(KEEP, *self._mine, msgspec.json.encode(tally))
            _require(cancel)
            await connection.execute(RESULTS, *self._mine[:2], *_columns(results))
        return bool(cancel)

    async def start_over(self) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            _require(await connection.fetchval(KEEP, *self._mine, msgspec.json.encode(Tally())))
            await connection.execute(START_OVER, *self._mine[:2])

    async def let_go(self) -> None:
        """For anybody to go on with, at once."""
        await self._pool.execute(LET_GO, *self._mine)

    async def end(self, state: Literal["done", "canceled", "failed"]) -> None:
        _require(await self._pool.fetchval(END, *self._mine, state))


async def take(pool: asyncpg.Pool, worker: UUID) -> Lead | None:
    """The job whose turn it is, if any waits or has lost its worker."""
    taken = await pool.fetchrow(TAKE, worker, SILENT)
    return Lead(pool, worker, job_of(taken)) if taken else None


def _require(answer: object) -> None:
    if answer is None:
        raise NotLeading


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
