"""Builds a new generation of read models beside the live one, and lets it take over.

A build that was killed goes on where it was committed. Queries see the old generation until the
switch, the new one after it, and never an earlier position.
"""

import asyncio
from collections.abc import Sequence

import asyncpg

from milepost.events.copies import Copy
from milepost.events.generations import (
    begin,
    ensure_live,
    stand_still,
    take_over,
    take_over_tenant,
)
from milepost.events.lease import lease
from milepost.events.passes import Passes, heads
from milepost.events.projection import ReadModel

SWITCH_ATTEMPTS = 40


async def rebuild(
    pool: asyncpg.Pool,
    models: Sequence[ReadModel],
    *,
    only_tenant: str | None = None,
    window: int = 100_000,
) -> None:
    """Rebuild these models together, for one tenant or for all; one rebuild at a time.

    `window` is how many positions are read, and committed, at once.
    Raises `RebuildUnderWay`, `BehindLive` (an event could not be folded), `Overtaken` (abandoned).
    """
    async with lease(pool, "rebuild") as held:
        await held.keep(_rebuild(pool, models, only_tenant, window))


async def _rebuild(
    pool: asyncpg.Pool, models: Sequence[ReadModel], only_tenant: str | None, window: int
) -> None:
    copies = [await _copy(pool, model, only_tenant) for model in models]
    passes = Passes(pool, copies, window)
    while await passes.step(await heads(pool, only_tenant)) > window:
        pass
    for copy in copies:
        await _switch(pool, copy, window)


async def _copy(pool: asyncpg.Pool, model: ReadModel, only_tenant: str | None) -> Copy:
    await ensure_live(pool, model)
    copy = Copy(pool, model, await begin(pool, model, only_tenant))
    await copy.recall()
    return copy


async def _switch(pool: asyncpg.Pool, copy: Copy, window: int) -> None:
    """Raises `asyncpg.LockNotAvailableError` when readers will not let go of the views."""
    for attempt in range(1, SWITCH_ATTEMPTS + 1):
        try:
            await _try_switch(pool, copy, window)
        except asyncpg.LockNotAvailableError:
            if attempt == SWITCH_ATTEMPTS:
                raise
            await asyncio.sleep(0.25)
        else:
            return


async def _try_switch(pool: asyncpg.Pool, copy: Copy, window: int) -> None:
    building = copy.generation
    async with pool.acquire() as connection, connection.transaction():
        await stand_still(connection, copy.model.name)
        # What the live one has read stands below these heads, and it reads nothing more.
        await Passes(pool, [copy], window).catch_up(await heads(pool, building.only_tenant))
        if building.only_tenant is None:
            await take_over(connection, copy.model, building)
        else:
            await take_over_tenant(connection, copy.model, building)
