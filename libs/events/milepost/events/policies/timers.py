"""What follows from an event later: an offer that expires, a learner who is reminded.

A timer is a policy that answers late. The log says what started it, a row says when it is due, and
nothing sleeps in memory: it goes off whoever was restarted meanwhile. The rows are written with
the position up to which the log was read; they go when the reactions are done, whose command ids
come from the event. So what goes off twice (two runners, one killed too early) is done once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn

import msgspec
from prometheus_client import Gauge

from milepost.events.commands.transact import Transactor
from milepost.events.log import Recorded, read_page
from milepost.events.parking.parked import Failure, Pool, park
from milepost.events.policies.policy import Policy, Reaction
from milepost.events.policies.runner import TRANSIENT, PolicyRunner
from milepost.events.runtime.leadership import lead
from milepost.events.store.postgres import COLUMNS

BATCH = 500
# So that what was started meanwhile is noticed.
MAX_PAUSE_SECONDS = 1.0

DUE = Gauge("milepost_timers_due", "Due, and not gone off yet", ["timer"])
LATE = Gauge("milepost_timers_late_seconds", "Since when the first of those is due", ["timer"])

BEHIND = """select h.tenant, h.head, coalesce(p.position, 0) as position
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
# "offset 0": one look-up per row, whatever the planner believes of the log.
TAKE = f"""select e.* from (
        select tenant, position, due_at from consumer.timers
        where timer = $1 and due_at <= $2 order by due_at, tenant, position limit $3) d
    cross join lateral (
        select {COLUMNS} from log.events e
        where e.tenant = d.tenant and e.position = d.position offset 0) e
    order by d.due_at, d.tenant, d.position"""
GONE_OFF = """delete from consumer.timers t
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


class Timer(msgspec.Struct, frozen=True):
    """`types` start it, `(service, tag)` each. `due` is pure; None: this event starts nothing.

    `react` is asked when it is due, with the time it is then: the due time or, after a pause of
    everything, later. Its decisions look at the state themselves, and decide nothing when it no
    longer matters. Asked again about the same event, its reactions stand in the same order.
    """

    name: str
    types: tuple[tuple[str, str], ...]
    due: Callable[[Recorded], datetime | None]
    react: Callable[[Recorded, datetime], Awaitable[Sequence[Reaction]]]


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


def utc_now() -> datetime:
    return datetime.now(UTC)


class Timers:
    """Each of these timers, wherever it leads: of all processes one runs it at a time."""

    def __init__(
        self,
        timers: Sequence[Timer],
        transactor: Transactor,
        pool: Pool,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._alarms = [TimerRunner(timer, transactor, pool, clock=clock) for timer in timers]

    async def run(self) -> None:
        """Until canceled, whoever goes away and comes back meanwhile."""
        await asyncio.gather(*(alarm.run() for alarm in self._alarms))


class TimerRunner:
    """One timer at work. `clock` may be set back: what has gone off stays so."""

    def __init__(
        self,
        timer: Timer,
        transactor: Transactor,
        pool: Pool,
        *,
        clock: Callable[[], datetime] = utc_now,
        batch: int = BATCH,
    ) -> None:
        self._timer = timer
        self._policy = Policy(f"timer/{timer.name}", timer.types, self._react)
        self._answering = PolicyRunner(self._policy, transactor, pool)
        self._log = transactor.log
        self._pool = pool
        self._clock = clock
        self._batch = batch
        self._tags = [tag for _, tag in timer.types]
        self._now = clock()

    async def run(self) -> NoReturn:
        await lead(self._pool, f"policy/{self._policy.name}", self._lead, TRANSIENT)

    async def _lead(self) -> NoReturn:
        await self._answering.recall()
        try:
            while True:
                pause_seconds = await self.turn()
                await asyncio.sleep(pause_seconds)
        finally:
            self._answering.forget()

    async def turn(self) -> float:
        """Write down what was started, let a batch go off. Returns the seconds until the next."""
        await self._read()
        self._now = self._clock()
        await self._answering.hear_operators()
        if events := await self._take():
            await self._gone_off(events, await self._answering.answer(events))
        return await self._pause_seconds()

    async def _read(self) -> None:
        for tenant, head, position in await self._pool.fetch(BEHIND, self._policy.name):
            after = position
            while after < head:
                page = await read_page(
                    self._log, tenant, after, head, types=self._tags, limit=self._batch
                )
                await self._start(tenant, after, page.reached, page.events)
                after = page.reached

    async def _start(
        self, tenant: str, after: int, reached: int, events: Sequence[Recorded]
    ) -> None:
        due = {event.position: due for event in events if (due := self._due(event))}
        name, timer = self._policy.name, self._timer.name
        positions, times = list(due), list(due.values())
        await self._pool.execute(START, tenant, name, after, reached, timer, positions, times)

    def _due(self, event: Recorded) -> datetime | None:
        try:
            return self._timer.due(event)
        except Exception:  # noqa: BLE001 - goes off at once, to fail and be parked like a reaction
            return event.recorded_at

    async def _take(self) -> list[Recorded]:
        rows = await self._pool.fetch(TAKE, self._timer.name, self._now, self._batch)
        return [Recorded(*row) for row in rows]

    async def _react(self, event: Recorded) -> Sequence[Reaction]:
        now = max(self._now, self._clock())
        due = self._timer.due(event)
        if due is None:
            return ()
        if due > now:  # could not be told before, or is told differently by this version
            await self._pool.execute(POSTPONE, event.tenant, self._timer.name, event.position, due)
            return ()
        return await self._timer.react(event, now)

    async def _gone_off(self, events: Sequence[Recorded], failures: Sequence[Failure]) -> None:
        tenants, positions = [e.tenant for e in events], [e.position for e in events]
        async with self._pool.acquire() as connection, connection.transaction():
            if failures:
                await park(connection, self._policy.name, failures)
            await connection.execute(GONE_OFF, self._timer.name, self._now, tenants, positions)

    async def _pause_seconds(self) -> float:
        now = self._clock()
        row = await self._pool.fetchrow(NEXT, self._timer.name, now)
        assert row is not None, "an aggregate always answers"
        left_seconds = (row["next"] - now).total_seconds() if row["next"] else MAX_PAUSE_SECONDS
        DUE.labels(self._timer.name).set(row["due"])
        LATE.labels(self._timer.name).set(max(-left_seconds, 0))
        return min(max(left_seconds, 0), MAX_PAUSE_SECONDS)
