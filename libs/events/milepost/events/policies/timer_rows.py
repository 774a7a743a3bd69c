"""The rows of `consumer.timers`: what will go off, and when. A row goes when its timer has."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from milepost.events.log import Recorded
from milepost.events.parking.parked import Connection, Pool
from milepost.events.store.postgres import COLUMNS

BACKLOG = """select h.tenant, h.head, coalesce(p.position, 0) as position
    from log.heads h
    left join consumer.positions p on p.tenant = h.tenant and p.consumer = $1
    where h.head > coalesce(p.position, 0)"""
# Nothing, when somebody else has read on from there meanwhile.
START = """with reached as (
        insert into consumer.positions as p (tenant, consumer, position) values ($1, $2, $4)
        on conflict (tenant, consumer) do update
        set position = excluded.position, updated_at = now() where p.position = $3
        returning p.position)
    insert into consumer.timers (tenant, timer, position, due_at)
    select $1, $5, s.position, s.due_at
    from unnest($6::bigint[], $7::timestamptz[]) as s(position, due_at)
    where exists (select from reached)
    on conflict do nothing"""
POSTPONE = """insert into consumer.timers (tenant, timer, position, due_at) values ($1, $2, $3, $4)
    on conflict (tenant, timer, position) do update set due_at = excluded.due_at"""
DUE_TENANTS = """select h.tenant from log.heads h where exists (
        select from consumer.timers t
        where t.tenant = h.tenant and t.timer = $1 and t.due_at <= $2)"""
# "offset 0": one look-up per row, whatever the planner believes of the log.
DUE = f"""select e.* from (
        select tenant, position, due_at from consumer.timers
        where timer = $1 and tenant = $4 and due_at <= $2
        order by due_at, position limit $3) d
    cross join lateral (
        select {COLUMNS} from log.events e
        where e.tenant = d.tenant and e.position = d.position offset 0) e
    order by d.due_at, d.position"""
# A row that was postponed meanwhile stays.
REMOVE = """delete from consumer.timers t
    using unnest($3::text[], $4::bigint[]) as g(tenant, position)
    where t.timer = $1 and t.due_at <= $2 and t.tenant = g.tenant and t.position = g.position"""
NEXT = """select (select min(due_at) from consumer.timers where timer = $1) as next,
    (select count(*) from consumer.timers where timer = $1 and due_at <= $2) as due"""
LIST = """select t.timer, t.tenant, t.position, t.due_at, e.stream, e.type from (
        select timer, tenant, position, due_at from consumer.timers
        where $1::text is null or tenant = $1
        order by due_at, tenant, position, timer limit $2) t
    cross join lateral (
        select stream, type from log.events e
        where e.tenant = t.tenant and e.position = t.position offset 0) e
    order by t.due_at, t.tenant, t.position, t.timer"""


class Started(msgspec.Struct, frozen=True):
    """What will go off, and the event that started it."""

    timer: str
    tenant: str
    position: int
    due_at: datetime
    stream: str
    type: str


async def started(pool: Pool, *, tenant: str | None = None, limit: int = 100) -> list[Started]:
    """The next to go off, in that order. What the log has started this second may be missing."""
    return [Started(*row) for row in await pool.fetch(LIST, tenant, limit)]


class TimerRows:
    """Of one timer, whose checkpoint is that of `consumer`."""

    def __init__(self, pool: Pool, timer: str, consumer: str) -> None:
        self._pool = pool
        self._timer = timer
        self._consumer = consumer

    async def backlog(self) -> list[tuple[str, int, int]]:
        """Tenants whose log goes beyond the checkpoint: tenant, head, checkpoint."""
        return [tuple(row) for row in await self._pool.fetch(BACKLOG, self._consumer)]

    async def start(
        self, tenant: str, after: int, reached: int, due: Sequence[tuple[int, datetime]]
    ) -> None:
        """Write what is due when (by position), and the checkpoint from `after` to `reached`."""
        positions, times = [position for position, _ in due], [at for _, at in due]
        names = (after, reached, self._timer, positions, times)
        await self._pool.execute(START, tenant, self._consumer, *names)

    async def postpone(self, event: Recorded, due: datetime) -> None:
        await self._pool.execute(POSTPONE, event.tenant, self._timer, event.position, due)

    async def due_tenants(self, now: datetime) -> list[str]:
        """Those that have an event whose time has come."""
        return [row["tenant"] for row in await self._pool.fetch(DUE_TENANTS, self._timer, now)]

    async def due(self, tenant: str, now: datetime, limit: int) -> list[Recorded]:
        """A tenant's events whose time has come, those due first first."""
        rows = await self._pool.fetch(DUE, self._timer, now, limit, tenant)
        return [Recorded(*row) for row in rows]

    async def remove(
        self, connection: Connection, now: datetime, events: Sequence[Recorded]
    ) -> None:
        tenants, positions = [e.tenant for e in events], [e.position for e in events]
        await connection.execute(REMOVE, self._timer, now, tenants, positions)

    async def next(self, now: datetime) -> tuple[datetime | None, int]:
        """When the next is due, and how many are by now."""
        row: asyncpg.Record | None = await self._pool.fetchrow(NEXT, self._timer, now)
        assert row is not None, "an aggregate always answers"
        return row["next"], row["due"]
