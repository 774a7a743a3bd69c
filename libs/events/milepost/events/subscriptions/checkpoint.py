"""How far a consumer has come in each tenant's log: committed with whatever belongs to it.

It moves only from where this process believes it is. A lease does not fence: a process that has
lost its lease unnoticed fails here, and its transaction with it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from milepost.events.parking.parked import Connection, Failure, Pool, park
from milepost.events.runtime.leadership import LeaseLost

LOAD = "select tenant, position from consumer.positions where consumer = $1"
BEGIN = """insert into consumer.positions (tenant, consumer, position)
    select tenant, $1, 0 from unnest($2::text[]) as t(tenant) on conflict do nothing"""
ADVANCE = """update consumer.positions p set position = r.reached, updated_at = now()
    from unnest($2::text[], $3::bigint[], $4::bigint[]) as r(tenant, before, reached)
    where p.tenant = r.tenant and p.consumer = $1 and p.position = r.before
    returning true"""


class CheckpointMoved(LeaseLost):
    """Another process has moved it, so that one leads by now."""


class Checkpoint:
    """`positions` by tenant, as last loaded or committed; everything up to them has been done."""

    def __init__(self, pool: Pool, consumer: str) -> None:
        self.positions: dict[str, int] = {}
        self._pool = pool
        self._consumer = consumer

    async def load(self) -> None:
        rows = await self._pool.fetch(LOAD, self._consumer)
        self.positions = {row["tenant"]: row["position"] for row in rows}

    def backlog(self, ends: Mapping[str, int]) -> list[str]:
        """The tenants that have something to read before these positions."""
        return [tenant for tenant, end in ends.items() if self.positions.get(tenant, 0) < end]

    async def advance(self, reached: Mapping[str, int], failures: Sequence[Failure] = ()) -> None:
        """Move to these positions, and park what failed before them. Raises `CheckpointMoved`."""
        async with self.advancing(reached, failures):
            pass

    @asynccontextmanager
    async def advancing(
        self, reached: Mapping[str, int], failures: Sequence[Failure] = ()
    ) -> AsyncIterator[Connection]:
        """As `advance`, with what the block does in the same transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection
            if failures:
                await park(connection, self._consumer, failures)
            await self._move(connection, reached)
        self.positions.update(reached)

    async def _move(self, connection: Connection, reached: Mapping[str, int]) -> None:
        if new := reached.keys() - self.positions.keys():
            await connection.execute(BEGIN, self._consumer, list(new))
        before = [self.positions.get(tenant, 0) for tenant in reached]
        columns = (list(reached), before, list(reached.values()))
        if len(await connection.fetch(ADVANCE, self._consumer, *columns)) < len(reached):
            raise CheckpointMoved(self._consumer)
