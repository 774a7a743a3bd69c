"""log → JetStream: publishes what others may see, in order, each event once.

    log (the outbox)  1 2 3 4 5 6 7 8 9           per tenant
    stream            1 2 . 4 5                   its own checkpoint: the relay goes on behind 5
    pipeline                    6 7 8 ─▶          under way, each predicting what stands before it

    what happens                                  then
    ────────────────────────────────────────────  ──────────────────────────────────────────────
    a message is refused, or not answered         the pipeline breaks; ask the stream, go on there
    somebody else publishes (a second relay)      the same: a prediction fails, nothing comes twice
    the stream was deleted or set back            seen within two seconds, and published again
    messages vanished from its middle             said, counted: `milepost relay --reconcile`
    its limits dropped messages                   nothing: those were sent

It knows no service; which events are published, and in whose name, is handed in.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamInfo
from prometheus_client import Counter, Gauge

from milepost.events.log import Log, Recorded, position_at, read_page
from milepost.events.nats.cloudevents import Foreign, headers_of, subject_of
from milepost.events.nats.jetstream import (
    connected,
    ensure_stream,
    kept_since,
    last_position,
    limited,
    stream_info,
)
from milepost.events.nats.pipeline import FencedPipeline, Message, PipelineBroken, header_lines
from milepost.events.relay.stream_inventory import StreamInventory
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.leadership import Source, lead
from milepost.events.runtime.outages import UNAVAILABLE

BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.05
CHECK_SECONDS = 2.0
FRUITLESS_PIPELINES = 10

PUBLISHED = Counter("milepost_relay_published", "Events handed to JetStream")
LOST = Counter("milepost_relay_stream_lost", "Messages seen to vanish from the stream")
LAG = Gauge("milepost_relay_lag_positions", "Positions in the log that the relay has not reached")

_log = structlog.get_logger()


class Relay:
    """`services` names, for each published tag, the service that it belongs to.

    `source` is where the lease is taken: of all relays on a database one leads.
    """

    def __init__(
        self,
        log: Log,
        source: Source,
        nats_url: str,
        services: Mapping[str, str],
        *,
        batch: int = 1000,
        window: int = 4000,
        replicas: int = 1,
    ) -> None:
        self._log = log
        self._source = source
        self._nats_url = nats_url
        self._services = dict(services)
        self._batch = batch
        self._window = window
        self._replicas = replicas
        self._tags = tuple(services)

    async def run(self) -> NoReturn:
        """Relay until canceled, whoever goes away and comes back meanwhile."""
        await lead(self._source, "relay", self._lead, (*UNAVAILABLE, PipelineBroken))

    async def _lead(self) -> None:
        """Raises `PipelineBroken` when one after the other breaks and no message gets through."""
        async with connected(self._nats_url, "relay") as client:
            fruitless, backoff = 0, Backoff(0.01, 5.0)
            while True:
                broken, published = await self._run_pipeline(client)
                fruitless = 0 if published else fruitless + 1
                if published:
                    backoff.reset()
                _log.warning("relay_resumes", error=repr(broken), published=published)
                if fruitless == FRUITLESS_PIPELINES:
                    raise broken
                await backoff.pause()

    async def _run_pipeline(self, client: Client) -> tuple[PipelineBroken, int]:
        """Publish what comes, until it breaks: why, and how many messages got through."""
        js = client.jetstream()
        # The sequence first, the positions later: whatever another relay publishes in between
        # breaks the pipeline.
        last_sequence = await ensure_stream(js, self._replicas)
        async with FencedPipeline(client, last_sequence, window=self._window) as pipeline:
            try:
                await self._publish_forever(js, pipeline)
            except PipelineBroken as broken:
                return broken, pipeline.acknowledged

    async def _publish_forever(self, js: JetStreamContext, pipeline: FencedPipeline) -> NoReturn:
        after: dict[str, int] = {}
        info = await stream_info(js)
        clock, backoff = asyncio.get_running_loop().time, Backoff(BUSY_SECONDS, IDLE_SECONDS)
        checked_at = clock()
        while True:
            behind = await self._publish_new(js, pipeline, after)
            if not behind:
                await pipeline.flush()
            if clock() - checked_at > CHECK_SECONDS:
                info = await _checked(js, info, None if behind else pipeline.last_sequence)
                checked_at = clock()
            if behind:
                backoff.reset()
            await asyncio.sleep(0 if self._batch in behind else backoff.next_seconds())

    async def _publish_new(
        self, js: JetStreamContext, pipeline: FencedPipeline, after: dict[str, int]
    ) -> list[int]:
        """At most a batch of each tenant, moving `after`. Returns the sizes of the batches."""
        heads = await self._log.heads()
        for tenant in heads.keys() - after.keys():
            after[tenant] = position = await self._begin(js, tenant, heads[tenant])
            if position > heads[tenant]:
                _log.error("stream_ahead_of_log", tenant=tenant, position=position)
        behind = [tenant for tenant, head in heads.items() if head > after[tenant]]
        sizes: list[int] = []
        for tenant in behind:
            page = await read_page(
                self._log, tenant, after[tenant], heads[tenant], types=self._tags, limit=self._batch
            )
            await self._publish(pipeline, page.events)
            after[tenant] = page.reached
            sizes.append(len(page.events))
        LAG.set(sum(max(head - after[tenant], 0) for tenant, head in heads.items()))
        return sizes

    async def _begin(self, js: JetStreamContext, tenant: str, head: int) -> int:
        """Behind what the stream holds of the tenant, or has dropped by limits of somebody's."""
        position = await _last_relayed(js, tenant)
        if not position and (since := await kept_since(js)):
            before = since - datetime.resolution  # which is the log's, too
            position = await position_at(self._log, tenant, before, head)
            _log.warning("stream_dropped_by_limits", tenant=tenant, position=position)
        return position

    async def _publish(self, pipeline: FencedPipeline, events: Sequence[Recorded]) -> None:
        await pipeline.publish([message_of(event, self._services[event.type]) for event in events])
        PUBLISHED.inc(len(events))


def message_of(event: Recorded, service: str) -> Message:
    name = f"{event.tenant}/{event.position}"
    headers = header_lines(headers_of(event, service))
    return Message(name, subject_of(event, service), headers, event.data)


async def _last_relayed(js: JetStreamContext, tenant: str) -> int:
    """How far the stream tells of the tenant's log, whoever else wrote there."""
    try:
        return await last_position(js, tenant)
    except Foreign:
        _log.error("stream_holds_foreign_message", tenant=tenant)
    inventory = StreamInventory(js, tenant)
    await inventory.read_on(lambda *_: None)
    return inventory.reached.get(tenant, 0)


async def _checked(
    js: JetStreamContext, before: StreamInfo | None, expected: int | None
) -> StreamInfo:
    """Look for what no answer to a publish tells: that the stream was lost, or part of it.

    `expected` is its last sequence when nothing is under way. Raises `PipelineBroken`: what lacks
    at the end is then published again.
    """
    info = await stream_info(js)
    if info is None or before is None or expected not in (None, info.state.last_seq):
        raise PipelineBroken("the stream is not where it was left")
    came = info.state.last_seq - before.state.last_seq
    lost = before.state.messages + came - info.state.messages
    if lost > 0 and not limited(info.config):
        LOST.inc(lost)
        _log.error("stream_lost_messages", lost=lost, remedy="milepost relay --reconcile")
        raise PipelineBroken("the stream has lost messages")
    return info
