"""What follows from an event later: an offer that expires, a learner who is reminded.

    log ──▶ due(event) ──▶ consumer.timers ── its time has come ──▶ react(event, now) ──▶ commands
            pure           a row, committed                         a policy that          once, by
                           with the checkpoint                      answers late           their ids

Nothing sleeps in memory: it goes off whoever was restarted meanwhile. A row is removed after its
reactions are done, so what goes off twice (two processes, one killed too early) is done once. What
fails is parked with its stream, as a policy's. Tenants take turns: none waits for another.
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
from milepost.events.policies.policy import Reactions
from milepost.events.policies.reactions import run_reactions
from milepost.events.policies.timer_rows import TimerRows
from milepost.events.runtime.leaders import lead
from milepost.events.runtime.outages import TRANSIENT
from milepost.events.runtime.turns import Turns
from milepost.events.subscriptions.handler import Handler
from milepost.events.subscriptions.runner import Runner

BATCH = 500
# So that what was started meanwhile is noticed.
MAX_PAUSE_SECONDS = 1.0
# How long one look at the tenants waits for those that have a turn.
TURN_SECONDS = 0.25

DUE = Gauge("milepost_timers_due", "Due, and not gone off yet", ["timer"])
LATE = Gauge("milepost_timers_late_seconds", "Since when the first of those is due", ["timer"])


class Timer(msgspec.Struct, frozen=True):
    """`types` start it, `(service, tag)` each. `due` is pure; None: this event starts nothing.

    `react` is asked when it is due, with the time it is then: the due time or, after a pause of
    everything, later. Its decisions look at the state themselves, and decide nothing when it no
    longer matters. Asked again about the same event, its reactions stand in the same order.
    """

    name: str
    types: tuple[tuple[str, str], ...]
    due: Callable[[Recorded], datetime | None]
    react: Callable[[Recorded, datetime], Awaitable[Reactions]]


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
        self._runners = [TimerRunner(timer, transactor, pool, clock=clock) for timer in timers]

    async def run(self) -> None:
        """Until canceled, whoever goes away and comes back meanwhile."""
        await asyncio.gather(*(runner.run() for runner in self._runners))


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
        self._consumer = f"timer/{timer.name}"
        self._rows = TimerRows(pool, timer.name, self._consumer)
        handler = Handler(self._consumer, timer.types, self._go_off)
        self._runner = Runner(handler, transactor.log, pool)
        self._transactor = transactor
        self._pool = pool
        self._clock = clock
        self._batch = batch
        self._tags = [tag for _, tag in timer.types]
        self._now = clock()
        self._nows: dict[str, datetime] = {}
        self._backlog: dict[str, tuple[int, int]] = {}

    async def run(self) -> NoReturn:
        await lead(self._pool, f"policy/{self._consumer}", self._lead, TRANSIENT)

    async def _lead(self) -> NoReturn:
        await self._runner.parked.load()
        try:
            async with Turns(self._consumer, self._turn) as turns:
                while True:
                    # Who takes longer is not waited for.
                    await self._offer(turns, TURN_SECONDS)
                    await asyncio.sleep(await self._pause_seconds())
        finally:
            self._runner.parked.leave()

    async def turn(self) -> float:
        """Write down what was started, let a batch of each tenant go off.

        Returns the seconds until the next.
        """
        async with Turns(self._consumer, self._turn) as turns:
            await self._offer(turns)
        return await self._pause_seconds()

    async def _offer(self, turns: Turns, timeout_seconds: float | None = None) -> None:
        """Give a turn to all that have something to do now."""
        self._backlog = {
            tenant: (head, position) for tenant, head, position in await self._rows.backlog()
        }
        # What is started in this turn may be due as well.
        self._now = self._clock()
        changed = await self._runner.parked.changed()
        tenants = {*self._backlog, *changed, *await self._rows.due_tenants(self._now)}
        turns.offer(tenants)
        await turns.join(tenants, timeout_seconds)

    async def _turn(self, tenant: str) -> bool:
        await self._catch_up(tenant)
        now = self._nows[tenant] = self._now
        await self._runner.resume(tenant)
        if events := await self._rows.due(tenant, now, self._batch):
            await self._remove(now, events, await self._runner.run(events))
        return False

    async def _catch_up(self, tenant: str) -> None:
        after, head = 0, 0
        if tenant in self._backlog:
            head, after = self._backlog.pop(tenant)
        while after < head:
            page = await read_page(
                self._transactor.log, tenant, after, head, types=self._tags, limit=self._batch
            )
            due = [(event.position, at) for event in page.events if (at := self._due(event))]
            await self._rows.start(tenant, after, page.reached, due)
            after = page.reached

    def _due(self, event: Recorded) -> datetime | None:
        try:
            return self._timer.due(event)
        except Exception:  # noqa: BLE001 - goes off at once, to fail and be parked like a reaction
            return event.recorded_at

    async def _go_off(self, event: Recorded) -> None:
        now = max(self._nows[event.tenant], self._clock())
        due = self._timer.due(event)
        if due is None:
            return
        if due > now:  # could not be told before, or is told differently by this version
            await self._rows.postpone(event, due)
            return
        reactions = await self._timer.react(event, now)
        await run_reactions(self._transactor, self._consumer, event, reactions)

    async def _remove(
        self, now: datetime, events: Sequence[Recorded], failures: Sequence[Failure]
    ) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if failures:
                await park(connection, self._consumer, failures)
            await self._rows.remove(connection, now, events)

    async def _pause_seconds(self) -> float:
        now = self._clock()
        next_at, due = await self._rows.next(now)
        left_seconds = (next_at - now).total_seconds() if next_at else MAX_PAUSE_SECONDS
        DUE.labels(self._timer.name).set(due)
        LATE.labels(self._timer.name).set(max(-left_seconds, 0))
        return min(max(left_seconds, 0), MAX_PAUSE_SECONDS)
