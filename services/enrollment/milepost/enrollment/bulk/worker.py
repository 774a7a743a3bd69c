"""Does bulk jobs, one at a time, in any number of processes. It never halts on a row.

After a crash another goes on behind the last result that was kept: a row that had been done and
not been told answers, by its command id, with what it did. A dry run is decided on a rehearsal of
the log, and begins anew.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NoReturn
from uuid import uuid5

import structlog

from milepost.enrollment.bulk.decide_page import enroll_rows
from milepost.enrollment.bulk.jobs import Job, Tally, counted
from milepost.enrollment.bulk.lease import FencedLog, JobLease, NotLeading, take
from milepost.enrollment.bulk.row_format import Row
from milepost.enrollment.bulk.store import Store
from milepost.events.commands.transact import Transactor
from milepost.events.ids import new_id
from milepost.events.log import Log
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import UNAVAILABLE, Overloaded
from milepost.events.store.dry_run import DryRunLog
from milepost.web.settings import Settings

ROWS_AT_ONCE = 500
IDLE_SECONDS = 0.5
BEAT_SECONDS = 1.0
PRUNE_SECONDS = 60.0
DEATHS_AT_MOST = 5
PASSING: tuple[type[BaseException], ...] = (*UNAVAILABLE, Overloaded, NotLeading)
STOPPING: tuple[type[BaseException], ...] = (asyncio.CancelledError, *PASSING)

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
            except PASSING as error:
                _log.warning("bulk_interrupted", error=repr(error))
            except Exception:  # noqa: BLE001 - a defect: the next who takes the job counts it
                _log.exception("bulk_failed")
            if not busy:
                await asyncio.sleep(IDLE_SECONDS)

    async def turn(self) -> bool:
        """Do one job. False if there is none."""
        await self._prune()
        lead = await take(self._store.pool, self._id)
        if lead is None:
            return False
        job = lead.job
        _log.info("bulk_taken", tenant=job.tenant, job=str(job.job), deaths=job.deaths)
        try:
            async with _beating(lead):
                await self._do(lead)
        except STOPPING:
            with suppress(*PASSING):
                await lead.let_go()
            raise
        return True

    async def _do(self, lead: JobLease) -> None:
        job = lead.job
        if job.cancel or job.deaths > DEATHS_AT_MOST:
            await self._break_off(lead)
        elif job.dry_run:
            await lead.start_over()
            async with _deciding(await DryRunLog.over(self._transactor.log)) as transactor:
                await self._go_through(lead, transactor, Tally(), 0)
        else:
            async with _deciding(FencedLog(self._transactor.log, lead)) as transactor:
                await self._go_through(lead, transactor, job.tally, await lead.last())

    async def _go_through(
        self, lead: JobLease, transactor: Transactor, tally: Tally, after: int
    ) -> None:
        job, canceled = lead.job, False
        while not canceled and (rows := await self._store.rows(job, after, ROWS_AT_ONCE)):
            results = await enroll_rows(transactor, self._settings, job, rows)
            tally = counted(tally, results)
            canceled = await lead.keep(tally, results)
            after = rows[-1].number
        await lead.end("canceled" if canceled else "done")

    async def _break_off(self, lead: JobLease) -> None:
        """What is told stays told, and what was done untold is told with it."""
        job = lead.job
        # Telling is done with rows too: a job that kills by that as well ends without.
        if not job.dry_run and job.deaths <= 2 * DEATHS_AT_MOST:
            await lead.settle()
            rows = await self._begun(job, await lead.last())
            async with _deciding(FencedLog(self._transactor.log, lead)) as transactor:
                results = await enroll_rows(transactor, self._settings, job, rows)
            await lead.keep(counted(job.tally, results), results)
        if job.deaths > DEATHS_AT_MOST:
            _log.error("bulk_given_up", tenant=job.tenant, job=str(job.job))
        await lead.end("failed" if job.deaths > DEATHS_AT_MOST else "canceled")

    async def _begun(self, job: Job, after: int) -> list[Row]:
        """Rows that somebody who died, or was stopped, had done without telling."""
        rows = await self._store.rows(job, after, ROWS_AT_ONCE)
        ids = {row.number: uuid5(job.job, str(row.number)) for row in rows}
        done = await self._transactor.log.done(job.tenant, list(ids.values()))
        return [row for row in rows if ids[row.number] in done]

    async def _prune(self) -> None:
        """Now and then; again at the next turn while there is more."""
        if time.monotonic() > self._pruned + PRUNE_SECONDS and not await self._store.prune():
            self._pruned = time.monotonic()


@asynccontextmanager
async def _deciding(log: Log) -> AsyncIterator[Transactor]:
    """What was handed in is answered before this ends, so that nothing comes behind it."""
    transactor = Transactor(log)
    try:
        yield transactor
    finally:
        await transactor.close()


@asynccontextmanager
async def _beating(lead: JobLease) -> AsyncIterator[None]:
    """So that a page that takes long does not look like death."""

    async def beat() -> None:
        with suppress(NotLeading):  # then keeping the next results fails too
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                with suppress(*UNAVAILABLE, Overloaded):
                    await lead.beat()

    heart = asyncio.create_task(beat())
    try:
        yield
    finally:
        await cancel_and_wait(heart)
