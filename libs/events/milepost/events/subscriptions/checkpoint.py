"""How far a consumer has come in each tenant's log: committed with whatever belongs to it.

It moves only from where this process believes it is. A lease does not fence: a process that has
lost its lease unnoticed fails here, and its transaction with it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NoReturn

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
        self._passed: dict[str, int] = {}
        self._committing: dict[str, int] = {}
        self._lock, self._ring = asyncio.Lock(), asyncio.Event()
        self._pool = pool
        self._consumer = consumer

    async def load(self) -> None:
        rows = await self._pool.fetch(LOAD, self._consumer)
        self.positions = {row["tenant"]: row["position"] for row in rows}
        self._passed, self._committing = {}, {}

    def read(self, tenant: str) -> int:
        """Where to read on: nothing up to there is left to do, be it committed or not."""
        known = (self.positions, self._committing, self._passed)
        return max(positions.get(tenant, 0) for positions in known)

    def backlog(self, ends: Mapping[str, int]) -> list[str]:
        """The tenants that have something to read before these positions."""
        return [tenant for tenant, end in ends.items() if self.read(tenant) < end]

    def pass_over(self, tenant: str, reached: int) -> None:
        """Nothing was to be done up to there: committed soon, with others', by `commit_passed`."""
        self._passed[tenant] = reached
        self._ring.set()

    async def commit_passed(self) -> NoReturn:
        """Until canceled: one transaction for all that was passed over during the one before.

        Raises `CheckpointMoved`.
        """
        while True:
            await self._ring.wait()
            self._ring.clear()
            async with self._lock:
                self._committing, self._passed = self._passed, {}
                if self._committing:
                    await self._commit(self._committing)
                self._committing = {}

    async def advance(self, reached: Mapping[str, int], failures: Sequence[Failure] = ()) -> None:
        """Move to these positions, and park what failed before them. Raises `CheckpointMoved`."""
        async with self.advancing(reached, failures):
            pass

    @asynccontextmanager
    async def advancing(
        self, reached: Mapping[str, int], failures: Sequence[Failure] = ()
    ) -> AsyncIterator[Connection]:
        """As `advance`, with what the block does in the same transaction."""
        for tenant in reached:
            self._passed.pop(tenant, None)
        if self._committing.keys() & reached.keys():
            async with self._lock:
                pass  # it moves on from there
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection
            if failures:
                await park(connection, self._consumer, failures)
            await self._move(connection, reached)
        self.positions.update(reached)

    async def _commit(self, reached: Mapping[str, int]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await self._move(connection, reached)
        self.positions.update(reached)

    async def _move(self, connection: Connection, reached: Mapping[str, int]) -> None:
        if new := reached.keys() - self.positions.keys():
            await connection.execute(BEGIN, self._consumer, list(new))
        before = [self.positions.get(tenant, 0) for tenant in reached]
        columns = (list(reached), before, list(reached.values()))
        if len(await connection.fetch(ADVANCE, self._consumer, *columns)) < len(reached):
            raise CheckpointMoved(self._consumer)
