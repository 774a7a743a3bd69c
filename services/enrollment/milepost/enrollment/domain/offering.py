"""An offering: one run of a course version, its window, its seats and who waits for one."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import msgspec

from milepost.enrollment.domain.catalog import (
    AlreadyRetired,
    Course,
    Fault,
    UnknownCourse,
    UnknownCourseVersion,
)
from milepost.enrollment.events import (
    Mode,
    OfferingClosed,
    OfferingEvent,
    OfferingOpened,
    Pace,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from milepost.events.category import Category
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Invalid, Unknown


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


class Offering(msgspec.Struct):
    """Seats and waitlist hold enrollment ids, and stay empty when there is no cap.

    Taking, leaving and "who is first" cost the same however many wait.
    """

    opened: OfferingOpened | None = None
    closed_at: datetime | None = None
    seated: set[str] = msgspec.field(default_factory=set)
    waiting: OrderedDict[str, WaitlistJoined] = msgspec.field(default_factory=OrderedDict)

    def place(self, enrollment: str) -> int | None:
        """The enrollment's place in the waitlist, from 1. Found at once for who joined last."""
        for behind, one in enumerate(reversed(self.waiting)):
            if one == enrollment:
                return len(self.waiting) - behind
        return None


def evolve(state: Offering, event: OfferingEvent) -> Offering:
    match event:
        case OfferingOpened():
            state.opened = event
        case OfferingClosed():
            state.closed_at = event.occurred_at
        case SeatTaken():
            state.waiting.pop(event.enrollment, None)
            state.seated.add(event.enrollment)
        case SeatReleased():
            state.seated.discard(event.enrollment)
        case WaitlistJoined():
            state.waiting[event.enrollment] = event
        case WaitlistLeft():
            state.waiting.pop(event.enrollment, None)
        case _:
            assert_never(event)
    return state


OFFERING: Category[Offering, OfferingEvent] = Category(
    "offering", Offering, evolve, Codec(OfferingEvent)
)


def open_offering(
    state: Offering,
    catalog: Course,
    *,
    offering: str,
    course: str,
    occurred_at: datetime,
    version: int | None = None,
    pace: Pace = "self_paced",
    window_opens: datetime | None = None,
    window_closes: datetime | None = None,
    starts: datetime | None = None,
    ends: datetime | None = None,
    seats: int | None = None,
    waitlist: bool = True,
) -> list[OfferingEvent]:
    """Open a run of a published version (absent: the latest). The window is [opens, closes).

    Opening it again with the same facts does nothing. Raises `UnknownCourse`,
    `UnknownCourseVersion`, `AlreadyRetired`, `OfferingInvalid`, `OfferingAlreadyOpen`.
    """
    before = state.opened
    if before is not None and version is None:
        version = before.version
    opened = OfferingOpened(
        offering=offering,
        course=course,
        version=_published(catalog, course, version),
        pace=pace,
        window_opens=window_opens,
        window_closes=window_closes,
        starts=starts,
        ends=ends,
        seats=seats,
        waitlist=waitlist,
        occurred_at=before.occurred_at if before else occurred_at,
    )
    if opened == before:
        return []
    if before is not None:
        raise OfferingAlreadyOpen(offering)
    if catalog.retired:
        raise AlreadyRetired(course)
    if faults := tuple(_faults(opened)):
        raise OfferingInvalid(offering, faults)
    return [opened]


def close_offering(state: Offering, *, offering: str, occurred_at: datetime) -> list[OfferingEvent]:
    """Take nobody in any more, and pass freed seats on to nobody. Raises `UnknownOffering`."""
    if state.opened is None:
        raise UnknownOffering(offering)
    if state.closed_at is not None:
        return []
    return [OfferingClosed(offering=offering, occurred_at=occurred_at)]


def accepting(state: Offering, *, offering: str, occurred_at: datetime) -> OfferingOpened:
    """The facts of an offering that takes learners in at this time.

    Raises `UnknownOffering`, `OfferingAlreadyClosed`, `WindowNotOpen`, `WindowClosed`.
    """
    opened = state.opened
    if opened is None:
        raise UnknownOffering(offering)
    if state.closed_at is not None and occurred_at >= state.closed_at:
        raise OfferingAlreadyClosed(offering, state.closed_at)
    if opened.window_opens is not None and occurred_at < opened.window_opens:
        raise WindowNotOpen(offering, opened.window_opens)
    closes = opened.window_closes or opened.ends
    if closes is not None and occurred_at >= closes:
        raise WindowClosed(offering, closes)
    return opened


def take_place(
    state: Offering,
    opened: OfferingOpened,
    *,
    enrollment: str,
    learner: str,
    mode: Mode,
    occurred_at: datetime,
) -> SeatTaken | WaitlistJoined | None:
    """A seat, else the last place in the waitlist; nothing to take without a cap.

    Raises `OfferingFull`.
    """
    if opened.seats is None:
        return None
    # A seat may be free although somebody waits: one that was given up after the closing.
    if len(state.seated) < opened.seats and not state.waiting:
        return SeatTaken(enrollment=enrollment, learner=learner, mode=mode, occurred_at=occurred_at)
    if not opened.waitlist:
        raise OfferingFull(opened.offering, opened.seats)
    return WaitlistJoined(
        enrollment=enrollment, learner=learner, mode=mode, occurred_at=occurred_at
    )


def give_up_place(
    state: Offering, *, enrollment: str, occurred_at: datetime
) -> list[OfferingEvent]:
    """Leave the waitlist, or the seat, which goes to the first who waits."""
    if enrollment in state.waiting:
        return [WaitlistLeft(enrollment=enrollment, occurred_at=occurred_at)]
    if enrollment not in state.seated:
        return []
    released = SeatReleased(enrollment=enrollment, occurred_at=occurred_at)
    if not state.waiting or state.closed_at is not None:
        return [released]
    first = next(iter(state.waiting.values()))
    return [
        released,
        SeatTaken(
            enrollment=first.enrollment,
            learner=first.learner,
            mode=first.mode,
            waited=True,
            # Who joined after a withdrawal that is reported late is seated when they joined.
            occurred_at=max(occurred_at, first.occurred_at),
        ),
    ]


def _published(catalog: Course, course: str, version: int | None) -> int:
    if catalog.title is None:
        raise UnknownCourse(course)
    latest = len(catalog.versions)
    wanted = latest if version is None else version
    if not 1 <= wanted <= latest:
        raise UnknownCourseVersion(course, version, latest)
    return wanted


def _faults(opened: OfferingOpened) -> Iterator[Fault]:
    if opened.seats is not None and opened.seats < 1:
        yield Fault("$.seats", "not_positive")
    if opened.window_opens and opened.window_closes and opened.window_opens >= opened.window_closes:
        yield Fault("$.window_closes", "not_after_window_opens")
    if opened.starts and opened.ends and opened.starts >= opened.ends:
        yield Fault("$.ends", "not_after_starts")
    if opened.window_opens and opened.ends and opened.window_opens >= opened.ends:
        yield Fault("$.window_opens", "not_before_ends")
