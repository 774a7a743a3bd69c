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
    on conflict do nothing"""
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
        self._seen: set[tuple[str, int]] = set()

    async def note(self, strays: Sequence[Stray]) -> None:
        new = [one for one in strays if (one.tenant, one.sequence) not in self._seen]
        new = new[: MAX_STRAYS - len(self._seen)]
        self._seen |= {(one.tenant, one.sequence) for one in new}
        if new and self._pool:
            await self._pool.execute(NOTE, *(list(column) for column in zip(*new, strict=True)))
        if new:
            tenants = sorted({one.tenant for one in new})
            _log.error(
                "stream_holds_strays", messages=len(new), tenants=tenants[:10], remedy=REMEDY
            )
        await self.count()

    async def count(self) -> None:
        known = await self._pool.fetchval(COUNT, MAX_STRAYS) if self._pool else len(self._seen)
        STRAYS.set(known)


async def strays_by_tenant(pool: "Connection | Pool") -> list[StraysOf]:
    """What relays have seen since the stream was made."""
    return [StraysOf(*row) for row in await pool.fetch(BY_TENANT)]


async def forget_strays(pool: Pool) -> None:
    """The stream is made anew, or holds none any more."""
    await pool.execute("delete from consumer.strays")
