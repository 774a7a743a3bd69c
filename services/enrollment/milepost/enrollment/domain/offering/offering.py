"""An offering: one run of a course version: opened, closed, canceled, and when it takes who in."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

import msgspec
from msgspec.structs import asdict, replace

from milepost.contracts import streams
from milepost.contracts.offerings import (
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
    SeatOffered,
    SeatReleased,
    SeatTaken,
)
from milepost.enrollment.domain.course.plan_faults import Fault
from milepost.enrollment.events import OfferingEvent, WaitlistJoined, WaitlistLeft
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Invalid, Refused, Unknown
from milepost.events.streams import Category

# What an `OfferingChanged` says anew.
CHANGEABLE: Final = (
    "window_opens",
    "window_closes",
    "ends",
    "seats",
    "waitlist",
    "offer_hours",
)


@dataclass
class UnknownOffering(Unknown):
    offering: str


@dataclass
class OfferingInvalid(Invalid):
    """All faults at once."""

    offering: str
    faults: tuple[Fault, ...]


@dataclass
class OfferingAlreadyOpen(Conflicting):
    """It is open with other facts; an offering's facts do not change silently."""

    offering: str


@dataclass
class OfferingAlreadyClosed(Conflicting):
    offering: str
    closed_at: datetime


@dataclass
class WindowNotOpen(Conflicting):
    offering: str
    opens_at: datetime


@dataclass
class WindowClosed(Conflicting):
    offering: str
    closed_at: datetime


@dataclass
class OfferingFull(Conflicting):
    offering: str
    seats: int


@dataclass
class OfferingAlreadyCanceled(Conflicting):
    offering: str
    reason: str


@dataclass
class OfferingEnded(Conflicting):
    offering: str
    ended_at: datetime


class Offering(msgspec.Struct):
    """Seats, offers and waitlist hold enrollment ids, and stay empty when there is no cap.

    `opened` is what was opened with all later changes. Taking, leaving and "who is first" cost
    the same however many wait.
    """

    opened: OfferingOpened | None = None
    closed_at: datetime | None = None
    canceled: OfferingCanceled | None = None
    seated: set[str] = msgspec.field(default_factory=set)
    offered: dict[str, SeatOffered] = msgspec.field(default_factory=dict)
    waiting: OrderedDict[str, WaitlistJoined] = msgspec.field(default_factory=OrderedDict)

    def place(self, enrollment: str) -> int | None:
        """The enrollment's place in the waitlist, from 1. Found at once for who joined last."""
        for behind, one in enumerate(reversed(self.waiting)):
            if one == enrollment:
                return len(self.waiting) - behind
        return None

    @property
    def expires(self) -> datetime | None:
        """When enrollments that are not completed end."""
        if self.opened is None or self.opened.ends is None or self.opened.expires_days is None:
            return None
        return self.opened.ends + timedelta(days=self.opened.expires_days)


def evolve(state: Offering, event: OfferingEvent) -> Offering:
    match event:
        case OfferingOpened():
            state.opened = event
        case OfferingChanged():
            assert state.opened is not None
            state.opened = replace(state.opened, **_changeable(event))
        case OfferingClosed():
            state.closed_at = event.occurred_at
        case OfferingCanceled():
            state.canceled = event
        case SeatTaken():
            state.waiting.pop(event.enrollment, None)
            state.offered.pop(event.enrollment, None)
            state.seated.add(event.enrollment)
        case SeatOffered():
            state.waiting.pop(event.enrollment, None)
            state.offered[event.enrollment] = event
        case SeatReleased():
            state.seated.discard(event.enrollment)
            state.offered.pop(event.enrollment, None)
        case WaitlistJoined():
            state.waiting[event.enrollment] = event
        case WaitlistLeft():
            state.waiting.pop(event.enrollment, None)
        case _:
            assert_never(event)
    return state


def _copy(state: Offering) -> Offering:
    return replace(
        state,
        seated=set(state.seated),
        offered=dict(state.offered),
        waiting=OrderedDict(state.waiting),
    )


OFFERING: Category[Offering, OfferingEvent] = Category(
    streams.OFFERING, Offering, evolve, Codec(OfferingEvent), _copy
)


def running(state: Offering, *, offering: str, occurred_at: datetime) -> OfferingOpened:
    """The facts of an offering that goes on at this time, whatever its window.

    Raises `UnknownOffering`, `OfferingAlreadyCanceled`, `OfferingAlreadyClosed`, `OfferingEnded`.
    """
    for refusal in not_running(state, offering=offering, occurred_at=occurred_at):
        raise refusal
    assert state.opened is not None
    return state.opened


def not_running(state: Offering, *, offering: str, occurred_at: datetime) -> Iterator[Refused]:
    opened = state.opened
    if opened is None:
        yield UnknownOffering(offering)
        return
    if state.canceled is not None:
        yield OfferingAlreadyCanceled(offering, state.canceled.reason)
    if state.closed_at is not None and occurred_at >= state.closed_at:
        yield OfferingAlreadyClosed(offering, state.closed_at)
    if opened.ends is not None and occurred_at >= opened.ends:
        yield OfferingEnded(offering, opened.ends)


def not_accepting(state: Offering, *, offering: str, occurred_at: datetime) -> Iterator[Refused]:
    """Why it takes nobody in at this time: each reason there is."""
    for refusal in not_running(state, offering=offering, occurred_at=occurred_at):
        if not isinstance(refusal, OfferingEnded):  # its window has closed, at the latest
            yield refusal
    opened = state.opened
    if opened is None:
        return
    if opened.window_opens is not None and occurred_at < opened.window_opens:
        yield WindowNotOpen(offering, opened.window_opens)
    closes = opened.window_closes or opened.ends
    if closes is not None and occurred_at >= closes:
        yield WindowClosed(offering, closes)


def _changeable(event: OfferingChanged) -> dict[str, Any]:
    fields = asdict(event)
    return {name: fields[name] for name in CHANGEABLE}
