"""Visits that say whom they found: an event decided on a state that never was gives itself away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Event
from milepost.events.log import Recorded
from milepost.events.streams import Category

WHEN = datetime(2026, 3, 1, tzinfo=UTC)


class Visited(Event, frozen=True, kw_only=True, tag="visited"):
    who: str
    found: str


class Visits(msgspec.Struct, frozen=True):
    count: int = 0
    last: str = ""


@dataclass
class NotAlone(Conflicting):
    found: str


def evolve(state: Visits, event: Visited) -> Visits:
    return Visits(state.count + 1, event.who)


VISITS = Category("visits", Visits, evolve, Codec[Visited](Visited))
# The same streams, with what many processes write at once: a state to go back to.
CROWDED = Category("visits", Visits, evolve, VISITS.codec, copy=lambda state: state)

Decide = Callable[[Visits], Sequence[Visited]]


def visit(who: str) -> Decide:
    """Always one more: done twice, it shows."""
    return lambda state: [Visited(who=who, found=state.last, occurred_at=WHEN)]


def visit_both(who: str) -> Callable[[Visits, Visits], tuple[Sequence[Visited], Sequence[Visited]]]:
    return lambda one, other: (visit(who)(one), visit(who)(other))


def visit_if_empty(who: str) -> Decide:
    def decide(state: Visits) -> Sequence[Visited]:
        if state.count:
            raise NotAlone(state.last)
        return visit(who)(state)

    return decide


def stay_if_last(who: str) -> Decide:
    return lambda state: [] if state.last == who else visit(who)(state)


def phantoms(recorded: Sequence[Recorded]) -> list[str]:
    """The visits that found somebody else than the one before them, as the log has it."""
    last: dict[str, str] = {}
    wrong = []
    for one in recorded:
        seen = VISITS.codec.read(one)
        if last.get(one.stream, "") != seen.found:
            wrong.append(f"{seen.who} found {seen.found!r} at {one.stream} {one.version}")
        last[one.stream] = seen.who
    return wrong
