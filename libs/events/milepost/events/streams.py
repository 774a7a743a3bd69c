"""A category of streams: how its events are encoded and folded into a state."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from milepost.events.codec import Codec
from milepost.events.event import Event
from milepost.events.log import Recorded

S = TypeVar("S")
E = TypeVar("E", bound=Event)


class Category(msgspec.Struct, Generic[S, E], frozen=True, eq=False):
    """`evolve(state, event) -> state` never refuses. It may reuse the state it is handed: the
    fold owns it. Decisions must not change the state they read. `copy` is for streams that many
    processes write at once: a lost race then costs the missing tail, not the whole stream.
    """

    name: str
    initial: Callable[[], S]
    evolve: Callable[[S, E], S]
    codec: Codec[E]
    copy: Callable[[S], S] | None = None

    def of(self, key: str, *, likely_new: bool = False) -> "Stream[S, E]":
        """`likely_new`: decide as if it were empty before it is read; the append tells if not."""
        return Stream(self, key, f"{self.name}-{key}", likely_new)

    def fold(self, recorded: Iterable[Recorded], state: S | None = None) -> S:
        state = self.initial() if state is None else state
        for one in recorded:
            state = self.evolve(state, self.codec.decode(one.type, one.data, one.occurred_at))
        return state


class Stream(msgspec.Struct, Generic[S, E], frozen=True, eq=False):
    """One stream of a category: `enrollment-7f3…`."""

    category: Category[S, E]
    key: str
    name: str
    likely_new: bool = False


def category_of(stream: str) -> str:
    return stream.partition("-")[0]


def key_of(stream: str) -> str:
    return stream.partition("-")[2]
