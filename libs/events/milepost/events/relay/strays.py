"""Messages in the stream that this log did not write: noted, counted, and never believed.

They come from another publisher, or from a log that Postgres was set back from. They stop nothing:
what the log has is published all the same. But subscribers have heard what never happened, so the
state is kept until `milepost stream rebuild` has made the stream anew.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg
import msgspec
import structlog
from prometheus_client import Gauge

from milepost.events.relay.stream_inventory import MAX_STRAYS, Stray

STRAYS = Gauge(
    "milepost_relay_strays",
    "Messages in the stream that the log did not write (1,000 or more are told as 1,000)",
)
REMEDY = "milepost stream rebuild"

NOTE = """insert into consumer.strays (tenant, sequence, subject, position, event_id)
    select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::uuid[])
    on conflict do nothing returning tenant"""
COUNT = "select count(*) from (select from consumer.strays limit $1) as first"
BY_TENANT = """select tenant, count(*) as messages, min(position) as first, max(position) as last,
        min(seen_at) as since from consumer.strays group by tenant order by tenant"""

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_log = structlog.get_logger()


class StraysOf(msgspec.Struct, frozen=True):
    """What the stream holds under a tenant's subjects. `first` to `last`: the positions claimed."""

    tenant: str
    messages: int
    first: int | None
    last: int | None
    since: datetime


class Strays:
    """Without a pool they are only said and counted, as long as the process lasts."""

    def __init__(self, pool: "Pool | None") -> None:
        self._pool = pool
        self._known: set[Stray] = set()

    async def note(self, strays: Sequence[Stray]) -> None:
        room = MAX_STRAYS - await self.count()
        new = await self._add(strays[: max(0, room)])
        if new:
            tenants = sorted(set(new))[:10]
            _log.error("stream_holds_strays", messages=len(new), tenants=tenants, remedy=REMEDY)
            await self.count()

    async def count(self) -> int:
        known = await self._pool.fetchval(COUNT, MAX_STRAYS) if self._pool else len(self._known)
        STRAYS.set(known)
        return int(known)

    async def _add(self, strays: Sequence[Stray]) -> list[str]:
        """The tenants of those that are new, each as often as it has any."""
        if self._pool is None:
            new = set(strays) - self._known
            self._known |= new
            return [one.tenant for one in new]
        if not strays:
            return []
        columns = [list(column) for column in zip(*strays, strict=True)]
        return [row["tenant"] for row in await self._pool.fetch(NOTE, *columns)]


async def strays_by_tenant(pool: "Connection | Pool") -> list[StraysOf]:
    """What relays have seen since the stream was made."""
    return [StraysOf(*row) for row in await pool.fetch(BY_TENANT)]


async def forget_strays(pool: Pool) -> None:
    """The stream is made anew, or holds none any more."""
    await pool.execute("delete from consumer.strays")
