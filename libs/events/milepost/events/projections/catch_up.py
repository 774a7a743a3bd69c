"""How a generation is filled beside the live one, at a pace that leaves room for others."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import asyncpg
import msgspec

from milepost.events.projections.generations import Generation, drop_discarded, index
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.shared_scan import SharedScan, heads
from milepost.events.projections.switch import (
    live_positions,
    refuse_parking_more,
    stand_still,
    take_over,
    take_over_tenant,
)
from milepost.events.projections.writer import GenerationWriter

SWITCH_ATTEMPTS = 60
SWITCH_PAUSE_SECONDS = 0.25


class Pace(msgspec.Struct, frozen=True):
    """`window` is how many positions are read, and committed, at once; then comes a rest of
    `rest` times as long as that took.
    """

    window: int = 100_000
    rest: float = 0.0


Ends = Callable[[], Awaitable[Mapping[str, int]]]


async def recalled(
    pool: asyncpg.Pool, model: ReadModel, generation: Generation
) -> GenerationWriter:
    copy = GenerationWriter(pool, model, generation)
    await copy.recall()
    return copy


async def bring_to(passes: SharedScan, pace: Pace, ends: Ends) -> None:
    """Until what is missing was written during the last window. Raises `Overtaken`."""
    furthest = pace.window + 1
    while furthest > pace.window:
        await passes.hear()
        begun = time.monotonic()
        furthest = await passes.step(await ends())
        await asyncio.sleep((time.monotonic() - begun) * pace.rest)
    await passes.hear()


def at_heads(pool: asyncpg.Pool, only_tenant: str | None) -> Ends:
    return lambda: heads(pool, only_tenant)


def behind_live(pool: asyncpg.Pool, names: Sequence[str], only_tenant: str | None) -> Ends:
    """Not beyond what is live: else the two could not be compared where both stand."""

    async def ends() -> Mapping[str, int]:
        async with pool.acquire() as connection:
            live = [await live_positions(connection, name, only_tenant) for name in names]
        tenants = set[str]().union(*live)
        return {tenant: min(one.get(tenant, 0) for one in live) for tenant in tenants}

    return ends


async def indexed(pool: asyncpg.Pool, copy: GenerationWriter) -> None:
    async with pool.acquire() as connection:
        await index(connection, copy.model, copy.generation)


async def switch_to(
    pool: asyncpg.Pool, copy: GenerationWriter, pace: Pace, *, whatever_it_parks: bool = False
) -> None:
    """Raises `ParksMore`, `BehindLive`, `Overtaken`, `asyncpg.LockNotAvailableError` when
    readers will not let go of the views.
    """
    only_tenant = copy.generation.only_tenant
    await bring_to(SharedScan(pool, [copy], pace.window), pace, at_heads(pool, only_tenant))
    for attempt in range(1, SWITCH_ATTEMPTS + 1):
        try:
            await _try_switch(pool, copy, pace, whatever_it_parks=whatever_it_parks)
        except asyncpg.LockNotAvailableError:
            if attempt == SWITCH_ATTEMPTS:
                raise
            await asyncio.sleep(SWITCH_PAUSE_SECONDS)
        else:
            break
    await drop_discarded(pool, copy.model.name)


async def _try_switch(
    pool: asyncpg.Pool, copy: GenerationWriter, pace: Pace, *, whatever_it_parks: bool
) -> None:
    new = copy.generation
    async with pool.acquire() as connection, connection.transaction():
        await stand_still(connection, copy.model.name, new.only_tenant)
        # What the live one has read stands below these heads, and it reads nothing more.
        await SharedScan(pool, [copy], pace.window).catch_up(await heads(pool, new.only_tenant))
        if not whatever_it_parks:
            await refuse_parking_more(connection, new)
        if new.only_tenant is None:
            await take_over(connection, new)
        else:
            await take_over_tenant(connection, copy.model, new)
