"""The facts of offerings. These names and fields are the storage format."""

from datetime import datetime
from typing import Literal, TypeAlias

from milepost.events.event import Event

Pace: TypeAlias = Literal["self_paced", "cohort"]
Mode: TypeAlias = Literal["audit", "verified"]


class OfferingOpened(Event, frozen=True, kw_only=True, tag="offering_opened"):
    """`seats` absent: no cap. Times absent: no limit on that side."""

    offering: str
    course: str
    version: int
    pace: Pace = "self_paced"
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    seats: int | None = None
    waitlist: bool = True


class OfferingClosed(Event, frozen=True, kw_only=True, tag="offering_closed"):
    offering: str


class SeatTaken(Event, frozen=True, kw_only=True, tag="seat_taken"):
    """`waited`: the seat went to the first who waited, whose enrollment now follows by policy."""

    enrollment: str
    learner: str
    mode: Mode = "audit"
    waited: bool = False


class SeatReleased(Event, frozen=True, kw_only=True, tag="seat_released"):
    enrollment: str


class WaitlistJoined(Event, frozen=True, kw_only=True, tag="waitlist_joined"):
    enrollment: str
    learner: str
    mode: Mode = "audit"


class WaitlistLeft(Event, frozen=True, kw_only=True, tag="waitlist_left"):
    enrollment: str
