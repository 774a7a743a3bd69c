"""log → read models, live. It reads the log itself: nothing else needs to run for it.

    task      does                                                    pauses
    ────────  ──────────────────────────────────────────────────────  ─────────────────────────
    follow    feeds the live generations that this process leads      5 ms, growing to 100 ms
              leads what nobody leads, resumes what was parked        every 0.5 s
    renew     builds what this code has in a newer version, lets it   2 s, growing to a minute
              take over

Tenants take turns (`runtime/turns`), a window of the log each, some at the same time. Who cannot be
read pauses alone; whose rows are locked gives up after a second, and pauses too.

Lease `projection/<model>/<version>`: while a deployment is under way old code feeds the old
version, and new code builds and feeds the new one.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

import asyncpg
import structlog
from prometheus_client import Gauge

from milepost.events.parking.parked import PARKED, consumer_of
from milepost.events.projections.catch_up import Pace
from milepost.events.projections.generations import (
    Generation,
    OtherVersion,
    ensure_live,
    generations,
)
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import rebuild
from milepost.events.projections.shared_scan import SharedScan, heads
from milepost.events.projections.writer import GenerationWriter, writer_of
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leadership import LeaseLost, Leases, leases
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.runtime.retry import retry_forever
from milepost.events.runtime.turns import Turns

BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.1
OPERATORS_SECONDS = 0.5
RENEWAL_SECONDS, MAX_RENEWAL_SECONDS = 2.0, 60.0
LOCK_MS = 1_000
INTERRUPTIONS: tuple[type[BaseException], ...] = (*UNAVAILABLE, LeaseLost)
RENEWAL_INTERRUPTIONS: tuple[type[BaseException], ...] = (
    *INTERRUPTIONS,
    Overtaken,
    OtherVersion,
    asyncpg.LockNotAvailableError,
)

LAG = Gauge("milepost_projection_lag_events", "Positions in the log not yet read", ["model"])

_log = structlog.get_logger()


class Projector:
    """Feeds the live generation of each model, of its own version, and builds newer ones beside.

    Of all projectors with a version of a model one leads it; those that one process leads are
    read together. `pool` has room for two leases and ten more. `window` is how many positions are
    read, and committed, at once: it bounds how long a fold keeps the event loop.
    """

    def __init__(
        self, pool: asyncpg.Pool, models: Sequence[ReadModel], *, window: int = 5000
    ) -> None:
        self._pool = pool
        self._models = {model.name: model for model in models}
        self._window = window
        self._led: dict[str, ReadModel] = {}
        self._fed: set[str] = set()
        self._reported: set[str] = set()

    async def run(self) -> NoReturn:
        """Project until canceled, whoever goes away and comes back meanwhile."""
        await retry_forever("projector", self._lead, INTERRUPTIONS)

    async def _lead(self) -> None:
        try:
            async with leases(self._pool) as held:
                await held.keep(self._work(held))
        finally:
            self._leave()

    async def _work(self, held: Leases) -> None:
        tasks = [asyncio.create_task(work) for work in (self._follow(held), self._renew())]
        try:
            await asyncio.gather(*tasks)
        finally:
            await cancel_and_wait(*tasks)

    async def _follow(self, held: Leases) -> NoReturn:
        while True:
            await self._acquire(held)
            live = await self._live()
            self._remove_metrics(self._fed - {one.name for one in live})
            self._fed = {one.name for one in live}
            try:
                await self._feed(held, live)
            except Overtaken as overtaken:
                _log.warning("projector_overtaken", model=str(overtaken))
                await asyncio.sleep(BUSY_SECONDS)

    async def _feed(self, held: Leases, live: Sequence[Generation]) -> None:
        """Give tenants turns for as long as these are live. Raises `Overtaken`."""
        writers = [
            await writer_of(self._pool, self._models[one.name], one, lock_ms=LOCK_MS)
            for one in live
        ]
        feed = Feed(SharedScan(self._pool, writers, self._window))
        clock, backoff = asyncio.get_running_loop().time, Backoff(BUSY_SECONDS, IDLE_SECONDS)
        asked_at = -OPERATORS_SECONDS
        async with Turns("projector", feed.turn, (LeaseLost, Overtaken)) as turns:
            while live == await self._live():
                if clock() - asked_at >= OPERATORS_SECONDS:
                    await self._acquire(held)
                    turns.offer(await feed.changed())
                    asked_at = clock()
                behind = feed.behind(await heads(self._pool))
                free = [tenant for tenant in behind if not turns.busy(tenant)]
                turns.offer(behind)
                await turns.join(free, IDLE_SECONDS)  # who takes longer is not waited for
                feed.report()
                if free:
                    backoff.reset()
                await asyncio.sleep(backoff.next_seconds())

    async def _acquire(self, held: Leases) -> None:
        """Of each version of a model somebody else may lead: old code feeds on beside new."""
        for name, model in self._models.items():
            if name not in self._led and await held.acquire(f"projection/{name}/{model.version}"):
                await ensure_live(self._pool, model)
                self._led[name] = model
                _log.info("projector_leads", model=name, version=model.version)

    def _leave(self) -> None:
        self._remove_metrics(self._led)
        self._led.clear()

    def _remove_metrics(self, names: Iterable[str]) -> None:
        """Who does not feed a model says nothing about it."""
        for name in names:
            LAG.remove(name)
            PARKED.remove(consumer_of(name))

    async def _live(self) -> list[Generation]:
        """Those that this code can feed: another version's are fed by that version's process."""
        led = dict(self._led)
        live = [known["live"] for known in (await generations(self._pool, led)).values()]
        return [one for one in live if one.version == led[one.name].version]

    async def _renew(self) -> NoReturn:
        """Build what this code has in a newer version than the database."""
        backoff = Backoff(RENEWAL_SECONDS, MAX_RENEWAL_SECONDS)
        while True:
            try:
                if outdated := await self._outdated():
                    await self._rebuild(outdated)
                backoff.reset()
            except RENEWAL_INTERRUPTIONS as error:
                _log.warning("renewal_interrupted", error=repr(error))
                backoff.reset()
            except Exception as error:  # noqa: BLE001 - what is live is fed on all the same
                _log.error("renewal_failed", error=repr(error))
            await backoff.pause()

    async def _outdated(self) -> list[ReadModel]:
        """Not those that an operator has rolled back: that one goes on being retired."""
        led = dict(self._led)
        known = await generations(self._pool, led)
        return [
            model
            for name, model in led.items()
            if known[name]["live"].version < model.version
            and ("retired" not in known[name] or known[name]["retired"].version < model.version)
        ]

    async def _rebuild(self, outdated: Sequence[ReadModel]) -> None:
        for one in await rebuild(self._pool, outdated, pace=Pace(self._window)):
            if one.switched:
                _log.info("renewed", model=one.name, generation=one.generation)
            elif one.name not in self._reported:
                # It is tried again, quietly: an operator may retry or skip meanwhile.
                self._reported.add(one.name)
                _log.error(
                    "renewal_waits",
                    model=one.name,
                    generation=one.generation,
                    parked_events=one.parks_more,
                )


class Feed:
    """What the tenants' turns are: what operators asked for, then a window of the log."""

    def __init__(self, scan: SharedScan) -> None:
        self._scan = scan
        self._ends: Mapping[str, int] = {}
        self._asked: set[str] = set()

    @property
    def writers(self) -> Sequence[GenerationWriter]:
        return self._scan.writers

    async def changed(self) -> set[str]:
        """The tenants for which operators have asked for something."""
        for writer in self.writers:
            self._asked |= await writer.changed()
        return self._asked

    def behind(self, ends: Mapping[str, int]) -> list[str]:
        """The tenants of which something is to be read up to these ends."""
        self._ends = ends
        return [
            tenant
            for tenant, end in ends.items()
            if any(_unread(writer, tenant, end) for writer in self.writers)
        ]

    async def turn(self, tenant: str) -> bool:
        """Whether there is more. Raises `Overtaken`."""
        if tenant in self._asked:
            await self._scan.resume(tenant)
            self._asked.discard(tenant)
        return await self._scan.advance(tenant, self._ends.get(tenant, 0)) > 0

    def report(self) -> None:
        for writer in self.writers:
            unread = (_unread(writer, *one) for one in self._ends.items())
            LAG.labels(writer.model.name).set(sum(unread))
            PARKED.labels(writer.consumer).set(writer.parked_events)


def _unread(writer: GenerationWriter, tenant: str, end: int) -> int:
    return max(end - writer.positions.get(tenant, 0), 0)
