"""A command on its way through transact: what stays the same however often it is decided."""

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

from milepost.events.event import UNDATED, Event
from milepost.events.ids import new_id
from milepost.events.log import Appended, NewEvent, Recorded
from milepost.events.streams import Stream

Streams: TypeAlias = tuple[Stream[Any, Any], ...]


class CommandEncoder:
    """Turns what was decided into events to append, and what was appended into what is recorded."""

    __slots__ = ("command_id", "metadata", "streams", "tenant")

    def __init__(self, tenant: str, streams: Streams, command_id: UUID, metadata: bytes) -> None:
        self.tenant = tenant
        self.streams = streams
        self.command_id = command_id
        self.metadata = metadata

    def encode(self, decided: tuple[Sequence[Event], ...]) -> tuple[NewEvent, ...]:
        return tuple(
            self._new(stream, event)
            for stream, events in zip(self.streams, decided, strict=True)
            for event in events
        )

    def _new(self, stream: Stream[Any, Any], event: Event) -> NewEvent:
        assert event.occurred_at is not UNDATED, f"{event!r} does not say when it happened"
        tag, data = stream.category.codec.encode(event)
        return NewEvent(
            stream=stream.name,
            type=tag,
            data=data,
            metadata=self.metadata,
            occurred_at=event.occurred_at,
            event_id=new_id(),
        )

    def recorded(
        self, events: tuple[NewEvent, ...], versions: dict[str, int], at: Appended
    ) -> tuple[Recorded, ...]:
        def record(position: int, event: NewEvent) -> Recorded:
            versions[event.stream] += 1
            return Recorded(
                self.tenant,
                position,
                event.stream,
                versions[event.stream],
                event.type,
                event.data,
                event.metadata,
                event.occurred_at,
                at.recorded_at,
                event.event_id,
            )

        return tuple(record(position, event) for position, event in enumerate(events, at.first))
