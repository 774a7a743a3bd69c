"""How far the stream tells of a tenant's log: a position counts if the log has that event there.

    the tenant's last message            then
    ───────────────────────────────────  ────────────────────────────────────────────────
    none                                 from the beginning, or behind what limits dropped
    an event of this log                 behind it: one message is read, and one event
    anything else (a stray, an event of  all headers are read; behind the furthest event of
    another log, one that came again)    this log; what is no event of this log is noted

Headers are read once: what was read is kept, and read on, as long as this process leads.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import nats.js.errors
import structlog
from nats.js import JetStreamContext

from milepost.events.log import Log, position_at
from milepost.events.nats.cloudevents import Claim, Foreign, claim_of
from milepost.events.nats.jetstream import STREAM, kept_since, last_message
from milepost.events.relay.strays import Strays
from milepost.events.relay.stream_inventory import (
    Stray,
    StreamInventory,
    StreamSetBack,
    tenant_in,
)

LOOK_BACK = 1000
# Of the messages that somebody put between the relay's: so many are looked at one by one.
MAX_LOOKED_AT = 100

_log = structlog.get_logger()


class StreamPosition:
    """Asks the stream, and holds its answers against the log."""

    def __init__(self, log: Log, js: JetStreamContext, strays: Strays) -> None:
        self._log = log
        self._js = js
        self.strays = strays
        self._published: dict[str, int] = {}
        self._inventory: StreamInventory | None = None
        self._reading = asyncio.Lock()

    def published(self, tenant: str, position: int) -> None:
        """The stream acknowledged it to this process."""
        self._published[tenant] = max(position, self._published.get(tenant, 0))

    async def begin(self, tenant: str, head: int) -> int:
        """The position behind which the relay goes on."""
        message = await last_message(self._js, tenant)
        if message is None:
            return await self._dropped(tenant, head)
        try:
            claim = claim_of(message.subject or "", message.headers)
        except Foreign:
            return await self._furthest(tenant, head)
        # Less than was acknowledged: an event came again, or the stream was set back.
        if claim.reached >= self._published.get(tenant, 0) and await is_true(self._log, claim):
            return claim.reached
        return await self._furthest(tenant, head)

    def forget(self) -> None:
        """The stream was lost, or part of it: what was read of it may not be true any more."""
        self._inventory = None
        self._published.clear()

    async def look_at(self, first: int, last: int) -> dict[str, int] | None:
        """Note what others put into the stream between these sequences.

        How far its other messages reach, by tenant; None if there are too many to look at.
        """
        found: list[Stray] = []
        reached: dict[str, int] = {}
        for sequence in range(first, min(last, first + MAX_LOOKED_AT - 1) + 1):
            try:
                message = await self._js.get_msg(STREAM, sequence)
            except nats.js.errors.NotFoundError:
                continue
            subject = message.subject or ""
            stray = Stray(tenant_in(subject), sequence, subject)
            try:
                claim = claim_of(subject, message.headers)
            except Foreign:
                found.append(stray)
            else:
                if await is_true(self._log, claim):
                    reached[claim.tenant] = max(claim.reached, reached.get(claim.tenant, 0))
                else:
                    found.append(stray._replace(position=claim.position, event_id=claim.event_id))
        if found:
            await self.strays.note(found)
        return reached if first <= last < first + MAX_LOOKED_AT else None

    async def _dropped(self, tenant: str, head: int) -> int:
        """Behind what the stream has dropped by limits of somebody's."""
        since = await kept_since(self._js)
        if since is None:
            return 0
        before = since - datetime.resolution  # which is the log's, too
        position = await position_at(self._log, tenant, before, head)
        _log.warning("stream_dropped_by_limits", tenant=tenant, position=position)
        return position

    async def _furthest(self, tenant: str, head: int) -> int:
        async with self._read_on() as inventory:
            position = await last_true(self._log, inventory, tenant, head)
            found = [one for one in inventory.strays if one.tenant == tenant]
            found += await self._untrue(inventory, tenant, position)
            highest = inventory.highest.get(tenant, 0)
        if highest > head:
            _log.error("stream_ahead_of_log", tenant=tenant, position=highest, head=head)
        await self.strays.note(found)
        if not position:
            return await self._dropped(tenant, head)
        return position

    @asynccontextmanager
    async def _read_on(self) -> AsyncIterator[StreamInventory]:
        async with self._reading:
            if self._inventory is None:
                self._inventory = StreamInventory(self._js)
            try:
                await self._inventory.read_on(lambda *_: None)
            except StreamSetBack:
                self.forget()
                raise
            yield self._inventory

    async def _untrue(self, inventory: StreamInventory, tenant: str, position: int) -> list[Stray]:
        """Of the last messages, those that are no event of this log."""
        found: list[Stray] = []
        for sequence, claim in tuple(inventory.recent.get(tenant, ())):
            if claim.position > position or not await is_true(self._log, claim):
                subject = f"milepost.{tenant}"
                found.append(Stray(tenant, sequence, subject, claim.position, claim.event_id))
        return found


async def is_true(log: Log, claim: Claim) -> bool:
    """Whether the log has these events at these positions."""
    for position, event_id in {
        (claim.position, claim.event_id),
        (claim.reached, claim.reached_id),
    }:
        events = await log.read(claim.tenant, position - 1, 1)
        if not events or events[0].event_id != event_id:
            return False
    return True


async def last_true(log: Log, inventory: StreamInventory, tenant: str, head: int) -> int:
    """The furthest position at which the stream holds the log's own event; 0: none."""
    upto = min(head, inventory.highest.get(tenant, 0))
    while upto > 0:
        after = max(0, upto - LOOK_BACK)
        for event in reversed(await log.read(tenant, after, upto - after)):
            if event.position <= upto and inventory.holds(event):
                return event.position
        upto = after
    return 0


async def reached_now(
    log: Log, js: JetStreamContext, inventory: StreamInventory, tenant: str
) -> int:
    """How far the stream tells of the tenant's log now; `inventory` is read on if it must be.

    Raises `StreamSetBack`.
    """
    message = await last_message(js, tenant)
    if message is None:
        return 0
    with suppress(Foreign):
        claim = claim_of(message.subject or "", message.headers)
        if await is_true(log, claim):
            return claim.reached
    await inventory.read_on(lambda *_: None)
    return await last_true(log, inventory, tenant, (await log.heads()).get(tenant, 0))
