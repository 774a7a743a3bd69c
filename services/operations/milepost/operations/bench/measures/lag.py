"""`lag`: from commit until a read model shows it, while commands keep coming."""

import asyncio
import time
from collections.abc import Mapping

import asyncpg

from milepost.dashboards.queries.consistent_read import reached_position
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.figures import Measured, WentWrong, percentile
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.pace import commit_evenly
from milepost.operations.bench.scratch_installation import ground
from milepost.operations.rooms import read_models
from milepost.web.settings import Settings

TARGET_P99_MS = 25
POLL_SECONDS = 0.002  # so much later it may be seen than it was there
PATIENCE_SECONDS = 60
NAMES = [model.name for model in read_models()]


async def measure(settings: Settings, seconds: float = 10, per_second: int = 1_000) -> Measured:
    """Until all read models show it: what reads with `Milepost-Position` wait for."""
    async with ground(settings) as place, milepost_process(place, "project"):
        pool = await connect_pool(place.postgres, name="bench")
        log = PostgresLog(pool)
        history = History(log)
        await history.open()
        await commit_evenly(log, history.one_by_one(per_second), per_second)  # all are awake
        commands = history.one_by_one(round(seconds * per_second))
        watch = asyncio.create_task(_shown(pool, history.made))
        begin = time.perf_counter()
        committed = await commit_evenly(log, commands, per_second)
        took = time.perf_counter() - begin
        lags = _lags_ms(committed, await watch)
        await pool.close()
    p99_ms = percentile(lags, 99)
    return Measured(
        name="lag",
        figures={
            "p50_ms": round(percentile(lags, 50), 1),
            "p99_ms": round(p99_ms, 1),
            "max_ms": round(lags[-1], 1),
            "commands_per_second": round(len(committed) / took),
        },
        target=f"p99 <= {TARGET_P99_MS} ms at {per_second:,} commands/s",
        met=p99_ms <= TARGET_P99_MS,
    )


async def _shown(pool: asyncpg.Pool, last: int) -> list[tuple[float, int]]:
    """When it was seen how far all read models had come, until `last`."""
    looks = [(time.perf_counter(), 0)]
    deadline = looks[0][0] + PATIENCE_SECONDS
    while looks[-1][1] < last:
        reached = await reached_position(pool, TENANT, NAMES)
        looks.append((time.perf_counter(), reached))
        if looks[-1][0] > deadline:
            raise WentWrong(f"the read models stand at {reached}, not at {last}")
        await asyncio.sleep(POLL_SECONDS)
    return looks


def _lags_ms(committed: Mapping[int, float], looks: list[tuple[float, int]]) -> list[float]:
    lags, at = [], 0
    for position in sorted(committed):
        while looks[at][1] < position:
            at += 1
        lags.append(max(0.0, looks[at][0] - committed[position]) * 1000)
    return sorted(lags)
