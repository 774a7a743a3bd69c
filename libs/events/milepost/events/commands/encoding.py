"""What stays the same of a command however often it is decided, and how its events are encoded."""

from typing import Any
from uuid import UUID

from milepost.events.commands.decision import EventsByStream
from milepost.events.commands.state_cache import Streams
from milepost.events.event import UNDATED, Event
from milepost.events.ids import new_id
from milepost.events.log import Appended, Command, NewEvent, Recorded
from milepost.events.streams import Stream


class CommandEncoder:
    """Turns events into a `Command` for the log, and its result into what the log has recorded.

    `repeatable`: the id came from outside, so the command may have been done before.
    """

    __slots__ = ("command_id", "metadata", "repeatable", "tenant")

    def __init__(self, tenant: str, command_id: UUID, metadata: bytes, *, repeatable: bool) -> None:
        self.tenant = tenant
        self.command_id = command_id
        self.metadata = metadata
        self.repeatable = repeatable

    def encode(
        self, streams: Streams, expects: tuple[tuple[str, int], ...], events: EventsByStream
    ) -> Command:
        encoded = tuple(
            [
                self._new(stream, event)
                for stream, new in zip(streams, events, strict=True)
                for event in new
            ]
        )
        return Command(command_id=self.command_id, expects=expects, events=encoded)

    def recorded(self, command: Command, at: Appended) -> tuple[Recorded, ...]:
        versions, recorded = dict(command.expects), []
        for position, event in enumerate(command.events, at.first):
            versions[event.stream] += 1
            recorded.append(
                Recorded(
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
            )
        return tuple(recorded)

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
