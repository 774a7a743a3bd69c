"""`webhooks`: deliveries a second, all signed, read from the log and written down; and how late."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from milepost.contracts.published import PUBLISHED
from milepost.events.log import Log
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.figures import Measured, WentWrong, percentile
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import TENANT, create_webhook, token
from milepost.operations.bench.measures.subscriptions.receiver import (
    AT_ONCE,
    Receiver,
    bare_calls_per_second,
    receiving,
)
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.pace import commit_evenly
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

TARGET_RATIO, TARGET_P99_MS = 0.5, 100
PATIENCE_SECONDS: Final = 120
POLL_SECONDS: Final = 0.02
WARM: Final = 0.1
YARDSTICK: Final = f"httpx2 posting the same body to the same receiver, {AT_ONCE} at a time"


async def measure(
    settings: Settings, events: int = 10_000, seconds: float = 5, per_second: int = 200
) -> Measured:
    """What a log of `events` has published, then `per_second` events for their latency."""
    async with ground(settings) as found, receiving() as receiver:
        place = msgspec.structs.replace(found, outbound_private="127.0.0.1")
        bearer = token(place)
        pool = await connect_pool(place.postgres, name="bench")
        log = PostgresLog(pool)
        history = History(log)
        await history.open()
        await history.grow(events)
        published = await _published(log, 0)
        async with (
            milepost_process(place, "serve", "subscriptions") as serving,
            milepost_process(place, "relay"),
        ):
            await asyncio.to_thread(create_webhook, serving.port, bearer, receiver.url)
            await _all_arrived(receiver, published)
            bulk = _per_second(receiver)
            committed = await commit_evenly(
                log, history.one_by_one(round(seconds * per_second)), per_second
            )
            expected = await _published(log, min(committed) - 1)
            await _all_arrived(receiver, expected)
        late = _late_ms(committed, receiver, expected)
        bare = await bare_calls_per_second(receiver.url, receiver.body, len(published))
        await pool.close()
    p99_ms, ratio = percentile(late, 99), bulk / bare
    return Measured(
        name="webhooks",
        figures={
            "deliveries_per_second": round(bulk),
            "p50_ms": round(percentile(late, 50), 1),
            "p99_ms": round(p99_ms, 1),
            "max_ms": round(late[-1], 1),
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(bare),
        ratio=round(ratio, 2),
        target=f">= {TARGET_RATIO} times; p99 <= {TARGET_P99_MS} ms at {per_second:,}/s",
        met=ratio >= TARGET_RATIO and p99_ms <= TARGET_P99_MS,
    )


async def _published(log: Log, after: int) -> set[int]:
    found = await log.read(TENANT, after, limit=1_000_000, types=tuple(PUBLISHED))
    return {event.position for event in found}


async def _all_arrived(receiver: Receiver, expected: set[int]) -> None:
    """Until all of them have arrived. Raises `WentWrong`."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while left := expected - receiver.arrived.keys():
        if time.perf_counter() > deadline:
            raise WentWrong(f"{len(left):,} of {len(expected):,} did not arrive")
        await asyncio.sleep(POLL_SECONDS)


def _per_second(receiver: Receiver) -> float:
    """Behind the first ones, while the webhook is not yet known to answer."""
    arrived = sorted(receiver.arrived.values())
    skipped = round(len(arrived) * WARM)
    return (len(arrived) - skipped) / (arrived[-1] - arrived[skipped])


def _late_ms(committed: Mapping[int, float], receiver: Receiver, expected: set[int]) -> list[float]:
    return sorted(
        max(0.0, receiver.arrived[position] - committed[position]) * 1000
        for position in expected
        if position in committed
    )
