"""A log to try things out on: it is read from another, and what is appended stays in memory.

Decisions made on it are those that the other log would see now, each built on the ones before; it
never hears of them. Memory grows with what is appended: whoever rehearses sets the bound.
"""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from milepost.events.log import LAST, PAGE, AlreadyDone, Command, Log, Recorded, Result
from milepost.events.store.memory import MemoryLog


class DryRunLog(MemoryLog):
    """The other log as it was when this began, and beyond that what was appended here."""

    def __init__(self, log: Log, heads: Mapping[str, int]) -> None:
        super().__init__()
        self._log = log
        self._begins = heads
        self._versions: dict[tuple[str, str], int] = {}

    @classmethod
    async def over(cls, log: Log) -> "DryRunLog":
        return cls(log, await log.heads())

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        named = {stream for command in commands for stream, _ in command.expects}
        unread = [stream for stream in named if (tenant, stream) not in self._versions]
        await asyncio.gather(*(self._past(tenant, stream) for stream in unread))
        for id_, done in (await self.done(tenant, [one.command_id for one in commands])).items():
            self._done[tenant, id_] = done
        return await super().append(tenant, commands)

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        begins = self._versions.get((tenant, stream))
        is_past = begins is not None and after >= begins
        past = [] if is_past else await self._past(tenant, stream, after)
        own = self._streams.get((tenant, stream), [])
        return past + own[max(0, after - self._versions.get((tenant, stream), 0)) :]

    async def read_category(self, tenant: str, category: str, after: int = 0) -> list[Recorded]:
        past = await self._log.read_category(tenant, category, after)
        own = await super().read_category(tenant, category, self._own_after(tenant, after))
        return [*self._before(tenant, past), *own]

    async def read(
        self,
        tenant: str,
        after: int = 0,
        limit: int = PAGE,
        types: Sequence[str] | None = None,
        upto: int = LAST,
    ) -> list[Recorded]:
        past = await self._log.read(tenant, after, limit, types, upto)
        own = await super().read(
            tenant, self._own_after(tenant, after), limit, types, self._own_after(tenant, upto)
        )
        return [*self._before(tenant, past), *own][:limit]

    async def heads(self, tenants: Sequence[str] | None = None) -> dict[str, int]:
        own = await super().heads()
        both = {**self._begins, **{tenant: self._head(tenant) for tenant in own}}
        return {one: head for one, head in both.items() if tenants is None or one in tenants}

    async def done(self, tenant: str, command_ids: Sequence[UUID]) -> dict[UUID, AlreadyDone]:
        own = await super().done(tenant, command_ids)
        there = await self._log.done(tenant, [one for one in command_ids if one not in own])
        begins = self._begins.get(tenant, 0)
        return {**own, **{id_: done for id_, done in there.items() if done.last <= begins}}

    def _version(self, tenant: str, stream: str) -> int:
        return self._versions[tenant, stream] + super()._version(tenant, stream)

    def _head(self, tenant: str) -> int:
        return self._begins.get(tenant, 0) + super()._head(tenant)

    def _own_after(self, tenant: str, after: int) -> int:
        return max(0, after - self._begins.get(tenant, 0))

    async def _past(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        """What the other log had of it; learns its version there, unless it was asked for less."""
        past = self._before(tenant, await self._log.read_stream(tenant, stream, after))
        if past or not after:
            self._versions[tenant, stream] = past[-1].version if past else 0
        return past

    def _before(self, tenant: str, recorded: Sequence[Recorded]) -> list[Recorded]:
        begins = self._begins.get(tenant, 0)
        return [one for one in recorded if one.position <= begins]
