"""Publishes a part of a tenant's log again, for one subscriber that has to catch up.

It goes to a subject of its own, never into the main stream, where everybody would get it again.
The messages are the CloudEvents that they were, and say which subject they had.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig

from milepost.events.errors import EventsError
from milepost.events.log import Log, Recorded, pages
from milepost.events.nats.cloudevents import NO_SCHEMAS, header_lines
from milepost.events.nats.jetstream import STREAM as MAIN_STREAM
from milepost.events.nats.pipeline import Message, Pipeline, PipelineBroken
from milepost.events.relay.stream_inventory import OnProgress
from milepost.events.relay.unpublishable import PublishedTypes, Unpublishable, fitting_message

STREAM = "MILEPOST_REPUBLISH"
SUBJECTS = "republish.>"
MAX_AGE_SECONDS = 7 * 24 * 3600
# When it is full it takes no more, rather than dropping what nobody has read yet.
MAX_BYTES = 1 << 30
BATCH = 1000
REPUBLISHED = "Milepost-Republished"
# A subject to publish to: no wildcard, and not one of the server's own.
SUBJECT = re.compile(r"(?![$_])[!-~]+(?<![.])")

_log = structlog.get_logger()


class SubjectUnfit(EventsError):
    """It is no subject to publish to, or one of the main stream's."""


class NobodyListens(EventsError):
    """No stream takes the subject: its messages would vanish."""


class Stopped(EventsError):
    """The stream refused a message. `position` is the first that it did not acknowledge."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(why)
        self.position = position


class Part(msgspec.Struct, frozen=True):
    """Of the tenant's log: from `first` to `last`, both included, the events with these tags."""

    tenant: str
    first: int
    last: int
    tags: Sequence[str]


async def stream_for(
    js: JetStreamContext, subject: str, *, replicas: int = 1, make: bool = True
) -> str:
    """The stream that takes the subject; ours is made the first time, unless told not to `make`.

    Raises `SubjectUnfit`, `NobodyListens`.
    """
    tokens = subject.split(".")
    if not SUBJECT.fullmatch(subject) or {"", "*", ">"} & {*tokens} or tokens[0] == "milepost":
        raise SubjectUnfit
    try:
        name = await js.find_stream_name_by_subject(subject)
    except nats.js.errors.NotFoundError as error:
        if tokens[0] != "republish" or len(tokens) == 1:
            raise NobodyListens from error
        name = await _make_stream(js, replicas) if make else STREAM
    if name == MAIN_STREAM:
        raise SubjectUnfit
    return name


async def _make_stream(js: JetStreamContext, replicas: int) -> str:
    _log.info("stream_created", stream=STREAM)
    config = StreamConfig(
        name=STREAM,
        subjects=[SUBJECTS],
        storage=StorageType.FILE,
        num_replicas=replicas,
        max_age=MAX_AGE_SECONDS,
        max_bytes=MAX_BYTES,
        discard=DiscardPolicy.NEW,
        allow_direct=True,
    )
    await js.add_stream(config)
    return STREAM


async def count(log: Log, part: Part, on_progress: OnProgress) -> Counter[str]:
    """How many events of each tag there are."""
    counts: Counter[str] = Counter()
    async for events in _batches(log, part, on_progress):
        counts.update(event.type for event in events)
    return counts


async def republish(
    log: Log,
    client: Client,
    services: Mapping[str, str],
    part: Part,
    subject: str,
    *,
    on_progress: OnProgress,
    dataschemas: Mapping[str, str] = NO_SCHEMAS,
) -> Counter[str]:
    """Publish them in order, each acknowledged: how many of each tag. Raises `Stopped`."""
    counts: Counter[str] = Counter()
    types, payload = PublishedTypes(services, dataschemas), client.max_payload
    async with Pipeline(client, window=BATCH) as pipeline:
        async for events in _batches(log, part, on_progress):
            before = pipeline.acknowledged
            try:
                await pipeline.publish(_again(events, types, subject, payload))
                await pipeline.flush()
            except PipelineBroken as broken:
                missed = events[pipeline.acknowledged - before]
                raise Stopped(missed.position, str(broken)) from broken
            counts.update(event.type for event in events)
    return counts


async def _batches(
    log: Log, part: Part, on_progress: OnProgress
) -> AsyncIterator[Sequence[Recorded]]:
    """Each is shown as done when the next is asked for."""
    before, size = part.first - 1, part.last - part.first + 1
    async for page in pages(log, part.tenant, before, upto=part.last, types=part.tags, limit=BATCH):
        if page.events:
            yield page.events
        on_progress("events", page.reached - before, size)


def _again(
    events: Sequence[Recorded], types: PublishedTypes, subject: str, payload: int
) -> list[Message]:
    """Raises `Stopped` at one that cannot be published."""
    messages = []
    for event in events:
        try:
            message = fitting_message(event, types, payload)
        except Unpublishable as error:
            raise Stopped(event.position, str(error)) from error
        mark = header_lines({REPUBLISHED: message.subject})
        messages.append(message._replace(subject=subject, headers=message.headers + mark))
    return messages
