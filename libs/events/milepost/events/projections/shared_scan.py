"""One pass over the log for several read models: read once, decoded once, folded by each."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

import asyncpg

from milepost.events.projections.log_reader import codecs_of, facts_between
from milepost.events.projections.writer import GenerationWriter

HEADS = """select tenant, head from log.heads
    where head > 0 and ($1::text is null or tenant = $1)"""


async def heads(pool: asyncpg.Pool, only_tenant: str | None = None) -> dict[str, int]:
    return {record[0]: record[1] for record in await pool.fetch(HEADS, only_tenant)}


class SharedScan:
    """Brings `copies` forward together; those that stand elsewhere get a pass of their own."""

    def __init__(self, pool: asyncpg.Pool, copies: Sequence[GenerationWriter], window: int) -> None:
        self.copies = copies
        self._pool = pool
        self._window = window
        self._codecs = codecs_of(*(copy.model.codec for copy in copies))

    async def step(self, ends: Mapping[str, int]) -> int:
        """Bring each tenant nearer to its end, by a window at most.

        Returns how far the furthest was away before; 0: nothing to do. Raises `Overtaken`.
        """
        for copy in self.copies:
            await copy.add_tenants(ends.keys() - copy.positions.keys())
        furthest = 0
        for tenant, end in ends.items():
            for after, copies in self._behind(tenant, end).items():
                furthest = max(furthest, end - after)
                await self._advance(copies, tenant, after, min(end, after + self._window))
        return furthest

    async def catch_up(self, ends: Mapping[str, int]) -> None:
        while await self.step(ends):
            pass

    async def hear(self) -> None:
        """Do what operators have asked for of what is parked. Raises `Overtaken`."""
        for copy in self.copies:
            await copy.hear()

    def _behind(self, tenant: str, end: int) -> dict[int, list[GenerationWriter]]:
        """The copies that have something to read, by where they stand."""
        found: dict[int, list[GenerationWriter]] = defaultdict(list)
        for copy in self.copies:
            if copy.positions[tenant] < end:
                found[copy.positions[tenant]].append(copy)
        return found

    async def _advance(
        self, copies: Sequence[GenerationWriter], tenant: str, after: int, upto: int
    ) -> None:
        facts = await facts_between(self._pool, self._codecs, tenant, after, upto)
        takes = (copy.take(tenant, facts, upto) for copy in copies)
        for error in await asyncio.gather(*takes, return_exceptions=True):
            if error is not None:
                raise error
