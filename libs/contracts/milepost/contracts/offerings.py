"""The facts of offerings. These names and fields are the storage format."""

from datetime import datetime
from typing import Literal, TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.events.codec import Codec
from milepost.events.event import Event
from milepost.events.streams import Category

Pace: TypeAlias = Literal["self_paced", "cohort"]
Mode: TypeAlias = Literal["audit", "verified"]


class OfferingOpened(Event, frozen=True, kw_only=True, tag="offering_opened"):
    """`seats` absent: no cap. Times absent: no limit on that side.

    offer_hours     how long a freed seat is held for who waits; absent: it is theirs at once
    parallel_limit  a learner may be in so many offerings that have a limit at once
    expires_days    enrollments not completed expire so many days after `ends`; absent: never
    """

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
    offer_hours: int | None = None
    approval: bool = False
    invitation_only: bool = False
    modes: tuple[Mode, ...] = ("audit", "verified")
    prerequisites: tuple[Prerequisite, ...] = ()
    parallel_limit: int | None = None
    expires_days: int | None = None


class OfferingChanged(Event, frozen=True, kw_only=True, tag="offering_changed"):
    """All that may change while an offering is open, as it is from now on."""

    offering: str
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    ends: datetime | None = None
    seats: int | None = None
    waitlist: bool = True
    offer_hours: int | None = None


class OfferingClosed(Event, frozen=True, kw_only=True, tag="offering_closed"):
    offering: str


class OfferingCanceled(Event, frozen=True, kw_only=True, tag="offering_canceled"):
    """`reason` is a code. The enrollments follow by policy."""

    offering: str
    reason: str


class SeatTaken(Event, frozen=True, kw_only=True, tag="seat_taken"):
    """`waited`: the seat went to the first who waited, whose enrollment now follows by policy.

    `stay` tells, here and below, the learner's stays in the same offering apart.
    """

    enrollment: str
    learner: str
    mode: Mode = "audit"
    waited: bool = False
    stay: int = 1


class SeatOffered(Event, frozen=True, kw_only=True, tag="seat_offered"):
    """The seat is held for who waited first until `expires`; the enrollment follows by policy."""

    enrollment: str
    learner: str
    expires: datetime
    mode: Mode = "audit"
    stay: int = 1


class SeatReleased(Event, frozen=True, kw_only=True, tag="seat_released"):
    """`expired`: it had been offered and nobody came; the enrollment follows by policy."""

    enrollment: str
    expired: bool = False
    stay: int = 1


class InstructorAssigned(Event, frozen=True, kw_only=True, tag="instructor_assigned"):
    """`instructor` is a token's subject: sees and scores this offering from now on.

    Stands, as `InstructorRemoved`, on a stream of its own.
    """

    offering: str
    instructor: str


class InstructorRemoved(Event, frozen=True, kw_only=True, tag="instructor_removed"):
    offering: str
    instructor: str


InstructorEvent: TypeAlias = InstructorAssigned | InstructorRemoved


class Instructors(msgspec.Struct):
    """Who teaches an offering, as every room folds it: the subjects of their tokens, in the order
    in which they were assigned.
    """

    subjects: tuple[str, ...] = ()


def evolve_instructors(state: Instructors, event: InstructorEvent) -> Instructors:
    others = tuple(one for one in state.subjects if one != event.instructor)
    match event:
        case InstructorAssigned():
            return Instructors((*others, event.instructor))
        case InstructorRemoved():
            return Instructors(others)
        case _:
            assert_never(event)


# A stream of its own: to know who teaches, nobody has to read who took a seat.
INSTRUCTORS: Category[Instructors, InstructorEvent] = Category(
    streams.INSTRUCTORS, Instructors, evolve_instructors, Codec(InstructorEvent)
)
