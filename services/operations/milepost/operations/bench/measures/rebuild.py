"""`rebuild`: events a second rebuilding all read models from the log's beginning."""

import time

from msgspec.structs import replace

from milepost.events.store.postgres import PostgresLog, connect_pool, owner_connection
from milepost.operations.bench.figures import Measured
from milepost.operations.bench.history import History
from milepost.operations.bench.scratch_installation import ground
from milepost.operations.rebuild_processes import rebuild_in_processes
from milepost.operations.rooms import read_models
from milepost.web.settings import Settings

TARGET_RATIO = 0.15
COPY = "COPY (SELECT …) TO STDOUT of the same events, in order"
EVENTS = "select position, stream, type, data, occurred_at from log.events order by position"


async def measure(settings: Settings, events: int = 1_000_000, processes: int = 2) -> Measured:
    """Of `events` events, all models at once, up to and with the switch, in `processes`."""
    async with ground(settings) as place:
        pool = await connect_pool(place.postgres, name="bench")
        begin = time.perf_counter()
        history = History(PostgresLog(pool))
        await history.open()
        await history.grow(events)
        writing = time.perf_counter() - begin
        written = history.made
        await vacuumed(place.postgres)
        copying = await copy_seconds(place.postgres)
        begin = time.perf_counter()
        there = replace(settings, postgres=place.postgres)
        await rebuild_in_processes(there, read_models(), processes)
        seconds = time.perf_counter() - begin
        await pool.close()
    rate, ratio = written / seconds, copying / seconds
    return Measured(
        name="rebuild",
        figures={
            "events": written,
            "processes": processes,
            "events_per_second": round(rate),
            "seconds": round(seconds, 2),
            "written_events_per_second": round(written / writing),
        },
        yardstick=COPY,
        yardstick_per_second=round(written / copying),
        ratio=round(ratio, 3),
        target=f"ratio >= {TARGET_RATIO}",
        met=ratio >= TARGET_RATIO,
    )


async def vacuumed(dsn: str) -> None:
    """As a log is that has been there for a while: otherwise the first reader tidies up."""
    async with owner_connection(dsn) as connection:
        await connection.execute("vacuum analyze log.events")


async def copy_seconds(dsn: str) -> float:
    async with owner_connection(dsn) as connection:
        begin = time.perf_counter()
        await connection.copy_from_query(EVENTS, output=_drop)
        return time.perf_counter() - begin


async def _drop(data: bytes) -> None:
    """Where the copied rows go."""
