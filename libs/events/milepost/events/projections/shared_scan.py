"""One scan of the log for several read models: read once, decoded once, folded by each.

log      1 ─────────────────────────────────────▶
a, b     ═════════════════════▶                     stand together: one read for both
c        ═════════▶                                 stands elsewhere: a read of its own

`advance` is one tenant's: others may be read at the same time. How much of it is read at once grows
from 64 positions up to the window, and shrinks while events are large: a school with 5,000 courses
of a megabyte would end the process, again and again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

import asyncpg

from milepost.events.projections.log_reader import codecs_of, facts_between
from milepost.events.projections.writer import GenerationWriter
from milepost.events.sizes import MIB

# Of one tenant, each on a connection: what stands still leaves the others to other tenants.
WRITES = 4
FIRST_WINDOW = 64
MAX_CHARACTERS = 32 * MIB

HEADS = """select tenant, head from log.heads
    where head > 0 and ($1::text is null or tenant = $1)"""


async def heads(pool: asyncpg.Pool, only_tenant: str | None = None) -> dict[str, int]:
    return {record[0]: record[1] for record in await pool.fetch(HEADS, only_tenant)}


class SharedScan:
    """Brings `writers` forward together, by `window` positions of a tenant at most."""

    def __init__(
        self, pool: asyncpg.Pool, writers: Sequence[GenerationWriter], window: int
    ) -> None:
        self.writers = writers
        self._pool = pool
        self._window = window
        self._windows: dict[str, int] = {}
        self._codecs = codecs_of(*(writer.model.codec for writer in writers))

    async def step(self, ends: Mapping[str, int]) -> int:
        """Bring each tenant nearer to its end.

        Returns how far the furthest is away then; 0: all are there. Raises `Overtaken`.
        """
        for writer in self.writers:
            await writer.add_tenants(ends.keys() - writer.positions.keys())
        return max([await self.advance(*one) for one in ends.items()], default=0)

    async def advance(self, tenant: str, end: int) -> int:
        """As `step`, of one tenant."""
        for writer in self.writers:
            await writer.add_tenants({tenant} - writer.positions.keys())
        furthest = 0
        for after, writers in self._behind(tenant, end).items():
            upto = min(end, after + self._window_of(tenant))
            await self._advance(writers, tenant, after, upto)
            furthest = max(furthest, end - upto)
        return furthest

    async def catch_up(self, ends: Mapping[str, int]) -> None:
        while await self.step(ends):
            pass

    async def resume(self, tenant: str | None = None) -> None:
        """Do what operators have asked for of what is parked, of one tenant or of all.

        Raises `Overtaken`.
        """
        for writer in self.writers:
            await writer.resume(tenant)

    def _behind(self, tenant: str, end: int) -> dict[int, list[GenerationWriter]]:
        """The writers that have something to read, by where they stand."""
        found: dict[int, list[GenerationWriter]] = defaultdict(list)
        for writer in self.writers:
            if writer.positions[tenant] < end:
                found[writer.positions[tenant]].append(writer)
        return found

    async def _advance(
        self, writers: Sequence[GenerationWriter], tenant: str, after: int, upto: int
    ) -> None:
        facts, characters = await facts_between(self._pool, self._codecs, tenant, after, upto)
        self._adapt(tenant, upto - after, characters)
        types = {fact.type for fact in facts}
        slots = asyncio.Semaphore(WRITES)

        async def write(writer: GenerationWriter) -> None:
            async with slots:
                await writer.write(tenant, facts if writer.hears(types) else (), upto)

        writes = [write(writer) for writer in writers]
        # All of them, whichever fails: what others have committed is not to be canceled half way.
        for error in await asyncio.gather(*writes, return_exceptions=True):
            if error is not None:
                raise error

    def _window_of(self, tenant: str) -> int:
        return min(self._window, self._windows.get(tenant, FIRST_WINDOW))

    def _adapt(self, tenant: str, positions: int, characters: int) -> None:
        if characters > MAX_CHARACTERS:
            self._windows[tenant] = max(1, positions // 2)
        elif positions == self._window_of(tenant):
            self._windows[tenant] = min(self._window, positions * 2)
