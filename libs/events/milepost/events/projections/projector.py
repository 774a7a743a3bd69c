"""log → read models, live. It reads the log itself: nothing else needs to run for it.

    task      does                                                    pauses
    ────────  ──────────────────────────────────────────────────────  ─────────────────────────
    follow    feeds the live generations that this process leads      5 ms, growing to 100 ms
              leads what nobody leads, resumes what was parked        every 0.5 s
    renew     builds what this code has in a newer version, lets it   2 s
              take over

Lease `projection/<model>/<version>`: while a deployment is under way old code feeds the old
version, and new code builds and feeds the new one.
"""

import asyncio
from collections.abc import Sequence
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
from milepost.events.projections.writer import writer_of
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leadership import LeaseLost, Leases, leases
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.runtime.retry import retry_forever

BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.1
OPERATORS_SECONDS = 0.5
RENEWAL_SECONDS = 2.0
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
    read together. `pool` has room for two leases and six more. `window` is how many positions are
    read, and committed, at once: it bounds how long a fold keeps the event loop.
    """

    def __init__(
        self, pool: asyncpg.Pool, models: Sequence[ReadModel], *, window: int = 5000
    ) -> None:
        self._pool = pool
        self._models = {model.name: model for model in models}
        self._window = window
        self._led: dict[str, ReadModel] = {}
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
        clock = asyncio.get_running_loop().time
        scan = SharedScan(self._pool, [], self._window)
        backoff, resumed_at = Backoff(BUSY_SECONDS, IDLE_SECONDS), -OPERATORS_SECONDS
        while True:
            try:
                if clock() - resumed_at >= OPERATORS_SECONDS:
                    await self._acquire(held)
                    await scan.resume()
                    resumed_at = clock()
                scan = await self._current(scan)
                furthest = await self._step(scan) if scan.writers else 0
            except Overtaken as overtaken:
                _log.warning("projector_overtaken", model=str(overtaken))
                scan, furthest = SharedScan(self._pool, [], self._window), 1
            if furthest:
                backoff.reset()
            # Behind by more than a window: no pause at all.
            await asyncio.sleep(0 if furthest > self._window else backoff.next_seconds())

    async def _acquire(self, held: Leases) -> None:
        """Of each version of a model somebody else may lead: old code feeds on beside new."""
        for name, model in self._models.items():
            if name not in self._led and await held.acquire(f"projection/{name}/{model.version}"):
                await ensure_live(self._pool, model)
                self._led[name] = model
                _log.info("projector_leads", model=name, version=model.version)

    def _leave(self) -> None:
        for name in self._led:
            _remove_metrics(name)
        self._led.clear()

    async def _step(self, scan: SharedScan) -> int:
        ends = await heads(self._pool)
        furthest = await scan.step(ends)
        for writer in scan.writers:
            unread = sum(end - writer.positions[tenant] for tenant, end in ends.items())
            LAG.labels(writer.model.name).set(unread)
            PARKED.labels(writer.consumer).set(writer.parked_events)
        return furthest

    async def _current(self, scan: SharedScan) -> SharedScan:
        """The same as before, as long as the same generations are live."""
        live = await self._live()
        if live == [writer.generation for writer in scan.writers]:
            return scan
        writers = [await writer_of(self._pool, self._models[one.name], one) for one in live]
        for name in {one.model.name for one in scan.writers} - {one.name for one in live}:
            _remove_metrics(name)
        return SharedScan(self._pool, writers, self._window)

    async def _live(self) -> list[Generation]:
        """Those that this code can feed: another version's are fed by that version's process."""
        led = dict(self._led)
        live = [known["live"] for known in (await generations(self._pool, led)).values()]
        return [one for one in live if one.version == led[one.name].version]

    async def _renew(self) -> NoReturn:
        """Build what this code has in a newer version than the database."""
        while True:
            try:
                if outdated := await self._outdated():
                    await self._rebuild(outdated)
            except RENEWAL_INTERRUPTIONS as error:
                _log.warning("renewal_interrupted", error=repr(error))
            await asyncio.sleep(RENEWAL_SECONDS)

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


def _remove_metrics(name: str) -> None:
    """Who does not feed a model says nothing about it."""
    LAG.remove(name)
    PARKED.remove(consumer_of(name))
