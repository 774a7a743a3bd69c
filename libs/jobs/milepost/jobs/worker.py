"""Does bulk jobs, one at a time, in any number of workers. It never halts on a row.

    north   100,000 rows  ▶ page ▶ page ─ gives way ───────── ▶ page ▶ …
    south   3 rows                           ▶ page, done

After a second a job gives way to another school's that waits, and goes on behind its last result.

After a crash another goes on behind the last result that was kept: a row that had been done and
got no result answers, by its command id, with what it did. A dry run is decided on a rehearsal of
the log, and begins anew.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NoReturn

import structlog

from milepost.events.commands.transact import Transactor
from milepost.events.ids import new_id
from milepost.events.log import Log
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import UNAVAILABLE, Overloaded
from milepost.events.store.dry_run import DryRunLog
from milepost.jobs.jobs import Job, Result, Tally, add_results
from milepost.jobs.kinds import command_of
from milepost.jobs.lease import FencedLog, JobLease, NotLeading, claim_job
from milepost.jobs.row_format import Row
from milepost.jobs.store import Store
from milepost.web.settings import Settings

ROWS_AT_ONCE = 500
IDLE_SECONDS = 0.5
BEAT_SECONDS = 1.0
PRUNE_SECONDS = 60.0
# How long a job is led before it gives way to another school's.
TURN_SECONDS = 1.0
DEATHS_AT_MOST = 5
TRANSIENT: tuple[type[BaseException], ...] = (*UNAVAILABLE, Overloaded, NotLeading)
STOPPING: tuple[type[BaseException], ...] = (asyncio.CancelledError, *TRANSIENT)

_log = structlog.get_logger()


class Worker:
    def __init__(self, transactor: Transactor, store: Store, settings: Settings) -> None:
        self._transactor = transactor
        self._store = store
        self._settings = settings
        self._id = new_id()
        self._pruned = 0.0

    async def run(self) -> NoReturn:
        """Look for jobs and do them. What fails is there to be taken again, by anybody."""
        while True:
            busy = False
            try:
                busy = await self.turn()
            except TRANSIENT as error:
                _log.warning("bulk_interrupted", error=repr(error))
            except Exception:  # noqa: BLE001 - a defect: the next who takes the job counts it
                _log.exception("bulk_failed")
            if not busy:
                await asyncio.sleep(IDLE_SECONDS)

    async def turn(self) -> bool:
        """Do one job, or what it gets done in its turn. False if there is none."""
        await self._prune()
        lease = await claim_job(self._store, self._id)
        if lease is None:
            return False
        job = lease.job
        _log.info("bulk_taken", tenant=job.tenant, job=str(job.job), deaths=job.deaths)
        try:
            async with _heartbeat(lease):
                await self._do(lease)
        except STOPPING:
            with suppress(*TRANSIENT):
                await lease.release()
            raise
        return True

    async def _do(self, lease: JobLease) -> None:
        job = lease.job
        if job.cancel or job.deaths > DEATHS_AT_MOST:
            await self._abort(lease)
        elif job.dry_run:
            await lease.start_over()
            async with _transactor_on(await DryRunLog.over(self._transactor.log)) as transactor:
                await self._decide_pages(lease, transactor, Tally(), 0)
        else:
            async with _transactor_on(FencedLog(self._transactor.log, lease)) as transactor:
                await self._decide_pages(lease, transactor, job.tally, await lease.last())

    async def _decide_pages(
        self, lease: JobLease, transactor: Transactor, tally: Tally, after: int
    ) -> None:
        job, canceled, until = lease.job, False, time.monotonic() + TURN_SECONDS
        while not canceled and (rows := await self._store.rows(job, after, ROWS_AT_ONCE)):
            results = await self._decide(transactor, job, rows)
            tally = add_results(tally, results)
            canceled = await lease.save(tally, results)
            after = rows[-1].number
            is_last = canceled or len(rows) < ROWS_AT_ONCE
            if time.monotonic() >= until and not is_last and await _gives_way(lease):
                return
        await lease.end("canceled" if canceled else "done")

    async def _decide(
        self, transactor: Transactor, job: Job, rows: Sequence[Row[Any]]
    ) -> list[Result]:
        return await self._store.kinds[job.kind].decide(transactor, self._settings, job, rows)

    async def _abort(self, lease: JobLease) -> None:
        """Results that are kept stay; what was done without a result gets one."""
        job = lease.job
        # That takes deciding rows again: a job that kills by that as well ends without.
        if not job.dry_run and job.deaths <= 2 * DEATHS_AT_MOST:
            await lease.wait_out_margin()
            rows = await self._unreported_rows(job, await lease.last())
            async with _transactor_on(FencedLog(self._transactor.log, lease)) as transactor:
                results = await self._decide(transactor, job, rows)
            await lease.save(add_results(job.tally, results), results)
        if job.deaths > DEATHS_AT_MOST:
            _log.error("bulk_given_up", tenant=job.tenant, job=str(job.job))
        await lease.end("failed" if job.deaths > DEATHS_AT_MOST else "canceled")

    async def _unreported_rows(self, job: Job, after: int) -> list[Row[Any]]:
        """Rows that somebody who died, or was stopped, had done without a result."""
        rows = await self._store.rows(job, after, ROWS_AT_ONCE)
        ids = {row.number: command_of(job, row.number) for row in rows}
        done = await self._transactor.log.done(job.tenant, list(ids.values()))
        return [row for row in rows if ids[row.number] in done]

    async def _prune(self) -> None:
        """Now and then; again at the next turn while there is more."""
        if time.monotonic() > self._pruned + PRUNE_SECONDS and not await self._store.prune():
            self._pruned = time.monotonic()


async def _gives_way(lease: JobLease) -> bool:
    """To another school's job that waits. A dry run does not, for it would begin anew."""
    if lease.job.dry_run or not await lease.others_wait():
        return False
    await lease.release()
    return True


@asynccontextmanager
async def _transactor_on(log: Log) -> AsyncIterator[Transactor]:
    """What was handed in is answered before this ends, so that nothing comes behind it."""
    transactor = Transactor(log)
    try:
        yield transactor
    finally:
        await transactor.close()


@asynccontextmanager
async def _heartbeat(lease: JobLease) -> AsyncIterator[None]:
    """So that a page that takes long does not look like death."""

    async def beat() -> None:
        with suppress(NotLeading):  # then keeping the next results fails too
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                with suppress(*UNAVAILABLE, Overloaded):
                    await lease.beat()

    heart = asyncio.create_task(beat())
    try:
        yield
    finally:
        await cancel_and_wait(heart)
