"""Events and commands to hand to a log."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from milepost.events.log import Appended, Command, NewEvent

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(stream: str, data: bytes = b'{"n": 1}', kind: str = "thing_happened") -> NewEvent:
    return NewEvent(stream=stream, type=kind, data=data, occurred_at=WHEN, event_id=uuid4())


def command(
    *expects: tuple[str, int],
    events: int = 1,
    after: tuple[UUID, ...] = (),
    named: UUID | None = None,
) -> Command:
    """A command that appends `events` events to each stream it expects."""
    new = tuple(event(stream) for stream, _ in expects for _ in range(events))
    return Command(command_id=named or uuid4(), expects=expects, events=new, after=after)


def shapes(results: Sequence[object]) -> list[object]:
    """Results without the log's clock."""
    return [(r.first, r.last) if isinstance(r, Appended) else r for r in results]
