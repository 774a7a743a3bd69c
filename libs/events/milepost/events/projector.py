"""log → read models, live. It reads the log itself: nothing else needs to run for it."""

import asyncio
from collections.abc import Sequence
from typing import NoReturn

import asyncpg
import structlog
from prometheus_client import Gauge

from milepost.events.copies import Copy, Overtaken
from milepost.events.faults import AWAY
from milepost.events.generations import BehindLive, Generation, ensure_live, generations
from milepost.events.lease import LeaseLost, lease
from milepost.events.passes import Passes, heads
from milepost.events.projection import ReadModel
from milepost.events.rebuild import rebuild

BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0
INTERRUPTIONS: tuple[type[BaseException], ...] = (*AWAY, LeaseLost)
RENEWAL_INTERRUPTIONS: tuple[type[BaseException], ...] = (*INTERRUPTIONS, Overtaken)

LAG = Gauge("milepost_projection_lag_events", "Positions in the log not yet read", ["model"])

_log = structlog.get_logger()


class Projector:
    """Feeds the live generation of each model, of its own version, and builds newer ones beside.

    Of all projectors on a database one leads. `pool` has room for the lease and three more.
    `window` is how many positions are read, and committed, at once: it bounds how long a fold
    keeps the event loop.
    """

    def __init__(
        self, pool: asyncpg.Pool, models: Sequence[ReadModel], *, window: int = 5000
    ) -> None:
        self._pool = pool
        self._models = {model.name: model for model in models}
        self._window = window

    async def run(self) -> NoReturn:
        """Project until canceled, whoever goes away and comes back meanwhile."""
        pause_seconds = 0.0
        while True:
            try:
                async with lease(self._pool, "projector") as held:
                    _log.info("projector_leads")
                    pause_seconds = 0.0
                    await held.keep(self._lead())
            except INTERRUPTIONS as error:
                if not pause_seconds:
                    _log.warning("projector_interrupted", error=repr(error))
            pause_seconds = min(pause_seconds * 2 or 0.1, MAX_PAUSE_SECONDS)
            await asyncio.sleep(pause_seconds)

    async def _lead(self) -> NoReturn:
        for model in self._models.values():
            await ensure_live(self._pool, model)
        renewing = asyncio.create_task(self._renew())
        try:
            await self._follow()
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _follow(self) -> NoReturn:
        passes: Passes | None = None
        pause_seconds = BUSY_SECONDS
        while True:
            passes = await self._current(passes)
            try:
                furthest = await self._step(passes) if passes.copies else 0
            except Overtaken as overtaken:
                _log.warning("projector_overtaken", model=str(overtaken))
                passes, furthest = None, 1
            pause_seconds = BUSY_SECONDS if furthest else min(pause_seconds * 2, IDLE_SECONDS)
            # Behind by more than a window: no pause at all.
            await asyncio.sleep(0 if furthest > self._window else pause_seconds)

    async def _step(self, passes: Passes) -> int:
        ends = await heads(self._pool)
        furthest = await passes.step(ends)
        for copy in passes.copies:
            unread = sum(end - copy.positions[tenant] for tenant, end in ends.items())
            LAG.labels(copy.model.name).set(unread)
        return furthest

    async def _current(self, passes: Passes | None) -> Passes:
        """The same as before, as long as the same generations are live."""
        live = await self._live()
        if passes and live == [copy.generation for copy in passes.copies]:
            return passes
        copies = [Copy(self._pool, self._models[one.name], one) for one in live]
        for copy in copies:
            await copy.recall()
        return Passes(self._pool, copies, self._window)

    async def _live(self) -> list[Generation]:
        """Those that this code can feed: another version's are fed by that version's process."""
        known = await generations(self._pool, self._models)
        live = (of_model["live"] for of_model in known.values())
        return [one for one in live if one.version == self._models[one.name].version]

    async def _renew(self) -> None:
        """Build what this code has in a newer version than the database."""
        while outdated := await self._outdated():
            try:
                await rebuild(self._pool, outdated, window=self._window)
            except BehindLive as stopped:
                _log.exception("renewal_stopped", model=str(stopped))
                return
            except RENEWAL_INTERRUPTIONS as error:
                _log.warning("renewal_interrupted", error=repr(error))
                await asyncio.sleep(1)

    async def _outdated(self) -> list[ReadModel]:
        known = await generations(self._pool, self._models)
        return [
            model
            for model in self._models.values()
            if known[model.name]["live"].version < model.version
        ]
