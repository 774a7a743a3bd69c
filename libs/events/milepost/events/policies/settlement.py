"""Waits until policies have answered everything up to a position, and whatever followed from that.

    waiter (tenant, position) ──▶ Tracker of the tenant ──▶ one look after the other, while anybody
                                                            waits: checkpoints, then the log's news

One tracker per tenant looks for all who wait, and ends with the last of them. What is open, and
what it came of, is in `unanswered`. All that it needs stands in Postgres, so it does not matter
which processes answer. Handlers (webhooks, say) are not waited for.

A look reads checkpoints and head in one statement, and then the log up to that head: reactions are
appended before the checkpoint moves, so whatever follows from what is answered has been read.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import msgspec
import structlog

from milepost.events.log import Log, read_page
from milepost.events.parking.parked import Pool
from milepost.events.policies.unanswered import Consumers, Unanswered
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import UNAVAILABLE

FIRST_PAUSE_SECONDS: Final = 0.004
LONGEST_PAUSE_SECONDS: Final = 0.02
# Of a process: whoever comes then is told how it stands, and does not wait.
MAX_WAITING: Final = 1_000
MAX_WAITING_OF_TENANT: Final = 500
# Where more is open, nobody is told that all is settled: a backlog is being answered.
MAX_OPEN: Final = 2_000

STANDING: Final = """select
    coalesce((select head from log.heads where tenant = $1), 0) as head,
    coalesce((select json_object_agg(consumer, position) from consumer.positions
        where tenant = $1 and consumer = any($2)), '{}')::text as checkpoints"""
RINGING: Final = """select 'timer/' || timer as timer, position from consumer.timers
    where tenant = $1 and timer = any($2) and position = any($3)"""
# Those that were due at once, though not gone off: of all that are due by now, few.
RINGING_ALREADY: Final = """select 'timer/' || t.timer as timer, t.position
    from (select timer, position, due_at from consumer.timers
        where timer = any($2) and due_at <= now() and tenant = $1 limit 1000) t
    cross join lateral (
        select greatest(e.recorded_at, e.occurred_at) as since from log.events e
        where e.tenant = $1 and e.position = t.position offset 0) e
    where t.due_at <= e.since"""
# Of the request whose last event stands there, and of what followed from it.
PARKED: Final = """select distinct p.consumer from consumer.parked p
    join log.events e on e.tenant = p.tenant and e.position = p.position
    where p.tenant = $1 and p.generation = 0 and p.consumer = any($2)
      and p.status not in ('done', 'skipped') and p.position > $3::bigint - 10000
      and e.metadata->>'correlation' = (select metadata->>'correlation' from log.events
            where tenant = $1 and position = $3)
    order by 1 limit 20"""

_CHECKPOINTS: Final = msgspec.json.Decoder(dict[str, int])
_log = structlog.get_logger()


class Settled(msgspec.Struct, frozen=True):
    """How it stands with a position.

    settled    everything up to it was answered, and whatever followed
    known      the log has that position; False also where nobody could look
    position   where the log ended then: who has read so far, has read all that followed
    waits_for  the policies and timers that have not answered yet
    parked     those that failed on what followed from the command at the position itself: a person
               decides, so nobody waits for them
    """

    settled: bool
    position: int
    waits_for: Sequence[str] = ()
    parked: Sequence[str] = ()
    known: bool = True


class Settlement:
    """One per process. `run` beside whatever is served: when it ends, so does every wait."""

    def __init__(self, consumers: Consumers, log: Log, pool: Pool) -> None:
        self._consumers = consumers
        self._log = log
        self._pool = pool
        self._trackers: dict[str, Tracker] = {}
        self._waiting = 0
        self._closed = False

    async def run(self) -> NoReturn:
        """Until canceled."""
        try:
            await asyncio.Event().wait()
        finally:
            self._closed = True
            await cancel_and_wait(*(one.task for one in self._trackers.values()))
        raise AssertionError("nobody sets it")

    async def wait(self, tenant: str, position: int, seconds: float) -> Settled:
        """At most so long. Nothing is raised for what is away."""
        unknown = Settled(settled=False, position=position, known=False)
        if self._closed or self._waiting >= MAX_WAITING:
            return unknown
        tracker = self._tracker(tenant)
        if tracker.waiting >= MAX_WAITING_OF_TENANT:
            return unknown
        self._waiting += 1
        try:
            found = await tracker.wait(position, seconds)
            return await self._with_parked(tenant, position, found)
        except UNAVAILABLE:
            return unknown
        finally:
            self._waiting -= 1

    def _tracker(self, tenant: str) -> "Tracker":
        tracker = self._trackers.get(tenant)
        if tracker is None or tracker.task.done():
            tracker = Tracker(tenant, self._consumers, self._log, self._pool)
            self._trackers[tenant] = tracker
            tracker.task.add_done_callback(lambda _: self._forget(tenant, tracker))
        return tracker

    def _forget(self, tenant: str, tracker: "Tracker") -> None:
        if self._trackers.get(tenant) is tracker:
            del self._trackers[tenant]

    async def _with_parked(self, tenant: str, position: int, found: Settled) -> Settled:
        rows = await self._pool.fetch(PARKED, tenant, self._consumers.names, position)
        if not rows:
            return found
        parked = [row["consumer"] for row in rows]
        return msgspec.structs.replace(found, settled=False, parked=parked)


class Tracker:
    """Looks for all who wait in one tenant. Made by the first of them, who waits at once."""

    def __init__(self, tenant: str, consumers: Consumers, log: Log, pool: Pool) -> None:
        self._tenant = tenant
        self._consumers = consumers
        self._log = log
        self._pool = pool
        self._tags = consumers.tags
        self._timers = [one.name for one in consumers.timers.values()]
        self._head = 0
        self._unanswered: Unanswered | None = None
        self._waiting: dict[asyncio.Future[Settled], int] = {}
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, factor=1.5)
        self.task = asyncio.create_task(self._look_while_awaited())

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def wait(self, position: int, seconds: float) -> Settled:
        settled: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        self._waiting[settled] = position
        self._backoff.reset()
        try:
            ends: set[asyncio.Future[Any]] = {settled, self.task}
            await asyncio.wait(ends, timeout=seconds, return_when=FIRST_COMPLETED)
        finally:
            del self._waiting[settled]
        return settled.result() if settled.done() else self._unsettled(position)

    def _unsettled(self, position: int) -> Settled:
        waits_for = self._unanswered.waits_for(position) if self._unanswered else ()
        known = position <= self._head
        return Settled(settled=False, position=position, waits_for=waits_for, known=known)

    async def _look_while_awaited(self) -> None:
        while self._waiting:
            try:
                await self._look()
            except UNAVAILABLE:
                self._unanswered = None  # what was missed meanwhile is not known
            except Exception:  # noqa: BLE001 - its waiters are told that nobody knows
                _log.exception("settlement_failed", tenant=self._tenant)
                return
            await self._backoff.pause()

    async def _look(self) -> None:
        asked = list(self._waiting.items())  # who comes meanwhile has seen more than is looked at
        row = await self._pool.fetchrow(STANDING, self._tenant, self._consumers.names)
        assert row is not None, "it always has a row"
        self._head, checkpoints = row["head"], _CHECKPOINTS.decode(row["checkpoints"])
        if self._unanswered is None:
            self._unanswered = await self._begin(checkpoints)
        await self._read_on(self._unanswered)
        self._unanswered.advance(checkpoints, await self._ringing(self._unanswered))
        self._tell(self._unanswered, asked)

    async def _begin(self, checkpoints: Mapping[str, int]) -> Unanswered:
        """From where somebody has not answered yet."""
        before = min(checkpoints.get(name, 0) for name in self._consumers.names)
        unanswered = Unanswered(self._consumers, before)
        for row in await self._pool.fetch(RINGING_ALREADY, self._tenant, self._timers):
            unanswered.add_ringing(row["timer"], row["position"])
        return unanswered

    async def _read_on(self, unanswered: Unanswered) -> None:
        while unanswered.scanned < self._head and len(unanswered) < MAX_OPEN:
            page = await read_page(
                self._log, self._tenant, unanswered.scanned, self._head, types=self._tags
            )
            unanswered.add(page.events, page.reached)

    async def _ringing(self, unanswered: Unanswered) -> set[tuple[str, int]]:
        if not (timed := unanswered.timed):
            return set()
        rows = await self._pool.fetch(RINGING, self._tenant, self._timers, timed)
        return {(row["timer"], row["position"]) for row in rows}

    def _tell(
        self, unanswered: Unanswered, asked: Sequence[tuple[asyncio.Future[Settled], int]]
    ) -> None:
        whole = unanswered.scanned >= self._head
        for waiter, position in asked:
            if waiter.done():
                continue
            if position > self._head:  # nobody has been given that
                waiter.set_result(Settled(settled=False, position=position, known=False))
            elif whole and not unanswered.waits_for(position):
                waiter.set_result(Settled(settled=True, position=self._head))
