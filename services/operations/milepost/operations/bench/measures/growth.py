"""`growth`: does the log stay as fast as it was when it gets long?"""

import statistics
import time
from collections.abc import Sequence

import asyncpg

from milepost.events.projections.rebuild import rebuild
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.figures import Measured
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.measures.rebuild import vacuumed
from milepost.operations.bench.scratch_installation import ground
from milepost.operations.rooms import read_models
from milepost.web.settings import Settings

TARGET_SLOWER = 1.2
APPENDS = 300


async def measure(settings: Settings, millions: Sequence[float] = (0.2, 1, 2)) -> Measured:
    """At each length: one enrollment with all that followed is appended, all models are rebuilt.

    `slower` compares the longest log with that of 1 M events; with the shortest, without such.
    """
    async with ground(settings) as place:
        pool = await connect_pool(place.postgres, name="bench")
        log = PostgresLog(pool)
        history = History(log)
        await history.open()
        append_ms, rebuilt = dict[float, float](), dict[float, float]()
        for size in millions:
            await history.grow(round(size * 1_000_000))
            await vacuumed(place.postgres)
            append_ms[size] = await _append_ms(log, history)
            rebuilt[size] = await _rebuilt_per_second(pool, history.made)
        await pool.close()
    return _measured(append_ms, rebuilt)


async def _append_ms(log: PostgresLog, history: History) -> float:
    """The median of many calls."""
    seconds: list[float] = []
    for _ in range(APPENDS):
        command = history.next()
        begin = time.perf_counter()
        await log.append(TENANT, [command])
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds) * 1000


async def _rebuilt_per_second(pool: asyncpg.Pool, events: int) -> float:
    begin = time.perf_counter()
    await rebuild(pool, read_models())
    return events / (time.perf_counter() - begin)


def _measured(append_ms: dict[float, float], rebuilt: dict[float, float]) -> Measured:
    base, longest = 1 if 1 in rebuilt else min(rebuilt), max(rebuilt)
    append_slower = append_ms[longest] / append_ms[base]
    rebuild_slower = rebuilt[base] / rebuilt[longest]
    figures: dict[str, float] = {}
    for size, rate in rebuilt.items():
        figures[f"append_at_{size:g}_million_p50_ms"] = round(append_ms[size], 2)
        figures[f"rebuild_at_{size:g}_million_events_per_second"] = round(rate)
    figures["append_times_slower"] = round(append_slower, 2)
    figures["rebuild_times_slower"] = round(rebuild_slower, 2)
    slower = max(append_slower, rebuild_slower)
    return Measured(
        name="growth",
        figures=figures,
        yardstick=f"itself at {base:g} million events: rebuild",
        yardstick_per_second=round(rebuilt[base]),
        ratio=round(slower, 2),
        target=f"at {longest:g} million events <= {TARGET_SLOWER} times slower than at {base:g}",
        met=slower <= TARGET_SLOWER,
    )
