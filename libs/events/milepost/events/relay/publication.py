"""The life of one pipeline: pages of all tenants go in, in order, until it breaks."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

import structlog
from nats.aio.client import Client
from nats.js.api import StreamInfo
from prometheus_client import Counter, Gauge

from milepost.events.log import Log, Page
from milepost.events.nats.jetstream import limited, stream_info
from milepost.events.nats.payload import payload_faults, payload_taken
from milepost.events.nats.pipeline import (
    FencedPipeline,
    PipelineBroken,
    PredictionFailed,
)
from milepost.events.relay.backlog import SLOTS, Backlogs
from milepost.events.relay.stream_position import StreamPosition
from milepost.events.relay.unpublishable import PublishedTypes, RelayParking, messages_of
from milepost.events.runtime.backoff import Backoff

BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.05
CHECK_SECONDS = 2.0
RESOLVE_SECONDS = 1.0
# For tenants whose news nobody knows yet.
SPARE_SLOTS = SLOTS // 2

PUBLISHED = Counter("milepost_relay_published", "Events handed to JetStream")
LOST = Counter("milepost_relay_stream_lost", "Messages seen to vanish from the stream")
LAG = Gauge("milepost_relay_lag_positions", "Positions in the log that the relay has not reached")
PAYLOAD = Gauge(
    "milepost_relay_payload_too_small",
    "1 while the NATS server or the stream takes less than an event may have",
)

_log = structlog.get_logger()


class StreamChanged(PipelineBroken):
    """The stream is not where it was left: it was lost, or a part of it."""


class Start(NamedTuple):
    """Where a pipeline begins. Tenants that are not in `after` are asked of the stream."""

    sequence: int
    after: Mapping[str, int]


class Publication:
    def __init__(
        self,
        *,
        log: Log,
        types: PublishedTypes,
        parking: RelayParking,
        position: StreamPosition,
        client: Client,
        pipeline: FencedPipeline,
        batch: int,
        after: Mapping[str, int],
    ) -> None:
        self._log = log
        self._types = types
        self._parking = parking
        self._position = position
        self._client = client
        self._pipeline = pipeline
        self._backlogs = Backlogs(log, tuple(types.services), self._begin, batch=batch)
        self._backlogs.after.update(after)
        # How far each tenant's log was acknowledged, and the pages that are under way.
        self.confirmed = dict(after)
        self._pages: deque[tuple[int, str, int]] = deque()
        self._payload = client.max_payload
        self._faults: list[str] = []
        self._handed: dict[str, int] = {}

    async def run(self) -> NoReturn:
        """Raises `PipelineBroken`, and what a server that is away raises."""
        info = await stream_info(self._client.jetstream())
        self._weigh(info)
        clock, idle = asyncio.get_running_loop().time, Backoff(BUSY_SECONDS, IDLE_SECONDS)
        checked_at = resolved_at = clock()
        async with self._backlogs:
            while True:
                busy = await self._publish_new()
                if not busy:
                    await self._flush()
                if clock() - resolved_at > RESOLVE_SECONDS:
                    after = self._backlogs.after
                    await self._parking.resolve(self._pipeline, after, self._payload)
                    resolved_at = clock()
                if clock() - checked_at > CHECK_SECONDS:
                    info = await self._checked(info, idle=not busy)
                    checked_at = clock()
                if busy:
                    idle.reset()
                await asyncio.sleep(0 if busy else idle.next_seconds())

    async def _publish_new(self) -> bool:
        """At most a page of each tenant that has one by now. Whether there was any."""
        heads = await self._log.heads()
        self._backlogs.start(heads)
        pages = await self._backlogs.finished(BUSY_SECONDS)
        for tenant, page in pages.items():
            self._backlogs.done(tenant, page)
        # The next ones are read while these are published. If that fails, all of it begins anew.
        self._backlogs.start(heads, spare=SPARE_SLOTS)
        for tenant, page in pages.items():
            await self._publish(page)
            self._pages.append((self._pipeline.sent, tenant, page.reached))
        self.confirm()
        LAG.set(self._backlogs.lag(heads))
        return bool(pages)

    def confirm(self) -> None:
        """Move `confirmed` as far as the stream has acknowledged."""
        while self._pages and self._pages[0][0] <= self._pipeline.acknowledged:
            _, tenant, reached = self._pages.popleft()
            self.confirmed[tenant] = reached

    def resume(self, sequence: int, between: Mapping[str, int]) -> Start:
        """Behind what was acknowledged and what came `between`, up to this sequence."""
        self.confirm()
        after = {
            tenant: max(reached, between.get(tenant, 0))
            for tenant, reached in self.confirmed.items()
        }
        return Start(sequence, after)

    async def _begin(self, tenant: str, head: int) -> int:
        position = self.confirmed[tenant] = await self._position.begin(tenant, head)
        return position

    async def _publish(self, page: Page) -> None:
        messages, failures = messages_of(page.events, self._types, self._payload)
        if failures:
            await self._parking.park(failures)
        await self._pipeline.publish(messages)
        if messages:
            tenant, _, position = messages[-1].name.partition("/")
            self._handed[tenant] = int(position)
        PUBLISHED.inc(len(messages))

    async def _flush(self) -> None:
        await self._pipeline.flush()
        for tenant, position in self._handed.items():
            self._position.published(tenant, position)
        self._handed.clear()

    def _weigh(self, info: StreamInfo | None) -> None:
        config = info.config if info else None
        self._payload = payload_taken(self._client.max_payload, config)
        faults = payload_faults(self._client.max_payload, config)
        if faults and faults != self._faults:
            _log.error("nats_payload_too_small", faults=faults)
        self._faults = faults
        PAYLOAD.set(bool(faults))

    async def _checked(self, before: StreamInfo | None, *, idle: bool) -> StreamInfo:
        """Look for what no answer to a publish tells: that the stream was lost, or part of it.

        Raises `PipelineBroken`: what lacks at the end is then published again.
        """
        info = await stream_info(self._client.jetstream())
        expected = self._pipeline.last_sequence if idle else None
        if info is None or before is None:
            raise StreamChanged("the stream is gone")
        if info.created != before.created or info.state.last_seq < (expected or 0):
            raise StreamChanged("the stream is not where it was left")
        if expected is not None and info.state.last_seq > expected:
            raise PredictionFailed("somebody else has published")
        came = info.state.last_seq - before.state.last_seq
        lost = before.state.messages + came - info.state.messages
        if lost > 0 and not limited(info.config):
            LOST.inc(lost)
            _log.error("stream_lost_messages", lost=lost, remedy="milepost relay --reconcile")
            raise StreamChanged("the stream has lost messages")
        self._weigh(info)
        await self._position.strays.count()  # somebody may have made the stream anew
        return info
