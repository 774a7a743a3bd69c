"""Writes down what came of calls: many in one transaction, which ends their leases."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from milepost.events.parking.parked import Connection
from milepost.subscriptions.webhooks.delivery.sending.call import Tried
from milepost.subscriptions.webhooks.delivery.sending.claims import Claimed
from milepost.subscriptions.webhooks.delivery.sending.schedule import next_attempt

# An attempt is kept with its delivery: of what was deleted meanwhile nothing is.
SAVE = """with done as (
        update webhooks.deliveries d
           set state = r.state, attempts = d.attempts + 1, due_at = coalesce(r.due_at, d.due_at),
               first_attempt_at = coalesce(d.first_attempt_at, r.at),
               done_at = case when r.state = 'waiting' then null else r.at end,
               lease = null, leased_until = null
          from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[],
                      $6::timestamptz[], $7::timestamptz[])
               as r(tenant, webhook, event_id, lease, state, due_at, at)
         where d.tenant = r.tenant and d.webhook = r.webhook and d.event_id = r.event_id
           and d.lease = r.lease
        returning d.tenant, d.webhook, d.event_id)
    insert into webhooks.attempts
           (tenant, webhook, event_id, at, url, ms, status, error, headers, answer)
    select t.* from unnest($1::text[], $2::text[], $3::uuid[], $7::timestamptz[], $8::text[],
                           $9::integer[], $10::integer[], $11::text[], $12::jsonb[], $13::bytea[])
           as t(tenant, webhook, event_id, at, url, ms, status, error, headers, answer)
      join done using (tenant, webhook, event_id)"""
RELEASE = """update webhooks.deliveries d set lease = null, leased_until = null
    from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[])
         as r(tenant, webhook, event_id, lease)
    where d.tenant = r.tenant and d.webhook = r.webhook and d.event_id = r.event_id
      and d.lease = r.lease"""
# What has waited behind one that was tried several times is due now.
NEXT_OF_KEY = """update webhooks.deliveries d set due_at = $4
    from unnest($1::text[], $2::text[], $3::text[]) as r(tenant, webhook, key)
    where d.tenant = r.tenant and d.webhook = r.webhook and d.key = r.key
      and d.state = 'waiting' and d.due_at > $4 and d.first_attempt_at is null"""
ARRIVED = """update webhooks.endpoints e
       set failures = 0, failing_since = null, last_delivered_at = r.at
      from unnest($1::text[], $2::text[], $3::timestamptz[]) as r(tenant, webhook, at)
     where e.tenant = r.tenant and e.webhook = r.webhook"""
FAILED = """update webhooks.endpoints e
       set failures = e.failures + r.failures, failing_since = coalesce(e.failing_since, r.at)
      from unnest($1::text[], $2::text[], $3::timestamptz[], $4::integer[])
           as r(tenant, webhook, at, failures)
     where e.tenant = r.tenant and e.webhook = r.webhook
    returning e.tenant, e.webhook, e.failing_since"""

Address = tuple[str, str]


class Result(msgspec.Struct, frozen=True):
    """`due_at` None of what waits no longer."""

    claimed: Claimed
    tried: Tried
    state: str
    due_at: datetime | None


class Saved(msgspec.Struct, frozen=True):
    """`failing_since`: of the webhooks for which nothing has arrived."""

    failing_since: dict[Address, datetime]


def result_of(claimed: Claimed, tried: Tried, draw: Callable[[], float] = random.random) -> Result:
    """What becomes of the delivery."""
    if tried.arrived:
        return Result(claimed, tried, "delivered", None)
    first = claimed.first_attempt_at or tried.at
    due_at = next_attempt(claimed.attempts + 1, first, tried.at, tried.retry_after, draw())
    return Result(claimed, tried, "waiting" if due_at else "parked", due_at)


async def save(
    pool: asyncpg.Pool, results: Sequence[Result], released: Sequence[Claimed], now: datetime
) -> Saved:
    """In one transaction. What is not leased any more is left to whoever has it."""
    async with pool.acquire() as connection, connection.transaction():
        if results:
            await connection.execute(SAVE, *_columns(map(_row, results)))
        if released:
            await connection.execute(RELEASE, *_columns(map(_lease, released)))
        if keys := {(*_address(one), one.claimed.key) for one in results if _ends_wait(one)}:
            await connection.execute(NEXT_OF_KEY, *_columns(sorted(keys)), now)
        return await _health(connection, results)


async def _health(connection: Connection, results: Sequence[Result]) -> Saved:
    arrived = {_address(one): one.tried.at for one in results if one.tried.arrived}
    failed: dict[Address, list[datetime]] = {}
    for one in results:
        if not one.tried.arrived and _address(one) not in arrived:
            failed.setdefault(_address(one), []).append(one.tried.at)
    if arrived:
        rows = [(*address, at) for address, at in sorted(arrived.items())]
        await connection.execute(ARRIVED, *_columns(rows))
    if not failed:
        return Saved({})
    lost = [(*address, min(at), len(at)) for address, at in sorted(failed.items())]
    found = await connection.fetch(FAILED, *_columns(lost))
    return Saved({(row["tenant"], row["webhook"]): row["failing_since"] for row in found})


def _address(result: Result) -> Address:
    return result.claimed.tenant, result.claimed.webhook


def _ends_wait(result: Result) -> bool:
    return bool(result.claimed.key) and result.state != "waiting"


def _lease(claimed: Claimed) -> tuple[object, ...]:
    return claimed.tenant, claimed.webhook, claimed.event_id, claimed.lease


def _row(result: Result) -> tuple[object, ...]:
    tried = result.tried
    return (
        *_lease(result.claimed),
        result.state,
        result.due_at,
        tried.at,
        tried.url,
        tried.ms,
        tried.status,
        tried.error,
        msgspec.json.encode(tried.headers),
        tried.answer,
    )


def _columns(rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))
