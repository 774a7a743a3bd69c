"""log → JetStream: publishes what others may see, in order, each event once.

    log (the outbox)  1 2 3 4 5 6 7 8 9           per tenant
    stream            1 2 . 4 5                   its own checkpoint: the relay goes on behind 5
    pipeline                    6 7 8 ─▶          under way, each predicting what stands before it

    what happens                                  then
    ────────────────────────────────────────────  ──────────────────────────────────────────────
    a message is refused, or not answered         the pipeline breaks; ask the stream, go on there
    somebody else publishes (a second relay)      a prediction fails; look what came between, go on
    strays, messages of another log               noted, never believed: `stream_position`
    an event cannot be published                  parked; those behind it go on: `unpublishable`
    a tenant cannot be read                       it pauses; the others go on: `backlog`
    the stream was deleted or set back            seen within two seconds, and published again
    messages vanished from its middle             said, counted: `milepost relay --reconcile`
    its limits dropped messages                   nothing: those were sent

It knows no service; which events are published, and in whose name, is handed in.
"""

import time
from collections.abc import Mapping
from typing import NoReturn

import structlog
from nats.aio.client import Client

from milepost.events.log import Log
from milepost.events.nats.cloudevents import NO_SCHEMAS
from milepost.events.nats.connection import Server
from milepost.events.nats.jetstream import connected, ensure_stream
from milepost.events.nats.pipeline import FencedPipeline, PipelineBroken, PredictionFailed
from milepost.events.relay.publication import Publication, Start, StreamChanged
from milepost.events.relay.strays import Pool, Strays
from milepost.events.relay.stream_position import StreamPosition
from milepost.events.relay.unpublishable import PublishedTypes, RelayParking
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.leaders import lead
from milepost.events.runtime.leadership import Source
from milepost.events.runtime.outages import UNAVAILABLE

FRUITLESS_PIPELINES = 10
SAY_SECONDS = 1.0

_log = structlog.get_logger()


class Relay:
    """`services` names, for each published tag, the service that it belongs to, `dataschemas` the
    address of its schema.

    `source` is where the lease is taken: of all relays on a database one leads. `pool` is of the
    log's database: what cannot be published is parked there, what others published is noted.
    """

    def __init__(
        self,
        log: Log,
        source: Source,
        server: Server,
        services: Mapping[str, str],
        *,
        dataschemas: Mapping[str, str] = NO_SCHEMAS,
        pool: "Pool | None" = None,
        batch: int = 1000,
        window: int = 4000,
        replicas: int = 1,
    ) -> None:
        self._log = log
        self._source = source
        self._server = server
        self._types = PublishedTypes(dict(services), dict(dataschemas))
        self._parking = RelayParking(log, pool, self._types)
        self._strays = Strays(pool)
        self._batch = batch
        self._window = window
        self._replicas = replicas
        self._resumed, self._said_at = 0, -SAY_SECONDS

    async def run(self) -> NoReturn:
        """Relay until canceled, whoever goes away and comes back meanwhile."""
        await lead(self._source, "relay", self._lead, (*UNAVAILABLE, PipelineBroken))

    async def _lead(self) -> None:
        """Raises `PipelineBroken` when one after the other breaks and no message gets through."""
        async with connected(self._server, "relay") as client:
            position = StreamPosition(self._log, client.jetstream(), self._strays)
            await self._strays.count()
            fruitless, backoff, start = 0, Backoff(0.01, 5.0), None
            while True:
                broken, published, start = await self._run_pipeline(client, position, start)
                fruitless = 0 if published or start else fruitless + 1
                if fruitless == 0:
                    backoff.reset()
                self._say(broken, published)
                if fruitless == FRUITLESS_PIPELINES:
                    raise broken
                if start is None:
                    await backoff.pause()

    async def _run_pipeline(
        self, client: Client, position: StreamPosition, start: Start | None
    ) -> tuple[PipelineBroken, int, Start | None]:
        """Publish what comes, until it breaks: why, how many got through, and where to go on."""
        js = client.jetstream()
        # The sequence first, the positions later: whatever another relay publishes in between
        # breaks the pipeline.
        start = start or Start(await ensure_stream(js, self._replicas), {})
        async with FencedPipeline(client, start.sequence, window=self._window) as pipeline:
            publication = Publication(
                log=self._log,
                types=self._types,
                parking=self._parking,
                position=position,
                client=client,
                pipeline=pipeline,
                batch=self._batch,
                after=start.after,
            )
            try:
                await publication.run()
            except StreamChanged as changed:
                position.forget()
                return changed, pipeline.acknowledged, None
            except PipelineBroken as broken:
                first = start.sequence + pipeline.acknowledged + 1
                last = await ensure_stream(js, self._replicas)
                between = await position.look_at(first, last)
                known = isinstance(broken, PredictionFailed) and not pipeline.reconnected
                going_on = between is not None and known
                start = publication.resume(last, between or {}) if going_on else None
                return broken, pipeline.acknowledged, start

    def _say(self, broken: PipelineBroken, published: int) -> None:
        """Once a second at most: whoever floods the stream must not flood the log."""
        self._resumed += 1
        if time.monotonic() - self._said_at >= SAY_SECONDS:
            _log.warning(
                "relay_resumes", error=repr(broken), published=published, times=self._resumed
            )
            self._resumed, self._said_at = 0, time.monotonic()
