"""What has happened, as CloudEvents: page by page, or one by one as they come.

feed    long polls; a page tells how far it has read, for who keeps that with what they do
stream  one open request (server-sent events); for screens, which need no past
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import httpx2
import msgspec

from milepost_client.errors import AnswerUnreadable, NoAnswer, Problem
from milepost_client.retries import PASSING, Retries
from milepost_client.server_sent import Message, messages
from milepost_client.transport import POSITION, Query, Transport, read

BATCH: Final = "application/cloudevents-batch+json"
TYPE_PREFIX: Final = "milepost."
Fact = TypeVar("Fact")
WAIT_SECONDS: Final = 30  # as long as the server may hold a long poll


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`id` names it for ever; `place` is its position in the log, as a text, `kind` its `type`.

    `time` is when it happened, `recordedat` when it was written down.
    """

    id: str
    source: str
    kind: str = msgspec.field(name="type")
    time: datetime
    subject: str
    tenant: str
    place: str = msgspec.field(name="position")
    recordedat: datetime
    correlationid: str | None = None
    causationid: str | None = None
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """As filters have it: `credential_awarded`."""
        return self.kind.removeprefix(TYPE_PREFIX)

    @property
    def position(self) -> int:
        return int(self.place)

    def read(self, fact: type[Fact]) -> Fact:
        """What it says, as one of `event_data`: `event.read(CredentialAwarded).achievement`.

        Raises `AnswerUnreadable`: it is an event of another type.
        """
        try:
            return msgspec.convert(self.data, fact)
        except msgspec.ValidationError as error:
            raise AnswerUnreadable(f"{self.name} as {fact.__name__}: {error}") from error


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """`position`: how far it has read, which is further than its last event where none matched.

    `head`: how far the log reached then.
    """

    events: Sequence[Event]
    position: int
    head: int


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Events of these types, such as `credential_awarded`, about any of these.

    What is empty does not filter.
    """

    types: Sequence[str] = ()
    courses: Sequence[str] = ()
    offerings: Sequence[str] = ()
    achievements: Sequence[str] = ()
    learners: Sequence[str] = ()

    @property
    def query(self) -> Query:
        return {
            "type": self.types,
            "course": self.courses,
            "offering": self.offerings,
            "achievement": self.achievements,
            "learner": self.learners,
        }


async def feed(
    transport: Transport,
    wanted: EventFilter,
    *,
    after: int,
    since: datetime | None,
    limit: int,
    wait_seconds: int,
) -> AsyncGenerator[Page, None]:
    while True:
        start = {"after": after} if since is None else {"since": since}
        query = {**wanted.query, **start, "limit": limit, "wait": wait_seconds or None}
        page = _page(await transport.fetch("/events", query, BATCH, patience_seconds=wait_seconds))
        yield page
        if not wait_seconds and page.position >= page.head:
            return
        after, since = page.position, None


def _page(response: httpx2.Response) -> Page:
    return Page(
        events=read(response.content, list[Event]),
        position=int(response.headers[POSITION]),
        head=int(response.headers["Milepost-Head"]),
    )


async def stream(
    transport: Transport, wanted: EventFilter, *, after: int | None, retries: Retries
) -> AsyncGenerator[Event, None]:
    failures, last = 0, "" if after is None else str(after)
    while True:
        failure: NoAnswer | Problem = NoAnswer("The stream has ended.")
        try:
            async for message in _messages(transport, wanted, last):
                failures, last = 0, message.id or last
                if message.data:
                    yield read(message.data.encode(), Event)
        except (NoAnswer, Problem) as broken:
            failure = broken
        failures += 1
        await asyncio.sleep(_pause_seconds(failure, failures, retries))


async def _messages(transport: Transport, wanted: EventFilter, last: str) -> AsyncIterator[Message]:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    async with transport.streamed("/events/stream", wanted.query, headers) as response:
        async for message in messages(response.aiter_lines()):
            yield message


def _pause_seconds(failure: NoAnswer | Problem, failures: int, retries: Retries) -> float:
    """Before the stream is opened anew. Raises the failure where there is no use in that."""
    if isinstance(failure, Problem) and failure.status not in PASSING:
        raise failure
    retry_after = failure.retry_after if isinstance(failure, Problem) else None
    pause = retries.pause_seconds(failures, retry_after)
    if pause is None:
        raise failure
    return pause
