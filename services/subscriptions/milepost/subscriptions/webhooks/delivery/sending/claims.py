"""Who sends what: rows that are due are leased in short transactions, by any number of processes.

    waiting, due ── claim ──▶ leased for a minute ── sent ──▶ delivered, or due again later
         ▲                         │
         └───── the lease ends ────┘  its process died: it is sent again, under the same id

The lease is by the database's clock, what is due by the service's. In order means: of a key only
the first that waits is claimed, with what is due right behind it, and only while nobody sends
anything of that key. So those are sent one after the other, by one process.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby, takewhile
from operator import attrgetter
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import msgspec

from milepost.events.parking.parked import Connection

LEASE: Final = timedelta(seconds=60)
# Of one key, one after the other.
RUN: Final = 10
SCANNED: Final = 500

COLUMNS = (
    "d.tenant, d.webhook, d.event_id, d.position, d.event, d.key, d.attempts, d.first_attempt_at"
)
FREE = "(d.leased_until is null or d.leased_until < clock_timestamp())"
CLAIM = f"""with picked as (
        select found.* from unnest($1::text[], $2::text[], $3::boolean[], $4::integer[])
            as w(tenant, webhook, ordered, wanted)
        cross join lateral (
            select d.tenant, d.webhook, d.event_id from webhooks.deliveries d
             where d.tenant = w.tenant and d.webhook = w.webhook and d.state = 'waiting'
               and d.due_at <= $5 and (not w.ordered or d.key = '') and {FREE}
             order by d.due_at, d.position limit w.wanted for update skip locked) found)
    update webhooks.deliveries d set lease = $6, leased_until = clock_timestamp() + $7
      from picked p
     where d.tenant = p.tenant and d.webhook = p.webhook and d.event_id = p.event_id
    returning {COLUMNS}"""
# The first that waits of each key that has something due.
HEADS = """with seen as (
        select d.key from webhooks.deliveries d
         where d.tenant = $1 and d.webhook = $2 and d.state = 'waiting' and d.due_at <= $3
           and d.key <> '' order by d.due_at, d.position limit $4)
    select head.* from (select distinct key from seen) k cross join lateral (
        select d.key, d.event_id, d.due_at from webhooks.deliveries d
         where d.tenant = $1 and d.webhook = $2 and d.key = k.key and d.state = 'waiting'
         order by d.position limit 1) head"""
LOCK = f"""select d.key from webhooks.deliveries d
    where d.tenant = $1 and d.webhook = $2 and d.event_id = any($3) and d.state = 'waiting'
      and d.due_at <= $4 and {FREE}
      and not exists (
          select from webhooks.deliveries o where o.tenant = $1 and o.webhook = $2
             and o.key = d.key and o.state = 'waiting' and o.leased_until >= clock_timestamp())
    order by d.due_at, d.position limit $5 for update of d skip locked"""
RUNS = f"""select found.* from unnest($3::text[]) k(key) cross join lateral (
        select d.event_id, d.key, d.due_at <= $4 as due from webhooks.deliveries d
         where d.tenant = $1 and d.webhook = $2 and d.key = k.key and d.state = 'waiting'
         order by d.position limit {RUN}) found"""
TAKE = f"""update webhooks.deliveries d set lease = $4, leased_until = clock_timestamp() + $5
    where d.tenant = $1 and d.webhook = $2 and d.event_id = any($3) returning {COLUMNS}"""
# What waits behind one that is tried later is not looked at again and again meanwhile.
SET_BACK = """update webhooks.deliveries d set due_at = least(h.due_at, $3 + interval '1 minute')
    from unnest($4::text[], $5::timestamptz[]) as h(key, due_at)
    where d.tenant = $1 and d.webhook = $2 and d.key = h.key and d.state = 'waiting'
      and d.due_at <= $3"""


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this process, and no other, may send until its lease ends."""

    tenant: str
    webhook: str
    event_id: UUID
    position: int
    event: str
    key: str
    attempts: int
    first_attempt_at: datetime | None
    lease: UUID


class Wanted(msgspec.Struct, frozen=True):
    """How many more of a webhook's deliveries may be claimed."""

    tenant: str
    webhook: str
    ordered: bool
    limit: int


async def claim(pool: asyncpg.Pool, wanted: Sequence[Wanted], now: datetime) -> list[list[Claimed]]:
    """Runs, each to be sent one after the other."""
    lease = uuid4()
    columns = list(zip(*map(msgspec.structs.astuple, wanted), strict=True))
    rows = await pool.fetch(CLAIM, *columns, now, lease, LEASE)
    runs = [[one] for one in _claimed(rows, lease)]
    for one in wanted:
        if one.ordered:
            runs += await _claim_in_order(pool, one, now, lease)
    return runs


async def _claim_in_order(
    pool: asyncpg.Pool, wanted: Wanted, now: datetime, lease: UUID
) -> list[list[Claimed]]:
    of = (wanted.tenant, wanted.webhook)
    async with pool.acquire() as connection, connection.transaction():
        heads = await connection.fetch(HEADS, *of, now, SCANNED)
        if later := [(head["key"], head["due_at"]) for head in heads if head["due_at"] > now]:
            await connection.execute(SET_BACK, *of, now, *zip(*later, strict=True))
        ids = [head["event_id"] for head in heads if head["due_at"] <= now]
        locked = await connection.fetch(LOCK, *of, ids, now, wanted.limit) if ids else []
        if not locked:
            return []
        keys = [row["key"] for row in locked]
        taken = await _due_in_a_row(connection, of, keys, now)
        rows = await connection.fetch(TAKE, *of, taken, lease, LEASE)
    return _by_key(_claimed(rows, lease))


async def _due_in_a_row(
    connection: Connection, of: tuple[str, str], keys: Sequence[str], now: datetime
) -> list[UUID]:
    rows = await connection.fetch(RUNS, *of, keys, now)
    runs = groupby(rows, key=lambda row: row["key"])
    return [row["event_id"] for _, run in runs for row in takewhile(lambda one: one["due"], run)]


def _claimed(rows: Iterable[Any], lease: UUID) -> list[Claimed]:
    """In the order of the log, whatever order an update returns them in."""
    return sorted((Claimed(lease=lease, **row) for row in rows), key=attrgetter("position"))


def _by_key(claimed: Iterable[Claimed]) -> list[list[Claimed]]:
    runs: dict[str, list[Claimed]] = {}
    for one in claimed:
        runs.setdefault(one.key, []).append(one)
    return list(runs.values())
