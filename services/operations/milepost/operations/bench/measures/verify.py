"""`verify`: events a second that `milepost log verify` checks, gaps, versions and chain."""

import time

from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.store.verify import verify
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.measures.rebuild import COPY, copy_seconds, vacuumed
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

TARGET_RATIO = 0.8


async def measure(settings: Settings, events: int = 1_000_000) -> Measured:
    """Of one tenant's whole log of `events` events, on two connections."""
    async with ground(settings) as place:
        pool = await connect_pool(place.postgres, name="bench")
        history = History(PostgresLog(pool))
        await history.open()
        await history.grow(events)
        await vacuumed(place.postgres)
        copying = await copy_seconds(place.postgres)
        begin = time.perf_counter()
        faults = await verify(pool, TENANT)
        seconds = time.perf_counter() - begin
        await pool.close()
    if faults:
        raise WentWrong(f"a log that nobody touched has faults: {faults[0]}")
    rate, ratio = history.made / seconds, copying / seconds
    return Measured(
        name="verify",
        figures={
            "events": history.made,
            "events_per_second": round(rate),
            "seconds": round(seconds, 2),
        },
        yardstick=COPY,
        yardstick_per_second=round(history.made / copying),
        ratio=round(ratio, 3),
        target=f"ratio >= {TARGET_RATIO}",
        met=ratio >= TARGET_RATIO,
    )
