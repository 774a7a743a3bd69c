"""What the database knows of those that are sent to: their addresses, queues and breakers."""

from collections.abc import Mapping, Sequence

import asyncpg

from milepost.subscriptions.webhooks.delivery.sending.breaker import THRESHOLD, Breaker
from milepost.subscriptions.webhooks.delivery.sending.lanes import Address, Endpoint

ENDPOINTS = """select e.tenant, e.webhook, e.url, e.ordered, e.failures, first.due_at
    from webhooks.endpoints e
    left join lateral (
        select d.due_at from webhooks.deliveries d
         where d.tenant = e.tenant and d.webhook = e.webhook and d.state = 'waiting'
         order by d.due_at limit 1) first on true
    where e.sends"""
BREAKERS = "select tenant, host, failures, opened, open_until from webhooks.breakers"
OPEN = """insert into webhooks.breakers as had (tenant, host, failures, opened, open_until)
    select * from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::timestamptz[])
    on conflict (tenant, host) do update set failures = excluded.failures,
           opened = greatest(had.opened, excluded.opened),
           open_until = greatest(had.open_until, excluded.open_until)"""
CLOSE = """delete from webhooks.breakers b using unnest($1::text[], $2::text[]) as r(tenant, host)
    where b.tenant = r.tenant and b.host = r.host"""


class Hosts:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def endpoints(self) -> Sequence[Endpoint]:
        """All that are sent to."""
        return [Endpoint(*row) for row in await self._pool.fetch(ENDPOINTS)]

    async def breakers(self) -> Mapping[Address, Breaker]:
        """Those that opened and have not closed since."""
        return {
            (row["tenant"], row["host"]): Breaker(
                max(row["failures"], THRESHOLD), row["opened"], row["open_until"]
            )
            for row in await self._pool.fetch(BREAKERS)
        }

    async def save(self, changed: Mapping[Address, Breaker]) -> None:
        """Those that opened or closed."""
        opened = [
            (*address, one.failures, one.opened, one.open_until)
            for address, one in sorted(changed.items())
            if one.opened
        ]
        closed = [address for address, one in sorted(changed.items()) if not one.opened]
        if opened:
            await self._pool.execute(OPEN, *zip(*opened, strict=True))
        if closed:
            await self._pool.execute(CLOSE, *zip(*closed, strict=True))
