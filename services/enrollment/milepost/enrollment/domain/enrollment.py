"""An enrollment: one learner in one offering, from the first wish to the last word."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, assert_never
from uuid import UUID, uuid5

import msgspec

from milepost.enrollment.domain.offering import (
    Offering,
    accepting,
    give_up_place,
    take_place,
)
from milepost.enrollment.events import (
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentEvent,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerWaitlisted,
    Mode,
    OfferingEvent,
    WaitlistJoined,
)
from milepost.events.category import Category
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Unknown

State: TypeAlias = Literal["waitlisted", "enrolled", "active", "withdrawn", "completed"]

# Every enrollment id there is was made with it.
NAMESPACE = UUID("a864facb-65fa-5ffd-9442-da813a9344c0")


def enrollment_id(offering: str, learner: str) -> str:
    """The same learner in the same offering is the same enrollment."""
    return str(uuid5(NAMESPACE, f"{offering}/{learner}"))


@dataclass
class UnknownEnrollment(Unknown):
    enrollment: str


@dataclass
class NotEnrolled(Conflicting):
    """It happened before the enrollment, or the wait for it, began."""

    enrollment: str
    entered_at: datetime


@dataclass
class AlreadyWithdrawn(Conflicting):
    enrollment: str
    withdrawn_at: datetime


@dataclass
class AlreadyCompleted(Conflicting):
    enrollment: str


class Enrollment(msgspec.Struct):
    """`entry` says who, where and in which mode; absent: never heard of."""

    entry: LearnerWaitlisted | LearnerEnrolled | None = None
    state: State | None = None
    entered_at: datetime | None = None
    activated: bool = False
    withdrawn_at: datetime | None = None
    reason: str | None = None
    grade: float | None = None


def evolve(state: Enrollment, event: EnrollmentEvent) -> Enrollment:
    match event:
        case LearnerWaitlisted():
            state.entry, state.state = event, "waitlisted"
            state.entered_at = event.occurred_at
        case LearnerEnrolled():
            state.entry, state.state = event, "enrolled"
            state.entered_at = state.entered_at or event.occurred_at
        case EnrollmentActivated():
            state.activated = True
            state.state = "active" if state.state == "enrolled" else state.state
        case EnrollmentWithdrawn():
            state.withdrawn_at, state.reason = event.occurred_at, event.reason
            state.state = "withdrawn"
        case EnrollmentCompleted():
            state.grade, state.state = event.grade, "completed"
        case _:
            assert_never(event)
    return state


ENROLLMENT: Category[Enrollment, EnrollmentEvent] = Category(
    "enrollment", Enrollment, evolve, Codec(EnrollmentEvent)
)


def enroll(
    run: Offering,
    state: Enrollment,
    *,
    offering: str,
    learner: str,
    occurred_at: datetime,
    mode: Mode = "audit",
) -> tuple[list[OfferingEvent], list[EnrollmentEvent]]:
    """Enroll, or join the waitlist; who is in or waits already stays so.

    Without a cap the offering's stream is read, never written. Raises `AlreadyWithdrawn`,
    `UnknownOffering`, `OfferingAlreadyClosed`, `WindowNotOpen`, `WindowClosed`, `OfferingFull`.
    """
    enrollment = enrollment_id(offering, learner)
    if state.state == "withdrawn" and state.withdrawn_at is not None:
        raise AlreadyWithdrawn(enrollment, state.withdrawn_at)
    if state.state is not None:
        return [], []
    opened = accepting(run, offering=offering, occurred_at=occurred_at)
    taken = take_place(
        run, opened, enrollment=enrollment, learner=learner, mode=mode, occurred_at=occurred_at
    )
    entry = LearnerWaitlisted if isinstance(taken, WaitlistJoined) else LearnerEnrolled
    entered = entry(
        enrollment=enrollment,
        learner=learner,
        offering=offering,
        course=opened.course,
        version=opened.version,
        mode=mode,
        occurred_at=occurred_at,
    )
    return [] if taken is None else [taken], [entered]


def withdraw(
    run: Offering, state: Enrollment, *, enrollment: str, reason: str, occurred_at: datetime
) -> tuple[list[OfferingEvent], list[EnrollmentEvent]]:
    """Leave the offering or its waitlist; a seat goes to the first who waits. `reason` is a code.

    Raises `UnknownEnrollment`, `NotEnrolled`, `AlreadyWithdrawn`, `AlreadyCompleted`.
    """
    if state.entry is None or state.entered_at is None:
        raise UnknownEnrollment(enrollment)
    if occurred_at < state.entered_at:
        raise NotEnrolled(enrollment, state.entered_at)
    if state.state == "completed":
        raise AlreadyCompleted(enrollment)
    if state.withdrawn_at is not None:
        raise AlreadyWithdrawn(enrollment, state.withdrawn_at)
    withdrawn = EnrollmentWithdrawn(
        enrollment=enrollment,
        learner=state.entry.learner,
        offering=state.entry.offering,
        course=state.entry.course,
        reason=reason,
        occurred_at=occurred_at,
    )
    return give_up_place(run, enrollment=enrollment, occurred_at=occurred_at), [withdrawn]


def promote(state: Enrollment, *, occurred_at: datetime) -> list[EnrollmentEvent]:
    """From the waitlist into the seat that the offering gave; whoever left meanwhile stays out."""
    entry = state.entry
    if entry is None or state.state != "waitlisted":
        return []
    return [
        LearnerEnrolled(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            course=entry.course,
            version=entry.version,
            mode=entry.mode,
            occurred_at=occurred_at,
        )
    ]


def activate(state: Enrollment, *, occurred_at: datetime) -> list[EnrollmentEvent]:
    """The first lesson was started, once, and not after a withdrawal."""
    entry = state.entry
    if entry is None or state.activated or _had_withdrawn(state, occurred_at):
        return []
    return [
        EnrollmentActivated(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            occurred_at=occurred_at,
        )
    ]


def complete(state: Enrollment, *, grade: float, occurred_at: datetime) -> list[EnrollmentEvent]:
    """The course was completed, once, and not after a withdrawal. `grade` is 0 to 1.

    One that happened before a withdrawal and is reported after it counts: they had finished.
    """
    entry = state.entry
    if entry is None or state.state == "completed" or _had_withdrawn(state, occurred_at):
        return []
    return [
        EnrollmentCompleted(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            course=entry.course,
            grade=grade,
            occurred_at=occurred_at,
        )
    ]


def _had_withdrawn(state: Enrollment, at: datetime) -> bool:
    return state.withdrawn_at is not None and at > state.withdrawn_at
