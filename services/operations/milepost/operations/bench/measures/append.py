"""`append`: events a second through the log's append call, conflict checks on."""

import asyncio
import itertools
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime

from milepost.events.ids import new_id
from milepost.events.log import Command, NewEvent
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.figures import Measured
from milepost.operations.bench.pgbench import YARDSTICK, insert_rows_per_second
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

DATA = (
    b'{"enrollment":"2f6d7a0c-9f0c-5f39-a8a6-2d5f0d9b8e11","lesson":"quiz-03",'
    b'"report":"r-000123","attempt":2,"score":0.85}'
)
METADATA = b'{"actor":"learner-1","correlation":"0190f5fe-7c00-7a00-8000-000000000000"}'
BATCHES = (1, 50, 200, 500)
START_SECONDS = 60
CALLS_AT_A_TIME = 2  # of a writer: one is encoded while the other is written
TARGET_BATCH, TARGET_RATIO = 200, 3


async def measure(settings: Settings, seconds: float = 4.0) -> Measured:
    """Each figure is taken over `seconds`; so is pgbench's, before and after."""
    async with ground(settings) as place:
        before = await insert_rows_per_second(place.postgres, max(2, round(seconds)))
        figures = {}
        for batch in BATCHES:
            rate = await _rate(place.postgres, batch, 1, 1, seconds)
            figures[f"batch_{batch}_events_per_second"] = rate
        for writers, tenants in ((1, 64), (8, 1), (8, 64)):
            key = f"batch_{TARGET_BATCH}_writers_{writers}_tenants_{tenants}_events_per_second"
            figures[key] = await _rate(place.postgres, TARGET_BATCH, writers, tenants, seconds)
        after = await insert_rows_per_second(place.postgres, max(2, round(seconds)))
    yardstick = (before + after) / 2
    ratio = figures[f"batch_{TARGET_BATCH}_events_per_second"] / yardstick
    return Measured(
        name="append",
        figures=figures,
        yardstick=YARDSTICK,
        yardstick_per_second=round(yardstick),
        ratio=round(ratio, 2),
        target=f"batch of {TARGET_BATCH}, one tenant: ratio >= {TARGET_RATIO}",
        met=ratio >= TARGET_RATIO,
    )


async def _rate(dsn: str, batch: int, writers: int, tenants: int, seconds: float) -> float:
    """Every writer is a process and appends to all tenants in turn, two calls at a time."""
    loop = asyncio.get_running_loop()
    spawn = multiprocessing.get_context("spawn")
    all_here = spawn.Barrier(writers, timeout=START_SECONDS)
    with ProcessPoolExecutor(writers, spawn, all_here.wait) as pool:
        parts = [
            loop.run_in_executor(pool, _write, dsn, batch, tenants, seconds) for _ in range(writers)
        ]
        return round(sum(await asyncio.gather(*parts)))


def _write(dsn: str, batch: int, tenants: int, seconds: float) -> float:
    return run(_events_per_second(dsn, batch, tenants, seconds))


async def _events_per_second(dsn: str, batch: int, tenants: int, seconds: float) -> float:
    async with await connect_pool(dsn, name="bench", size=CALLS_AT_A_TIME) as pool:
        log = PostgresLog(pool)
        await asyncio.gather(*(log.heads() for _ in range(CALLS_AT_A_TIME)))
        numbers = itertools.count()
        begin = time.perf_counter()

        async def append() -> None:
            while time.perf_counter() < begin + seconds:
                tenant = f"tenant-{next(numbers) % tenants}"
                await log.append(tenant, list(_commands(batch)))

        await asyncio.gather(*(append() for _ in range(CALLS_AT_A_TIME)))
        return next(numbers) * batch / (time.perf_counter() - begin)


def _commands(count: int) -> Iterator[Command]:
    now = datetime.now(UTC)
    for _ in range(count):
        stream = f"progress-{new_id()}"
        event = NewEvent(
            stream=stream,
            type="attempt_scored",
            data=DATA,
            metadata=METADATA,
            occurred_at=now,
            event_id=new_id(),
        )
        yield Command(command_id=new_id(), expects=((stream, 0),), events=(event,))
