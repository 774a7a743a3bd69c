"""One pass over the log for several read models: read once, decoded once, folded by each."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from milepost.events.codec import Codec, UnknownEvent
from milepost.events.copies import Copy
from milepost.events.projection import Fact, Undecodable

HEADS = """select tenant, head from log.heads
    where head > 0 and ($1::text is null or tenant = $1)"""
FACTS = """select position, stream, type, data::text, occurred_at from log.events
    where tenant = $1 and position > $2 and position <= $3 and type = any($4) order by position"""


async def heads(pool: asyncpg.Pool, only_tenant: str | None = None) -> dict[str, int]:
    return {record[0]: record[1] for record in await pool.fetch(HEADS, only_tenant)}


class Passes:
    """Brings `copies` forward together; those that stand elsewhere get a pass of their own."""

    def __init__(self, pool: asyncpg.Pool, copies: Sequence[Copy], window: int) -> None:
        self.copies = copies
        self._pool = pool
        self._window = window
        codecs = [copy.model.codec for copy in copies]
        self._codecs = {tag: codec for codec in codecs for tag in codec.tags}

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

    def _behind(self, tenant: str, end: int) -> dict[int, list[Copy]]:
        """The copies that have something to read, by where they stand."""
        found: dict[int, list[Copy]] = defaultdict(list)
        for copy in self.copies:
            if tenant not in copy.stopped and copy.positions[tenant] < end:
                found[copy.positions[tenant]].append(copy)
        return found

    async def _advance(self, copies: Sequence[Copy], tenant: str, after: int, upto: int) -> None:
        records = await self._pool.fetch(FACTS, tenant, after, upto, list(self._codecs))
        facts = _decoded(self._codecs, records)
        takes = (copy.take(tenant, facts, upto) for copy in copies)
        for error in await asyncio.gather(*takes, return_exceptions=True):
            if error is not None:
                raise error


def _decoded(
    codecs: Mapping[str, Codec[Any]], records: Sequence[asyncpg.Record]
) -> list[Fact[Any]]:
    facts: list[Fact[Any]] = []
    for position, stream, tag, data, occurred_at in records:
        try:
            event: Any = codecs[tag].decode(tag, data, occurred_at)
        except (UnknownEvent, msgspec.MsgspecError) as error:
            event = Undecodable(error)
        category, _, key = stream.partition("-")
        facts.append(Fact(position, category, key, tag, event))
    return facts
