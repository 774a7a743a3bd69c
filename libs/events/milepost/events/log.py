"""What a log is: the values that go in and come out, and the four things it can do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

import msgspec

# A tenant's name is one token of a NATS subject.
TENANT_PATTERN = r"^[A-Za-z0-9_-]{1,64}\Z"


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


Result: TypeAlias = Appended | AlreadyDone | Conflict


class Log(Protocol):
    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        """Append in order, one result per command; a later command sees what an earlier wrote."""

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        """A stream's events with version > `after`, in order."""

    async def read_category(self, tenant: str, category: str, after: int = 0) -> list[Recorded]:
        """Events of all streams `category-…` with position > `after`, in order. For small ones."""

    async def read(
        self, tenant: str, after: int = 0, limit: int = 1000, types: Sequence[str] | None = None
    ) -> list[Recorded]:
        """Events with position > `after`, in order, at most `limit`, of these types if given."""

    async def heads(self) -> dict[str, int]:
        """Each tenant's last position."""

    async def done(self, tenant: str, command_ids: Sequence[UUID]) -> dict[UUID, AlreadyDone]:
        """Which of these commands were done, and where."""
