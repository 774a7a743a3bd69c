"""How a consumer parks what it cannot do, and everything later of the same key, so order holds.

The same for policies and for read models. Rows stay when they are settled.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from prometheus_client import Gauge

MAX_ERROR_CHARACTERS = 2000

PARKED = Gauge(
    "milepost_parked_events", "Events that failed or wait behind one that did.", ["consumer"]
)

Status: TypeAlias = Literal["parked", "behind", "retry", "skip", "done", "skipped"]
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Either: TypeAlias = "Connection | Pool"


class Parked(msgspec.Struct, frozen=True):
    """`attempts` is 0 for what only waits behind another of its `key`.

    `generation` is 0 for a policy. The consumer of a read model is `projection/<its name>`.
    """

    id: int
    tenant: str
    consumer: str
    generation: int
    position: int
    key: str
    stream: str
    event_id: UUID
    type: str
    status: Status
    error: str
    attempts: int
    parked_at: datetime
    changed_at: datetime


COLUMNS = ", ".join(Parked.__struct_fields__)
# What an operator has said to leave out, of any generation, is not what failed here.
PARK = """insert into consumer.parked
    (tenant, consumer, generation, position, key, stream, event_id, type, status, error, attempts)
    select f.tenant, $1, $2, f.position, f.key, e.stream, e.event_id, e.type,
           case when d.decided_at is not null then 'skip'
                when f.attempts > 0 then 'parked' else 'behind' end, f.error, f.attempts
      from unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::integer[])
               as f(tenant, position, key, error, attempts)
      join log.events e on e.tenant = f.tenant and e.position = f.position
      left join lateral (
               select decided_at from consumer.decisions
               where tenant = f.tenant and consumer = $1 and position = f.position
                 and decision = 'skip' limit 1) d on true
    on conflict (tenant, consumer, generation, position) do update
       set status = excluded.status, error = excluded.error, attempts = excluded.attempts,
           changed_at = now()
     where parked.status in ('done', 'skipped')"""
HELD_KEYS = """select tenant, key, count(*) as events,
           (array_agg(status order by position))[1] <> 'parked' as resumable
      from consumer.parked
     where consumer = $1 and generation = $2 and status not in ('done', 'skipped')
       and ($3::text is null or tenant = $3)
     group by tenant, key"""
UNSETTLED_OF_KEY = f"""select {COLUMNS} from consumer.parked
    where consumer = $1 and generation = $2 and tenant = $3 and key = $4
      and status not in ('done', 'skipped') order by position limit $5"""
RESOLVE = """update consumer.parked
    set status = case when status = 'skip' then 'skipped' else 'done' end, changed_at = now()
    where id = any($1) and status not in ('done', 'skipped') returning true"""
FAILED = """update consumer.parked
    set status = 'parked', error = $2, attempts = attempts + $3, changed_at = now()
    where id = $1"""
SKIPS = "select tenant, position from consumer.decisions where consumer = $1 and decision = 'skip'"
DROP_GENERATION = "delete from consumer.parked where consumer = $1 and generation = $2"
# One tenant's, in generation $2, make way for those in $3.
MAKE_WAY = """delete from consumer.parked old
    where consumer = $1 and generation = $2 and tenant = $4
      and (status not in ('done', 'skipped') or exists (
        select from consumer.parked new where new.consumer = $1 and new.generation = $3
           and new.tenant = $4 and new.position = old.position))"""
MOVE_IN = """update consumer.parked set generation = $2
    where consumer = $1 and generation = $3 and tenant = $4"""


class Failure(msgspec.Struct, frozen=True):
    """An event to park. `attempts` is 0 when it was not tried: an earlier one is in its way."""

    tenant: str
    position: int
    key: str
    error: str = ""
    attempts: int = 0


class HeldKey(msgspec.Struct, frozen=True):
    """A key with unsettled events.

    `resumable`: the first of them is to be retried or skipped, or waits behind one that was done
    before the process ended.
    """

    tenant: str
    key: str
    events: int
    resumable: bool


async def park(
    connection: Connection, consumer: str, failures: Sequence[Failure], generation: int = 0
) -> None:
    rows = [(f.tenant, f.position, f.key, _storable(f.error), f.attempts) for f in failures]
    columns = (list(column) for column in zip(*rows, strict=True))
    await connection.execute(PARK, consumer, generation, *columns)


async def held_keys(
    pool: Pool, consumer: str, generation: int = 0, *, tenant: str | None = None
) -> list[HeldKey]:
    """The keys whose events must wait: of all tenants, or of this one."""
    return [HeldKey(*row) for row in await pool.fetch(HELD_KEYS, consumer, generation, tenant)]


async def unsettled_of_key(
    pool: Pool, consumer: str, tenant: str, key: str, *, limit: int, generation: int = 0
) -> list[Parked]:
    """The first unsettled events of a key, in order."""
    rows = await pool.fetch(UNSETTLED_OF_KEY, consumer, generation, tenant, key, limit)
    return [Parked(*row) for row in rows]


async def mark_resolved(connection: Either, parked: Iterable[Parked]) -> int:
    """What was to be skipped is `skipped`, all else `done`. How many were not settled before."""
    return len(await connection.fetch(RESOLVE, [one.id for one in parked]))


async def failed_again(connection: Either, parked: Parked, failure: Failure) -> None:
    await connection.execute(FAILED, parked.id, _storable(failure.error), failure.attempts)


async def skipped(pool: Pool, consumer: str) -> AbstractSet[tuple[str, int]]:
    """(tenant, position) of all that is to be left out, in whichever generation it failed."""
    return {(row[0], row[1]) for row in await pool.fetch(SKIPS, consumer)}


async def drop_generation(connection: Connection, consumer: str, generation: int) -> None:
    """The generation is dropped, and what was parked with it. Decisions stay."""
    await connection.execute(DROP_GENERATION, consumer, generation)


async def move_tenant(
    connection: Connection, consumer: str, old: int, new: int, tenant: str
) -> None:
    """One tenant's rows went from generation `new` to `old`, and so does what is parked."""
    for statement in (MAKE_WAY, MOVE_IN):
        await connection.execute(statement, consumer, old, new, tenant)


def consumer_of(model: str) -> str:
    """Whose failures a read model's are."""
    return f"projection/{model}"


def _storable(error: str) -> str:
    return error.replace("\x00", "\ufffd")[:MAX_ERROR_CHARACTERS]
