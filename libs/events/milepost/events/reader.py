"""Group reads: whatever waits for a tenant's log goes to Postgres in one query of its kind.

As the writer's group commit: under load queries grow by themselves; alone, a read goes at once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import asyncpg

from milepost.events.log import AlreadyDone, Recorded

MAX_ASKED = 500
# "offset 0" keeps it one index scan per stream or range, whatever the planner believes.
READ_STREAMS = """select found.*
    from unnest($2::text[], $3::integer[]) as wanted(stream, after)
    cross join lateral (
        select tenant, position, stream, version, type, data, metadata, occurred_at,
               recorded_at, event_id
        from log.events
        where tenant = $1 and stream = wanted.stream and version > wanted.after
        order by version offset 0
    ) as found"""
READ_RANGES = """select wanted.number, found.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as wanted(after, last, number)
    cross join lateral (
        select tenant, position, stream, version, type, data, metadata, occurred_at,
               recorded_at, event_id
        from log.events
        where tenant = $1 and position > wanted.after and position <= wanted.last
        order by position offset 0
    ) as found"""
DONE = """select command_id, first, last from log.commands
    where tenant = $1 and command_id = any($2)"""

Asked = TypeVar("Asked")
Found = TypeVar("Found")
Query: TypeAlias = Callable[[str, Sequence[Asked]], Awaitable[Sequence[Found]]]


class After(NamedTuple):
    """What a stream has behind a version."""

    stream: str
    version: int


class Range(NamedTuple):
    """Positions after the first one, up to the last."""

    after: int
    last: int


class Reader:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.streams = Gathered(self._streams)
        self.ranges = Gathered(self._ranges)
        self.done = Gathered(self._done)

    async def _streams(self, tenant: str, asked: Sequence[After]) -> list[list[Recorded]]:
        wanted: dict[str, int] = {}
        for stream, version in asked:
            wanted[stream] = min(version, wanted.get(stream, version))
        rows = await self._pool.fetch(READ_STREAMS, tenant, list(wanted), list(wanted.values()))
        found: dict[str, list[Recorded]] = defaultdict(list)
        for row in rows:
            found[row["stream"]].append(Recorded(*row))
        return [
            [one for one in found.get(stream, ()) if one.version > version]
            for stream, version in asked
        ]

    async def _ranges(self, tenant: str, asked: Sequence[Range]) -> list[list[Recorded]]:
        afters, lasts = zip(*asked, strict=True)
        found: list[list[Recorded]] = [[] for _ in asked]
        for number, *columns in await self._pool.fetch(READ_RANGES, tenant, afters, lasts):
            found[number - 1].append(Recorded(*columns))
        return found

    async def _done(
        self, tenant: str, asked: Sequence[Sequence[UUID]]
    ) -> list[dict[UUID, AlreadyDone]]:
        rows = await self._pool.fetch(DONE, tenant, [one for ids in asked for one in ids])
        found = {row["command_id"]: AlreadyDone(row["first"], row["last"]) for row in rows}
        return [{one: found[one] for one in ids if one in found} for ids in asked]


class Gathered(Generic[Asked, Found]):
    """One query per tenant is under way at a time; what is asked meanwhile forms the next."""

    def __init__(self, query: Query[Asked, Found]) -> None:
        self._query = query
        self._waiting: dict[str, list[tuple[Asked, asyncio.Future[Found]]]] = {}
        self._drains: set[asyncio.Task[None]] = set()

    async def ask(self, tenant: str, asked: Asked) -> Found:
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        if tenant in self._waiting:
            self._waiting[tenant].append((asked, answer))
        else:
            self._waiting[tenant] = [(asked, answer)]
            drain = asyncio.create_task(self._drain(tenant))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        return await answer

    async def _drain(self, tenant: str) -> None:
        while waiting := self._waiting[tenant][:MAX_ASKED]:
            del self._waiting[tenant][:MAX_ASKED]
            try:
                found = await self._query(tenant, [asked for asked, _ in waiting])
            except Exception as error:  # noqa: BLE001 - handed on to whoever waits for it
                for _, answer in waiting:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for (_, answer), one in zip(waiting, found, strict=True):
                    if not answer.done():
                        answer.set_result(one)
        del self._waiting[tenant]
