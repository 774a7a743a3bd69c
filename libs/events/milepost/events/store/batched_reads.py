"""Group reads: whatever waits for a tenant's log goes to Postgres in one query of its kind."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from milepost.events.log import AlreadyDone, Recorded
from milepost.events.store.batcher import Batcher

# "offset 0" keeps it one index scan per stream or range, whatever the planner believes. It must
# not know the tenant: of one that came after the last ANALYZE it believes that there is nothing,
# takes any index that begins with the tenant, and reads that whole school for each stream.
READ_STREAMS = """select found.*
    from unnest($2::text[], $3::integer[]) as wanted(stream, after)
    cross join lateral (
        select tenant, position, stream, version, type, data, metadata, occurred_at,
               recorded_at, event_id
        from log.events
        where tenant = (select $1::text) and stream = wanted.stream and version > wanted.after
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


class After(NamedTuple):
    """What a stream has behind a version."""

    stream: str
    version: int


class Range(NamedTuple):
    """Positions after the first one, up to the last."""

    after: int
    last: int


class BatchedReads:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.streams = Batcher(self._streams)
        self.ranges = Batcher(self._ranges)
        self.done = Batcher(self._done)

    async def _streams(self, tenant: str, keys: Sequence[After]) -> list[list[Recorded]]:
        wanted: dict[str, int] = {}
        for stream, version in keys:
            wanted[stream] = min(version, wanted.get(stream, version))
        rows = await self._pool.fetch(READ_STREAMS, tenant, list(wanted), list(wanted.values()))
        found: dict[str, list[Recorded]] = defaultdict(list)
        for row in rows:
            found[row["stream"]].append(Recorded(*row))
        return [
            [one for one in found.get(stream, ()) if one.version > version]
            for stream, version in keys
        ]

    async def _ranges(self, tenant: str, keys: Sequence[Range]) -> list[list[Recorded]]:
        afters, lasts = zip(*keys, strict=True)
        found: list[list[Recorded]] = [[] for _ in keys]
        for number, *columns in await self._pool.fetch(READ_RANGES, tenant, afters, lasts):
            found[number - 1].append(Recorded(*columns))
        return found

    async def _done(
        self, tenant: str, keys: Sequence[Sequence[UUID]]
    ) -> list[dict[UUID, AlreadyDone]]:
        rows = await self._pool.fetch(DONE, tenant, [one for ids in keys for one in ids])
        found = {row["command_id"]: AlreadyDone(row["first"], row["last"]) for row in rows}
        return [{one: found[one] for one in ids if one in found} for ids in keys]
