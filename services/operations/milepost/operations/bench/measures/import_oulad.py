"""`import`: seconds to bring OULAD in, beside everything else that runs then."""

import asyncio
import time
from pathlib import Path

from milepost.events.store.postgres import owner_connection
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.scratch_installation import ground
from milepost.operations.history.import_history import import_past
from milepost.operations.history.oulad import read_dataset
from milepost.operations.history.oulad_school import past_of
from milepost.web.settings import Settings

TENANT = "ou"
TARGET_SECONDS, PATIENCE_SECONDS = 60, 300
LAG = """select max(h.head - p.position) from log.heads h
    join dashboards.positions p on p.tenant = h.tenant
    join dashboards.generations g using (name, generation)
    where g.status = 'live' and h.tenant = $1"""


async def measure(settings: Settings, data: Path) -> Measured:
    """`seconds` until everything is in the log, `shown_seconds` until the read models show it."""
    async with ground(settings) as place, milepost_process(place, "up"):
        begin = time.perf_counter()
        past = past_of(read_dataset(data))
        imported = await import_past(place, past, TENANT, lambda _: None)
        seconds = time.perf_counter() - begin
        shown = await _shown(place.postgres, begin)
    return Measured(
        name="import",
        figures={
            "seconds": round(seconds, 1),
            "shown_seconds": round(shown, 1),
            "events": imported.events,
            "events_per_second": round(imported.events / seconds),
            "rows_per_second": round(past.size / seconds),
        },
        target=f"<= {TARGET_SECONDS} s on 2 cores",
        met=seconds <= TARGET_SECONDS,
    )


async def _shown(dsn: str, begin: float) -> float:
    async with owner_connection(dsn) as connection:
        while await connection.fetchval(LAG, TENANT):
            if time.perf_counter() - begin > PATIENCE_SECONDS:
                raise WentWrong(f"not shown after {PATIENCE_SECONDS} s")
            await asyncio.sleep(0.05)
    return time.perf_counter() - begin
