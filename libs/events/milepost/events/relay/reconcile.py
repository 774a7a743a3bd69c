"""Finds and mends what JetStream lost of what the log published.

    log      1 2 3 4 5 6 7 8
    stream   1 2   4 5                      3 is lost; 6 to 8 are behind
    then     1 2   4 5 6 7 8 3*             the relay publishes 6 to 8, in order
                                            3 comes again at the end, marked `Milepost-Mended: 8`

A place inside a stream cannot be filled, hence the mark: who knows only the highest position must
look at it. Safe beside relays and other reconciliations: each message predicts the stream as it
was read.
"""

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec
from nats.aio.client import Client
from nats.js import JetStreamContext

from milepost.events.errors import EventsError
from milepost.events.log import Log, Recorded, pages
from milepost.events.nats.cloudevents import MENDED
from milepost.events.nats.jetstream import last_position
from milepost.events.nats.pipeline import FencedPipeline, PipelineBroken, header_lines
from milepost.events.relay.relay import message_of
from milepost.events.relay.stream_inventory import OnProgress, StreamInventory

BATCH = 1000
# Between two slices the relay has its turn.
TURN_SECONDS = 0.02
PATIENCE_SECONDS = 30.0


class RelayStandsStill(EventsError):
    """What is missing at the end of the stream was not published for half a minute."""


class RelayTooBusy(EventsError):
    """The relay publishes without a pause: nothing could be put between its messages."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream holds of a tenant's log.

    events     that the log published
    lost       missing before the last one in the stream: to be mended
    behind     missing after it: the relay's to publish
    discarded  dropped by limits that somebody gave the stream: left alone
    doubled    messages that came again; consumers keyed on position ignore them
    strange    positions that this log did not publish: the stream is another's, or ahead of the log
    """

    tenant: str
    events: int
    lost: int
    behind: int
    discarded: int
    doubled: int
    strange: int


class Gaps(msgspec.Struct, frozen=True):
    """A finding, with the missing positions (ascending) and the last one that was published."""

    finding: Finding
    missing: Sequence[int]
    last: int


async def compare(
    log: Log,
    inventory: StreamInventory,
    tags: Sequence[str],
    tenant: str | None,
    on_progress: OnProgress,
) -> list[Gaps]:
    """Hold each tenant's log, or one's, against what the stream holds."""
    heads = await log.heads()
    tenants = sorted(heads.keys() | inventory.distinct.keys()) if tenant is None else [tenant]
    total = sum(heads.get(name, 0) for name in tenants)
    gaps, before = [], 0
    for name in tenants:
        gaps.append(await _gaps(log, inventory, tags, name, heads.get(name, 0)))
        before += heads.get(name, 0)
        on_progress("log", before, total)
    return gaps


async def _gaps(
    log: Log, inventory: StreamInventory, tags: Sequence[str], tenant: str, head: int
) -> Gaps:
    missing, events, discarded, last = array("q"), 0, 0, 0
    async for page in pages(log, tenant, upto=head, types=tags):
        for event in page.events:
            events, last = events + 1, event.position
            if inventory.holds(tenant, last):
                continue
            if inventory.discarded(event):
                discarded += 1
            else:
                missing.append(last)
    lost = sum(position <= inventory.reached.get(tenant, 0) for position in missing)
    held = events - discarded - len(missing)
    finding = Finding(
        tenant=tenant,
        events=events,
        lost=lost,
        behind=len(missing) - lost,
        discarded=discarded,
        doubled=inventory.doubled[tenant],
        strange=inventory.distinct[tenant] - held,
    )
    return Gaps(finding, missing, last)


async def until_relayed(js: JetStreamContext, gaps: Sequence[Gaps]) -> None:
    """Wait until some relay has published the ends. Raises `RelayStandsStill`."""
    clock = asyncio.get_running_loop().time
    for one in (one for one in gaps if one.finding.behind):
        reached, moved_at = -1, clock()
        while (now := await last_position(js, one.finding.tenant)) < one.last:
            if now != reached:
                reached, moved_at = now, clock()
            elif clock() - moved_at > PATIENCE_SECONDS:
                raise RelayStandsStill
            await asyncio.sleep(0.1)


class Mending:
    """Publishes again what the stream lost; `inventory` is read on as it goes."""

    def __init__(
        self, log: Log, client: Client, services: Mapping[str, str], inventory: StreamInventory
    ) -> None:
        self._log = log
        self._client = client
        self._services = services
        self._inventory = inventory

    async def mend(self, gaps: Gaps, on_progress: OnProgress) -> int:
        """What is still missing of a tenant before its last message: how many there were.

        Raises `RelayTooBusy`, `StreamSetBack`.
        """
        mended = 0
        for start in range(0, len(gaps.missing), BATCH):
            missing = gaps.missing[start : start + BATCH]
            events = await _chosen(self._log, gaps.finding.tenant, missing, tuple(self._services))
            mended += await self._mend(gaps.finding.tenant, events)
            on_progress("mended", start + len(missing), len(gaps.missing))
            await asyncio.sleep(TURN_SECONDS)
        return mended

    async def _mend(self, tenant: str, events: Sequence[Recorded]) -> int:
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE_SECONDS
        await self._inventory.read_on(no_progress)
        lost = self._lost(tenant, events)
        while self._lost(tenant, events):
            if clock() > deadline:
                raise RelayTooBusy
            with suppress(PipelineBroken):
                await self._publish(tenant, self._lost(tenant, events))
            await self._inventory.read_on(no_progress)
        return len(lost)

    def _lost(self, tenant: str, events: Sequence[Recorded]) -> list[Recorded]:
        reached = self._inventory.reached.get(tenant, 0)
        return [
            event
            for event in events
            if event.position <= reached and not self._inventory.holds(tenant, event.position)
        ]

    async def _publish(self, tenant: str, events: Sequence[Recorded]) -> None:
        mark = header_lines({MENDED: str(self._inventory.reached[tenant])})
        messages = [message_of(event, self._services[event.type]) for event in events]
        async with FencedPipeline(self._client, self._inventory.sequence) as pipeline:
            await pipeline.publish([one._replace(headers=one.headers + mark) for one in messages])
            await pipeline.flush()


async def _chosen(
    log: Log, tenant: str, positions: Sequence[int], tags: Sequence[str]
) -> list[Recorded]:
    wanted = set(positions)
    between = pages(log, tenant, positions[0] - 1, upto=positions[-1], types=tags)
    return [one async for page in between for one in page.events if one.position in wanted]


def no_progress(what: str, done: int, total: int) -> None:
    """For callers that show none."""
