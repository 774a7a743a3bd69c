"""Events to bytes and back. Old shapes are lifted by upcasters; unknown ones are refused."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, get_args

import msgspec

from milepost.events.errors import EventsError
from milepost.events.event import UNDATED, Event, tag_of

E = TypeVar("E", bound=Event)
Fields = dict[str, Any]
Upcaster = Callable[[Fields], Fields]

_encoder = msgspec.json.Encoder()


class UnknownEvent(EventsError):
    """The log holds a type that this process does not know: deploy readers before writers."""


class Stored(Protocol):
    """An event as the log holds it: `Recorded`."""

    @property
    def type(self) -> str: ...

    @property
    def data(self) -> bytes: ...

    @property
    def occurred_at(self) -> datetime: ...


class Codec(Generic[E]):
    """Encodes and decodes one union of events.

    The tag and `occurred_at` have columns of their own, so neither stands in the JSON.
    `upcasters` maps an old tag to (its successor's tag, a function from old fields to new ones);
    chains are followed until a tag of the union is reached.
    """

    def __init__(
        self, union: object, upcasters: Mapping[str, tuple[str, Upcaster]] | None = None
    ) -> None:
        classes: Iterable[type[E]] = get_args(union) or (union,)
        self.classes: dict[str, type[E]] = {tag_of(cls): cls for cls in classes}
        self.upcasters = dict(upcasters or {})
        self._decoders = {tag: msgspec.json.Decoder(cls) for tag, cls in self.classes.items()}
        # Of the tags that no upcaster lifts: what `decode` does, but for the time.
        self.undated = {tag: decoder.decode for tag, decoder in self._decoders.items()}
        self._heads = {cls: (tag, len(f'{{"type":"{tag}"')) for tag, cls in self.classes.items()}

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag that may stand in the log, old ones included."""
        return (*self.classes, *self.upcasters)

    def encode(self, event: E) -> tuple[str, bytes]:
        """The tag and the JSON object of the remaining fields."""
        tag, head = self._heads[type(event)]
        bare = msgspec.structs.replace(event, occurred_at=UNDATED)
        return tag, b"{" + _encoder.encode(bare)[head:].removeprefix(b",")

    def read(self, stored: Stored) -> E:
        """Raises what `decode` raises."""
        return self.decode(stored.type, stored.data, stored.occurred_at)

    def decode(self, tag: str, data: bytes | str, occurred_at: datetime) -> E:
        """Raises `UnknownEvent` for a tag without class or upcaster, `msgspec.ValidationError`."""
        decoder = self._decoders.get(tag)
        if decoder is None:
            return self._upcast(tag, data, occurred_at)
        event = decoder.decode(data)
        # Just decoded, so nobody else has seen it: cheaper than a second struct per event.
        msgspec.structs.force_setattr(event, "occurred_at", occurred_at)
        return event

    def _upcast(self, tag: str, data: bytes | str, occurred_at: datetime) -> E:
        fields: Fields = msgspec.json.decode(data)
        while tag not in self.classes:
            if tag not in self.upcasters:
                raise UnknownEvent(tag)
            tag, lift = self.upcasters[tag]
            fields = lift(fields)
        return msgspec.convert({**fields, "occurred_at": occurred_at}, self.classes[tag])
