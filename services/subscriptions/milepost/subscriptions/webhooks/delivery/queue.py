"""What waits to be delivered: rows that name an event, put there once, in bounded numbers.

Each says where the event stands in the log; what is sent is made from there. Whoever adds some
rings for the senders of all processes, which hear of it with the commit.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from milepost.events.event import name_of
from milepost.events.log import Recorded
from milepost.events.parking.parked import Connection

# Of one webhook: more than so many stay in the log until it has caught up.
MAX_WAITING: Final = 10_000
# How far it has to have come before more are taken from there.
REFILL_BELOW: Final = 5_000
CHANNEL: Final = "milepost_webhooks"

ENQUEUE = """with added as (insert into webhooks.deliveries
        (tenant, webhook, event_id, position, event, learner, key, state, due_at, created_at)
    select $1, $2, row.*, 'waiting', $8, $8
      from unnest($3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[]) as row
    on conflict (tenant, webhook, event_id) do nothing)
    select pg_notify($9, $1 || '/' || $2)"""
AGAIN = """with added as (insert into webhooks.deliveries as had
        (tenant, webhook, event_id, position, event, learner, key, state, due_at, created_at)
    select $1, $2, row.*, 'waiting', $8, $8
      from unnest($3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[]) as row
    on conflict (tenant, webhook, event_id) do update
       set state = 'waiting', due_at = excluded.due_at, attempts = 0, first_attempt_at = null,
           done_at = null, key = excluded.key
     where had.state <> 'waiting')
    select pg_notify($9, $1 || '/' || $2)"""
WAITING = """select count(*) from (select from webhooks.deliveries
    where tenant = $1 and webhook = $2 and state = 'waiting' limit $3) as found"""
RING = "select pg_notify($1, $2)"


class Due(msgspec.Struct, frozen=True):
    """An event to be delivered, and whom it is about; empty: nobody.

    `key`: in order with others of that key; empty: in no order.
    """

    event: Recorded
    learner: str = ""
    key: str = ""


async def enqueue(
    connection: Connection,
    tenant: str,
    webhook: str,
    due: Sequence[Due],
    now: datetime,
    *,
    again: bool = False,
) -> None:
    """Once per event, and ring. `again`: also what was delivered or given up before."""
    if not due:
        return
    columns = list(zip(*map(_row, due), strict=True))
    statement = AGAIN if again else ENQUEUE
    await connection.execute(statement, tenant, webhook, *columns, now, CHANNEL)


async def ring(connection: Connection, tenant: str, webhook: str) -> None:
    """Senders hear of it once this is committed."""
    await connection.execute(RING, CHANNEL, f"{tenant}/{webhook}")


async def waiting(connection: Connection, tenant: str, webhook: str) -> int:
    """How many wait; nobody counts further than one more than may."""
    found: int = await connection.fetchval(WAITING, tenant, webhook, MAX_WAITING + 1)
    return found


def _row(due: Due) -> Iterable[object]:
    event = due.event
    return event.event_id, event.position, name_of(event.type), due.learner, due.key
