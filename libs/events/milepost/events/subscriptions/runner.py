"""Runs a handler on batches of events: in order per key, keys at the same time.

    batch   a1 b1 a2 c1 b2 a3           a, b, c: keys
            ─────────────────────────▶  time
    a       a1 ── a2 ── a3
    b       b1 ✗ b1 ✗ b1 ✗              b1 has failed too often: parked, b2 waits behind it
    c       c1

A batch is done when each of its events is done or is to be parked; its failures are committed with
the checkpoint, by the caller.
"""

import asyncio
from collections.abc import Sequence

from milepost.events.log import Log, Recorded, event_at
from milepost.events.parking.parked import Failure, Parked, Pool, failed_again, mark_resolved
from milepost.events.subscriptions.attempts import Attempts
from milepost.events.subscriptions.handler import Handler
from milepost.events.subscriptions.parked_keys import Key, ParkedKeys


class Runner:
    """`parallel`: so many keys of a batch at a time.

    Tenants may be run at the same time, each with one batch.
    """

    def __init__(self, handler: Handler, log: Log, pool: Pool, *, parallel: int = 250) -> None:
        self.parked = ParkedKeys(pool, handler.name, handler.key_of)
        self._handler = handler
        self._log = log
        self._pool = pool
        self._attempts = Attempts(handler.name, log)
        self._parallel = parallel

    async def run(self, events: Sequence[Recorded]) -> list[Failure]:
        """Handle these. Returns what is to be parked."""
        await self._handler.prefetch(events)
        keys = self.parked.by_key(events)
        # Of its own: what stands still takes no slot from another batch.
        slots = asyncio.Semaphore(self._parallel)
        failures = await asyncio.gather(*(self._run_key(*one, slots) for one in keys.items()))
        return [one for some in failures for one in some]

    async def resume(self, tenant: str | None = None) -> None:
        """Retry and skip what operators have asked for since, of one tenant or of all."""
        await self.parked.resume(self._redo, tenant)

    async def _run_key(
        self, key: Key, events: Sequence[Recorded], slots: asyncio.Semaphore
    ) -> list[Failure]:
        if key in self.parked:
            return [self.parked.behind(event) for event in events]
        async with slots:
            for index, event in enumerate(events):
                if error := await self._attempts.run(event, self._handler.handle):
                    later = [self.parked.behind(one) for one in events[index + 1 :]]
                    return [self.parked.park(event, error), *later]
        return []

    async def _redo(self, parked: Parked) -> bool:
        if parked.status != "skip":
            event = await event_at(self._log, parked.tenant, parked.position)
            if error := await self._attempts.run(event, self._handler.handle):
                await failed_again(self._pool, parked, self.parked.park(event, error))
                return False
        await mark_resolved(self._pool, [parked])
        return True
