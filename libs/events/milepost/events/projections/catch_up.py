"""Brings generations beside the live one to where they are to stand, and lets them take over.

    log         1 ───────────────────────────────────────────────────────▶ head, moving
    live        ════════════════════════════════════════════════════════▶  fed by the projector
    building    ══ window ══│rest│══ window ══│rest│══ … ══ window ══▶
                                                                      │ what was missing was
                                                                      │ written in one window:
    switch      the live one stands still ─ the last events ─ views ──┘ one transaction

A rebuild makes one `CatchUp` for its writers, which read the log together; what is compared or
switched is one of them (`of`). Whoever was killed goes on where the writers were committed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import asyncpg
import msgspec

from milepost.events.projections.generations import (
    Generation,
    drop_discarded,
    generations,
    index,
)
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


UNHURRIED = Pace()

Ends = Callable[[], Awaitable[Mapping[str, int]]]


class CatchUp:
    """These writers, for one tenant or for all."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        writers: Sequence[GenerationWriter],
        pace: Pace = UNHURRIED,
        only_tenant: str | None = None,
    ) -> None:
        self.pool = pool
        self.only_tenant = only_tenant
        self._writers = writers
        self._pace = pace
        self._scan = SharedScan(pool, writers, pace.window)

    @property
    def writer(self) -> GenerationWriter:
        """The one that is to be compared or switched."""
        [writer] = self._writers
        return writer

    def of(self, writer: GenerationWriter) -> "CatchUp":
        """The same for one of the writers."""
        return CatchUp(self.pool, [writer], self._pace, self.only_tenant)

    async def to_heads(self) -> None:
        """Raises `Overtaken`."""
        await self.to(lambda: heads(self.pool, self.only_tenant))

    async def to_live(self) -> None:
        """Not beyond: else the two could not be compared where both stand. Raises `Overtaken`."""
        await self.to(self._live_ends)

    async def to(self, ends: Ends) -> None:
        """Until what is missing was written during the last step. Raises `Overtaken`."""
        furthest = 1
        while furthest:
            await self._scan.resume()
            began = time.monotonic()
            furthest = await self._scan.step(await ends())
            await asyncio.sleep((time.monotonic() - began) * self._pace.rest)
        await self._scan.resume()

    async def up_to(self, ends: Mapping[str, int]) -> None:
        """The few events up to these positions, without a pause: others stand still meanwhile."""
        await self._scan.catch_up(ends)

    async def index(self) -> None:
        """What queries look up by; when the bulk of the rows is there that takes least."""
        async with self.pool.acquire() as connection:
            for writer in self._writers:
                await index(connection, writer.model, writer.generation)

    async def live(self) -> Generation:
        """What the writer's model shows now."""
        name = self.writer.model.name
        return (await generations(self.pool, [name]))[name]["live"]

    async def switch(self, *, whatever_it_parks: bool = False) -> None:
        """Let the writer's generation take over.

        Raises `ParksMore`, `BehindLive`, `Overtaken`, `asyncpg.LockNotAvailableError` when readers
        will not let go of the views.
        """
        await self.to_heads()
        for attempt in range(1, SWITCH_ATTEMPTS + 1):
            try:
                await self._try_switch(whatever_it_parks=whatever_it_parks)
            except asyncpg.LockNotAvailableError:
                if attempt == SWITCH_ATTEMPTS:
                    raise
                await asyncio.sleep(SWITCH_PAUSE_SECONDS)
            else:
                break
        await drop_discarded(self.pool, self.writer.model.name)

    async def _try_switch(self, *, whatever_it_parks: bool) -> None:
        model, new = self.writer.model, self.writer.generation
        async with self.pool.acquire() as connection, connection.transaction():
            await stand_still(connection, model.name, new.only_tenant)
            # What the live one has read stands below these heads, and it reads nothing more.
            await self.up_to(await heads(self.pool, new.only_tenant))
            if not whatever_it_parks:
                await refuse_parking_more(connection, new)
            if new.only_tenant is None:
                await take_over(connection, new)
            else:
                await take_over_tenant(connection, model, new)

    async def _live_ends(self) -> Mapping[str, int]:
        names = [writer.model.name for writer in self._writers]
        async with self.pool.acquire() as connection:
            live = [await live_positions(connection, name, self.only_tenant) for name in names]
        tenants = set[str]().union(*live)
        return {tenant: min(one.get(tenant, 0) for one in live) for tenant in tenants}
