"""Group reads: whatever stream reads wait for a tenant go to Postgres in one query.

As the writer's group commit: under load queries grow by themselves; alone, a read goes at once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import asyncpg
import msgspec

from milepost.events.log import Recorded

MAX_STREAMS = 500
# "offset 0" keeps it one index scan per stream, whatever the planner believes of the table.
READ_STREAMS = """select found.*
    from unnest($2::text[], $3::integer[]) as wanted(stream, after)
    cross join lateral (
        select tenant, position, stream, version, type, data, metadata, occurred_at,
               recorded_at, event_id
        from log.events
        where tenant = $1 and stream = wanted.stream and version > wanted.after
        order by version offset 0
    ) as found"""


class _Read(msgspec.Struct, eq=False):
    stream: str
    after: int
    answer: asyncio.Future[list[Recorded]]


class Reader:
    """One query per tenant is under way at a time; reads that come meanwhile form the next."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: dict[str, list[_Read]] = {}
        self._drains: set[asyncio.Task[None]] = set()

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        read = _Read(stream, after, asyncio.get_running_loop().create_future())
        if tenant in self._waiting:
            self._waiting[tenant].append(read)
        else:
            self._waiting[tenant] = [read]
            drain = asyncio.create_task(self._drain(tenant))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        return await read.answer

    async def _drain(self, tenant: str) -> None:
        while reads := self._waiting[tenant][:MAX_STREAMS]:
            del self._waiting[tenant][:MAX_STREAMS]
            try:
                await self._answer(tenant, reads)
            except Exception as error:  # noqa: BLE001 - handed on to whoever waits for it
                for read in reads:
                    if not read.answer.done():
                        read.answer.set_exception(error)
        del self._waiting[tenant]

    async def _answer(self, tenant: str, reads: Sequence[_Read]) -> None:
        wanted: dict[str, int] = {}
        for read in reads:
            wanted[read.stream] = min(read.after, wanted.get(read.stream, read.after))
        rows = await self._pool.fetch(READ_STREAMS, tenant, list(wanted), list(wanted.values()))
        found: dict[str, list[Recorded]] = defaultdict(list)
        for row in rows:
            found[row["stream"]].append(Recorded(*row))
        for read in reads:
            if not read.answer.done():
                events = found.get(read.stream, [])
                read.answer.set_result([one for one in events if one.version > read.after])
