"""What a log is: the values that go in and come out, what it can do, and reading it in pages."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

import msgspec

from milepost.events.errors import EventsError
from milepost.events.event import Invalid

# A tenant's name is one token of a NATS subject.
TENANT_PATTERN = r"^[A-Za-z0-9_-]{1,64}\Z"
# Of a page, in events: some megabytes at most, whatever the log holds.
PAGE = 1000
# No log has a position beyond it.
LAST = 2**63 - 1


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way in. `data` and `metadata` are JSON objects, UTF-8."""

    stream: str
    type: str
    data: bytes
    occurred_at: datetime
    event_id: UUID
    metadata: bytes = b"{}"


class Recorded(msgspec.Struct, frozen=True):
    """An event as the log holds it. `position` orders a tenant's log, `version` a stream."""

    tenant: str
    position: int
    stream: str
    version: int
    type: str
    data: bytes
    metadata: bytes
    occurred_at: datetime
    recorded_at: datetime
    event_id: UUID


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One decision's events, all or nothing.

    `expects` gives each stream it was decided on with the version that was seen (0: empty);
    every stream written must be among them. `after` names earlier commands of the same call that
    it was decided on: it stands only if these are appended by this very call. (Versions alone do
    not tell: somebody else's event may have taken the place of the one that was foreseen.)
    There is at least one event. The same `command_id` is only ever done once.
    """

    command_id: UUID
    expects: tuple[tuple[str, int], ...]
    events: tuple[NewEvent, ...]
    after: tuple[UUID, ...] = ()


class Appended(msgspec.Struct, frozen=True):
    """Positions first to last, without gaps; `recorded_at` is the log's clock."""

    first: int
    last: int
    recorded_at: datetime


class AlreadyDone(msgspec.Struct, frozen=True):
    """The command was done before, at these positions."""

    first: int
    last: int


class Conflict(msgspec.Struct, frozen=True):
    """`stream` is at `version`, and not as the command expected it. Nothing was written."""

    stream: str
    version: int


class DuplicateEventId(EventsError):
    """The tenant's log has an event of this id, or the call has it twice. Nothing was written."""


@dataclass
class BeyondTheLog(Invalid):
    """The log has not given out that position yet: take one from an answer."""

    awaited: int
    head: int


Result: TypeAlias = Appended | AlreadyDone | Conflict


class Page(msgspec.Struct, frozen=True):
    """Events in order. `reached`: all that was asked for is in these pages up to this position."""

    events: Sequence[Recorded]
    reached: int


class Log(Protocol):
    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        """Append in order, one result per command; a later command sees what an earlier wrote.

        Raises `DuplicateEventId`.
        """

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        """A stream's events with version > `after`, in order."""

    async def read_category(self, tenant: str, category: str, after: int = 0) -> list[Recorded]:
        """Events of all streams `category-…` with position > `after`, in order. For small ones."""

    async def read(
        self,
        tenant: str,
        after: int = 0,
        limit: int = PAGE,
        types: Sequence[str] | None = None,
        upto: int = LAST,
    ) -> list[Recorded]:
        """Events with position > `after` and <= `upto`, in order, at most `limit`, of these types
        if given. What is of few types takes as long as all that is between them: `upto` bounds it.
        """

    async def heads(self, tenants: Sequence[str] | None = None) -> dict[str, int]:
        """Each tenant's last position, or of these alone."""

    async def done(self, tenant: str, command_ids: Sequence[UUID]) -> dict[UUID, AlreadyDone]:
        """Which of these commands were done, and where."""


async def read_page(
    log: Log,
    tenant: str,
    after: int,
    head: int,
    *,
    types: Sequence[str] | None = None,
    limit: int = PAGE,
) -> Page:
    """What follows `after`; `head` is a position that the log is known to have.

    Events beyond `head` may be among them: whoever follows the log need not read those again.
    """
    events = await log.read(tenant, after, limit, types)
    last = events[-1].position if events else 0
    return Page(events, last if len(events) == limit else max(head, last))


async def pages(
    log: Log,
    tenant: str,
    after: int = 0,
    *,
    upto: int | None = None,
    types: Sequence[str] | None = None,
    limit: int = PAGE,
) -> AsyncIterator[Page]:
    """What follows `after`, up to `upto` and no further: to where the log ends now, if None."""
    if upto is None:
        upto = (await log.heads()).get(tenant, 0)
    while after < upto:
        page = await read_page(log, tenant, after, upto, types=types, limit=limit)
        after = min(page.reached, upto)
        if page.reached > upto:
            page = Page([event for event in page.events if event.position <= upto], upto)
        yield page


async def event_at(log: Log, tenant: str, position: int) -> Recorded:
    """The event at a position that the log has."""
    [event] = await log.read(tenant, position - 1, 1)
    return event


async def position_at(log: Log, tenant: str, at: datetime, head: int) -> int:
    """The last position up to `head` that was recorded at this time or before; 0: none was.

    By halves, for the log takes events in order of time: some twenty reads of one event each.
    """
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        if (await event_at(log, tenant, middle)).recorded_at <= at:
            low = middle
        else:
            high = middle - 1
    return low
