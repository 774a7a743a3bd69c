"""What the stream holds: each tenant's positions, read from the headers of all its messages."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeAlias

import nats.js.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from milepost.events.errors import EventsError
from milepost.events.log import Recorded
from milepost.events.nats.cloudevents import Foreign, place_of, reached_by
from milepost.events.nats.jetstream import STREAM, kept_since, limited, stream_info

BATCH = 1000
PAGE = 1 << 16

# Called with what is being read ("stream", "log"), how much of it is done, and how much there is.
OnProgress: TypeAlias = Callable[[str, int, int], None]


class StreamSetBack(EventsError):
    """The stream was deleted, purged or restored while it was read: begin anew."""


class StreamInventory:
    """As read up to `sequence`; `read_on` goes further. A byte per position of the log.

    reached   each tenant's position as a relay finds it in the last message
    distinct  how many positions of the tenant there are
    doubled   how many messages came again
    """

    def __init__(self, js: JetStreamContext, tenant: str = "*") -> None:
        self.sequence = 0
        self.reached: dict[str, int] = {}
        self.distinct: dict[str, int] = defaultdict(int)
        self.doubled: dict[str, int] = defaultdict(int)
        self._js = js
        self._subject = f"milepost.{tenant}.>"
        self._first: dict[str, int] = {}
        self._limited = False
        self._since: datetime | None = None
        self._pages: dict[tuple[str, int], bytearray] = {}

    def holds(self, tenant: str, position: int) -> bool:
        page = self._pages.get((tenant, position // PAGE))
        return page is not None and page[position % PAGE] > 0

    def discarded(self, event: Recorded) -> bool:
        """Whether the stream's limits, should somebody have set any, may have dropped it."""
        if (first := self._first.get(event.tenant)) is not None:
            return self._limited and event.position < first
        return self._since is not None and event.recorded_at < self._since

    async def read_on(self, on_progress: OnProgress) -> None:
        """Up to what is last in the stream now, or further. Raises `StreamSetBack`."""
        info = await stream_info(self._js)
        last = info.state.last_seq if info else 0
        if last < self.sequence:
            raise StreamSetBack
        self._since = await kept_since(self._js)
        if info and last > self.sequence:
            self._limited = limited(info.config)
            await self._read(last, on_progress)

    async def _read(self, last: int, on_progress: OnProgress) -> None:
        begin = self.sequence
        async for messages in self._batches(last):
            for message in messages:
                self._note(message)
            self.sequence = messages[-1].metadata.sequence.stream
            on_progress("stream", min(self.sequence, last) - begin, last - begin)
        self.sequence = max(last, self.sequence)  # the last ones may be of others, or deleted

    async def _batches(self, last: int) -> AsyncIterator[Sequence[Msg]]:
        """The headers of all messages behind `sequence`, at least up to `last`."""
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.sequence + 1,
            ack_policy=AckPolicy.NONE,
            filter_subject=self._subject,
            headers_only=True,
            mem_storage=True,
            inactive_threshold=30,
        )
        consumer = await self._js.add_consumer(STREAM, config)
        pull = await self._js.pull_subscribe_bind(consumer.name, STREAM)
        pending = consumer.num_pending or 0
        while pending:
            messages = await pull.fetch(min(BATCH, pending))
            yield messages
            end = messages[-1].metadata
            pending = 0 if end.sequence.stream >= last else end.num_pending
        await pull.unsubscribe()
        with suppress(nats.js.errors.NotFoundError):
            await self._js.delete_consumer(STREAM, consumer.name)

    def _note(self, message: Msg) -> None:
        try:
            tenant, position = place_of(message.subject, message.headers)
            reached = reached_by(message.subject, message.headers)
        except Foreign:
            return
        self.reached[tenant] = reached
        self._first.setdefault(tenant, position)
        page = self._pages.setdefault((tenant, position // PAGE), bytearray())
        if not page:
            page.extend(bytes(PAGE))
        self.doubled[tenant] += page[position % PAGE]
        self.distinct[tenant] += 1 - page[position % PAGE]
        page[position % PAGE] = 1
