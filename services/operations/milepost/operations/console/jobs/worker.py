"""Does the jobs, one at a time, wherever this process leads: `milepost project`, which has a pool
of its own for it and folds read models anyhow.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn

import asyncpg
import structlog

from milepost.events.projections.read_model import ReadModel
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leaders import lead
from milepost.events.runtime.outages import TRANSIENT, is_transient
from milepost.operations.console.jobs.actions import Refusal, perform
from milepost.operations.console.jobs.job import DEATHS_AT_MOST, ModelJob
from milepost.operations.console.jobs.store import claim, end, wanted

LEASE: Final = "operations/jobs"
IDLE_SECONDS: Final = 1.0

_log = structlog.get_logger()


async def do_jobs(
    pool: asyncpg.Pool, models: Sequence[ReadModel], *, idle_seconds: float = IDLE_SECONDS
) -> NoReturn:
    """Until canceled, wherever this process leads."""

    async def work() -> NoReturn:
        while True:
            if not await do_one(pool, models):
                await asyncio.sleep(idle_seconds)

    await lead(pool, LEASE, work, TRANSIENT)


async def do_one(pool: asyncpg.Pool, models: Sequence[ReadModel]) -> bool:
    """The next job to its end; False if there is none. For who leads alone."""
    job = await claim(pool)
    if job is None:
        return False
    _log.info("model_job_taken", job=str(job.job), action=job.action, model=job.model)
    if job.cancel:
        await end(pool, job, "canceled", {})
    elif job.deaths > DEATHS_AT_MOST:
        _log.error("model_job_given_up", job=str(job.job))
        await end(pool, job, "failed", {"result": "refused", "reason": "died"})
    else:
        await _do(pool, models, job)
    return True


async def _do(pool: asyncpg.Pool, models: Sequence[ReadModel], job: ModelJob) -> None:
    doing = asyncio.create_task(perform(pool, models, job))
    try:
        while not doing.done():
            await asyncio.wait({doing}, timeout=IDLE_SECONDS)
            if not doing.done() and not await wanted(pool, job):
                await cancel_and_wait(doing)
                await end(pool, job, "canceled", {})
                return
    finally:
        await cancel_and_wait(doing)
    await _keep(pool, job, doing)


async def _keep(
    pool: asyncpg.Pool, job: ModelJob, doing: "asyncio.Task[dict[str, object]]"
) -> None:
    """Raises what says that a server is away: then it is done again."""
    try:
        await end(pool, job, "done", doing.result())
    except Refusal as refusal:
        await end(pool, job, "failed", {"result": "refused", "reason": refusal.reason})
    except Exception as error:
        if is_transient(error):
            raise
        _log.exception("model_job_failed", job=str(job.job))
        with suppress(*TRANSIENT):
            await end(pool, job, "failed", {"result": "refused", "reason": "fault"})
