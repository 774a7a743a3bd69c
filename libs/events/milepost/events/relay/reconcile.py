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
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

import msgspec
from nats.aio.client import Client
from nats.js import JetStreamContext

from milepost.events.errors import EventsError
from milepost.events.log import Log, Page, Recorded, event_at, pages
from milepost.events.nats.cloudevents import NO_SCHEMAS
from milepost.events.nats.jetstream import stream_info
from milepost.events.nats.payload import payload_taken
from milepost.events.nats.pipeline import FencedPipeline, PipelineBroken
from milepost.events.relay.strays import Pool
from milepost.events.relay.stream_inventory import OnProgress, StreamInventory
from milepost.events.relay.stream_position import last_true, reached_now
from milepost.events.relay.unpublishable import (
    LeftOut,
    PublishedTypes,
    RelayParking,
    marked,
    messages_of,
)

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
    strange    messages that this log did not write: somebody else's, or those of a log that
               Postgres was set back from
    parked     could not be published, and wait for an operator
    skipped    could not be published, and an operator has left them out
    """

    tenant: str
    events: int
    lost: int
    behind: int
    discarded: int
    doubled: int
    strange: int
    parked: int = 0
    skipped: int = 0


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
    *,
    left_out: Mapping[str, LeftOut] = {},
) -> list[Gaps]:
    """Hold each tenant's log, or one's, against what the stream holds."""
    heads = await log.heads()
    tenants = sorted(heads.keys() | inventory.tenants()) if tenant is None else [tenant]
    total = sum(heads.get(name, 0) for name in tenants)
    gaps, before = [], 0
    for name in tenants:
        events = pages(log, name, upto=heads.get(name, 0), types=tags)
        gaps.append(await _gaps(events, inventory, name, left_out.get(name, LeftOut())))
        before += heads.get(name, 0)
        on_progress("log", before, total)
    return gaps


async def _gaps(
    log: AsyncIterator[Page], inventory: StreamInventory, tenant: str, out: LeftOut
) -> Gaps:
    missing, counts, reached, last = array("q"), Counter[str](), 0, 0
    async for page in log:
        for event in page.events:
            kind = _kind(event, inventory, out)
            counts[kind] += 1
            if kind == "held":
                reached = event.position
            if kind == "missing":
                missing.append(event.position)
            if kind in {"held", "missing", "discarded"}:
                last = event.position
    lost = sum(position <= reached for position in missing)
    finding = Finding(
        tenant=tenant,
        events=counts.total(),
        lost=lost,
        behind=len(missing) - lost,
        discarded=counts["discarded"],
        doubled=inventory.doubled[tenant],
        strange=inventory.distinct(tenant) + inventory.foreign[tenant] - counts["held"],
        parked=counts["parked"],
        skipped=counts["skipped"],
    )
    return Gaps(finding, missing, last)


def _kind(event: Recorded, inventory: StreamInventory, out: LeftOut) -> str:
    if inventory.holds(event):
        return "held"
    if event.position in out.skipped:
        return "skipped"
    if event.position in out.parked:
        return "parked"
    return "discarded" if inventory.discarded(event) else "missing"


async def until_relayed(
    log: Log,
    js: JetStreamContext,
    inventory: StreamInventory,
    gaps: Sequence[Gaps],
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> None:
    """Wait until some relay has published the ends. Raises `RelayStandsStill`, `StreamSetBack`."""
    clock = asyncio.get_running_loop().time
    for one in (one for one in gaps if one.finding.behind):
        reached, moved_at = -1, clock()
        while (now := await reached_now(log, js, inventory, one.finding.tenant)) < one.last:
            if now != reached:
                reached, moved_at = now, clock()
            elif clock() - moved_at > patience_seconds:
                raise RelayStandsStill
            await asyncio.sleep(0.1)


class Mending:
    """Publishes again what the stream lost; `inventory` is read on as it goes."""

    def __init__(
        self,
        log: Log,
        client: Client,
        services: Mapping[str, str],
        inventory: StreamInventory,
        *,
        dataschemas: Mapping[str, str] = NO_SCHEMAS,
        pool: "Pool | None" = None,
    ) -> None:
        self._log = log
        self._types = PublishedTypes(services, dataschemas)
        self._parking = RelayParking(log, pool, self._types)
        self._client = client
        self._inventory = inventory
        self._payload = client.max_payload
        self._unpublishable: set[tuple[str, int]] = set()

    @property
    def unpublishable(self) -> int:
        """How many of those that lack are parked now."""
        return len(self._unpublishable)

    async def mend(self, gaps: Gaps, on_progress: OnProgress) -> int:
        """What is still missing of a tenant before its last message: how many there were.

        Raises `RelayTooBusy`, `StreamSetBack`.
        """
        info = await stream_info(self._client.jetstream())
        self._payload = payload_taken(self._client.max_payload, info.config if info else None)
        mended = 0
        for start in range(0, len(gaps.missing), BATCH):
            missing = gaps.missing[start : start + BATCH]
            events = await _chosen(
                self._log, gaps.finding.tenant, missing, tuple(self._types.services)
            )
            mended += await self._mend(gaps.finding.tenant, events)
            on_progress("mended", start + len(missing), len(gaps.missing))
            await asyncio.sleep(TURN_SECONDS)
        return mended

    async def _mend(self, tenant: str, events: Sequence[Recorded]) -> int:
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE_SECONDS
        reached, lost = await self._lost(tenant, events)
        first = len(lost)
        while lost:
            if clock() > deadline:
                raise RelayTooBusy
            with suppress(PipelineBroken):
                await self._publish(lost, await event_at(self._log, tenant, reached))
            reached, lost = await self._lost(tenant, events)
        unpublishable = {(one.tenant, one.position) for one in events} & self._unpublishable
        return first - len(unpublishable)

    async def _lost(self, tenant: str, events: Sequence[Recorded]) -> tuple[int, list[Recorded]]:
        """How far the stream tells of the log by now, and what lacks before that."""
        await self._inventory.read_on(no_progress)
        head = (await self._log.heads()).get(tenant, 0)
        reached = await last_true(self._log, self._inventory, tenant, head)
        lost = [
            event
            for event in events
            if event.position <= reached
            and not self._inventory.holds(event)
            and (tenant, event.position) not in self._unpublishable
        ]
        return reached, lost

    async def _publish(self, events: Sequence[Recorded], reached: Recorded) -> None:
        messages, failures = messages_of(events, self._types, self._payload)
        if failures:
            self._unpublishable |= {(one.tenant, one.position) for one, _ in failures}
            await self._parking.park(failures)
        messages = [marked(one, reached) for one in messages]
        async with FencedPipeline(self._client, self._inventory.sequence) as pipeline:
            await pipeline.publish(messages)
            await pipeline.flush()


async def _chosen(
    log: Log, tenant: str, positions: Sequence[int], tags: Sequence[str]
) -> list[Recorded]:
    wanted = set(positions)
    between = pages(log, tenant, positions[0] - 1, upto=positions[-1], types=tags)
    return [one async for page in between for one in page.events if one.position in wanted]


def no_progress(what: str, done: int, total: int) -> None:
    """For callers that show none."""
