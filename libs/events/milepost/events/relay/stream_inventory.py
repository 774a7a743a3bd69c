"""What the stream holds: each tenant's positions, read from the headers of all its messages."""

from array import array
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

import nats.js.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from milepost.events.errors import EventsError
from milepost.events.log import Recorded
from milepost.events.nats.cloudevents import Claim, Foreign, claim_of
from milepost.events.nats.jetstream import STREAM, kept_since, limited, stream_info

BATCH = 1000
PAGE = 1 << 10
# Of the strays that are noted one by one; the others are only counted.
MAX_STRAYS = 1000
RECENT = 100
ANYBODY = "?"

# Called with what is being read ("stream", "log"), how much of it is done, and how much there is.
OnProgress: TypeAlias = Callable[[str, int, int], None]


class StreamSetBack(EventsError):
    """The stream was deleted, purged or restored while it was read: begin anew."""


class Stray(NamedTuple):
    """A message that this log did not write. `position` and `event_id` are what it claims."""

    tenant: str
    sequence: int
    subject: str
    position: int | None = None
    event_id: UUID | None = None


class StreamInventory:
    """As read up to `sequence`; `read_on` goes further. Four bytes per position of the log.

    highest   each tenant's highest position that a message claims
    recent    each tenant's last hundred messages: their sequence, and what they claim
    doubled   how many messages came again
    foreign   messages that claim no position, or one that another message had claimed for another
              event: `strays` has the first thousand
    """

    def __init__(self, js: JetStreamContext, tenant: str = "*") -> None:
        self.sequence = 0
        self.highest: dict[str, int] = defaultdict(int)
        self.doubled: dict[str, int] = defaultdict(int)
        self.foreign: dict[str, int] = defaultdict(int)
        self.strays: list[Stray] = []
        self.recent: dict[str, deque[tuple[int, Claim]]] = defaultdict(lambda: deque(maxlen=RECENT))
        self._js = js
        self._subject = f"milepost.{tenant}.>" if tenant != "*" else "milepost.>"
        self._first: dict[str, int] = {}
        self._distinct: dict[str, int] = defaultdict(int)
        self._others: dict[tuple[str, int], set[int]] = defaultdict(set)
        self._created: datetime | None = None
        self._limited = False
        self._since: datetime | None = None
        self._pages: dict[tuple[str, int], array[int]] = {}

    def tenants(self) -> set[str]:
        return self._distinct.keys() | self.foreign.keys()

    def distinct(self, tenant: str) -> int:
        """How many positions, and different events at them, the stream has of a tenant."""
        return self._distinct.get(tenant, 0)

    def holds(self, event: Recorded) -> bool:
        """Not only one that claims its position."""
        mark = _mark(event.event_id)
        if self._mark_at(event.tenant, event.position) == mark:
            return True
        return mark in self._others.get((event.tenant, event.position), ())

    def claimed(self, tenant: str, position: int) -> bool:
        """Whether some message claims the position."""
        return self._mark_at(tenant, position) > 0

    def discarded(self, event: Recorded) -> bool:
        """Whether the stream's limits, should somebody have set any, may have dropped it."""
        if (first := self._first.get(event.tenant)) is not None:
            return self._limited and event.position < first
        return self._since is not None and event.recorded_at < self._since

    async def read_on(self, on_progress: OnProgress) -> None:
        """Up to what is last in the stream now, or further. Raises `StreamSetBack`."""
        info = await stream_info(self._js)
        last = info.state.last_seq if info else 0
        created = info.created if info else None
        if last < self.sequence or (self.sequence and created != self._created):
            raise StreamSetBack
        self._created = created
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
        sequence = message.metadata.sequence.stream
        try:
            claim = claim_of(message.subject, message.headers)
        except Foreign:
            self._note_stray(Stray(tenant_in(message.subject), sequence, message.subject))
            return
        tenant, position, event_id, *_ = claim
        self.recent[tenant].append((sequence, claim))
        self._first.setdefault(tenant, position)
        self.highest[tenant] = max(position, self.highest[tenant])
        before, mark = self._mark_at(tenant, position), _mark(event_id)
        if not before:
            self._page(tenant, position)[position % PAGE] = mark
            self._distinct[tenant] += 1
        elif mark == before or mark in self._others.get((tenant, position), ()):
            self.doubled[tenant] += 1
        else:
            # Two events claim one position: the log knows which is true, so both are kept.
            self._others[tenant, position].add(mark)
            self._distinct[tenant] += 1

    def _note_stray(self, stray: Stray) -> None:
        self.foreign[stray.tenant] += 1
        if len(self.strays) < MAX_STRAYS:
            self.strays.append(stray)

    def _mark_at(self, tenant: str, position: int) -> int:
        page = self._pages.get((tenant, position // PAGE))
        return page[position % PAGE] if page else 0

    def _page(self, tenant: str, position: int) -> "array[int]":
        key = (tenant, position // PAGE)
        if key not in self._pages:
            self._pages[key] = array("I", bytes(4 * PAGE))
        return self._pages[key]


def tenant_in(subject: str) -> str:
    parts = subject.split(".")
    return parts[1][:64] if len(parts) > 1 else ANYBODY


def _mark(event_id: UUID) -> int:
    """The last bits, which are random in every version of ids that we have; never 0."""
    return event_id.int & 0xFFFFFFFF or 1
