"""What a decision answers, and how its events are found in the answer.

    transact is given    decide is called with    and answers
    one stream           its state                its events
    several streams      their states             a tuple: each stream's events, in their order
    either               the same                 anything whose `events` are such, and that tells
                                                  the caller more: `outcome.value`
    several streams      the same                 `Needs(streams)`: called again with these too

A decision is pure and may be called any number of times. Tuples may be named (`Admission`). One
that is shorter than the streams writes nothing to the others.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

from milepost.events.commands.state_cache import CachedStream, Streams
from milepost.events.event import Event, Refused

X_co = TypeVar("X_co", covariant=True)

EventsByStream: TypeAlias = tuple[Sequence[Event], ...]
Decide: TypeAlias = Callable[..., Any]


class WithEvents(Protocol[X_co]):
    """An answer that tells more than events: what came of each report, say."""

    @property
    def events(self) -> X_co: ...


class Needs(msgspec.Struct, frozen=True):
    """The decision also depends on these streams, which it has not been called with yet.

    Their states come behind the others, in this order. It may need more again; see `needs`.
    """

    streams: Sequence[Any]


def call(decide: Decide, entries: Sequence[CachedStream]) -> Any:
    """The answer; a refusal is one too."""
    try:
        return decide(*[entry.state for entry in entries])
    except Refused as refusal:
        return refusal


def events_by_stream(answer: Any, streams: Streams, *, alone: bool) -> EventsByStream:
    """`alone`: the one stream was not given as a tuple, so neither are its events."""
    events = getattr(answer, "events", answer)
    if alone:
        return (events,)
    lacking = len(streams) - len(events)
    if lacking > 0:
        return (*events, *((),) * lacking)
    assert not any(events[len(streams) :]), "events for a stream that it was not called with"
    return tuple(events[: len(streams)]) if lacking else events
