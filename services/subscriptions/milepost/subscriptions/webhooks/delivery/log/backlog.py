"""How far webhooks are behind: for those who look at them, for metrics, and for the doctor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from milepost.events.parking.parked import Connection
from milepost.subscriptions.webhooks.delivery.log.views import Backlog, Backlogs
from milepost.subscriptions.webhooks.delivery.queue import MAX_WAITING
from milepost.subscriptions.webhooks.delivery.sending.lanes import host_of

BACKLOG: Final = """select e.webhook, e.url, w.waiting, w.oldest, p.parked,
           coalesce((select sum(b.upto - b."next") from webhooks.backfills b
                      where b.tenant = e.tenant and b.webhook = e.webhook
                        and b.done_at is null), 0)::bigint as behind,
           e.failing_since, e.last_delivered_at
      from webhooks.endpoints e
      cross join lateral (
        select count(*) as waiting, min(f.created_at) as oldest from (
            select d.created_at from webhooks.deliveries d
             where d.tenant = e.tenant and d.webhook = e.webhook and d.state = 'waiting'
             limit $3) f) w
      cross join lateral (
        select count(*) as parked from webhooks.deliveries d
         where d.tenant = e.tenant and d.webhook = e.webhook and d.state = 'parked') p
     where e.tenant = $1 and e.webhook = any($2)"""
OPEN: Final = """select host, open_until from webhooks.breakers
    where tenant = $1 and open_until is not null"""
# Everywhere, for those who run it.
WHOLE: Final = """select
    (select count(*) from webhooks.deliveries where state = 'parked') as parked,
    (select count(distinct (tenant, webhook)) from webhooks.deliveries where state = 'parked')
        as parking,
    (select min(first.due_at) from webhooks.endpoints e cross join lateral (
        select d.due_at from webhooks.deliveries d
         where d.tenant = e.tenant and d.webhook = e.webhook and d.state = 'waiting'
         order by d.due_at limit 1) first where e.sends and e.failures = 0) as due,
    (select count(*) from webhooks.breakers where open_until > $1) as open,
    (select count(*) from webhooks.endpoints where sends and failures > 0) as failing"""


class Whole(msgspec.Struct, frozen=True):
    """Of all schools. `late_seconds`: of what is due for webhooks that answer."""

    parked: int
    parking: int
    late_seconds: float
    open: int
    failing: int


async def standing(pool: asyncpg.Pool, tenant: str, webhooks: Sequence[str]) -> Backlogs:
    """Of each of them; one that nothing was ever delivered to has an empty one."""
    opened = {row["host"]: row["open_until"] for row in await pool.fetch(OPEN, tenant)}
    rows = await pool.fetch(BACKLOG, tenant, list(webhooks), MAX_WAITING + 1)
    found = {
        row["webhook"]: Backlog(
            waiting=row["waiting"],
            oldest=row["oldest"],
            parked=row["parked"],
            behind=row["behind"],
            failing_since=row["failing_since"],
            last_delivered_at=row["last_delivered_at"],
            host_open_until=opened.get(host_of(row["url"])),
        )
        for row in rows
    }
    return {one: found.get(one, Backlog()) for one in webhooks}


async def whole(connection: "Connection | asyncpg.Pool", now: datetime) -> Whole:
    row = await connection.fetchrow(WHOLE, now)
    assert row is not None
    late = (now - row["due"]).total_seconds() if row["due"] else 0.0
    return Whole(row["parked"], row["parking"], max(late, 0.0), row["open"], row["failing"])
