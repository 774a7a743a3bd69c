"""An enrollment: one learner in one offering, from the first wish to the last word."""

from datetime import datetime
from typing import TypeAlias, TypeVar, assert_never

import msgspec
from msgspec.structs import asdict, replace

from milepost.contracts import streams
from milepost.contracts.enrollments import (
    EnrollmentActivated,
    EnrollmentApproved,
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentExtended,
    EnrollmentGradeChanged,
    EnrollmentModeChanged,
    EnrollmentReinstated,
    EnrollmentRequested,
    EnrollmentState,
    EnrollmentSuspended,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.enrollment.events import EnrollmentEvent
from milepost.events.codec import Codec
from milepost.events.streams import Category

Entry: TypeAlias = EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled
Finish: TypeAlias = EnrollmentCompleted | EnrollmentGradeChanged | EnrollmentCompletionRevoked
Ended: TypeAlias = (
    EnrollmentDeclined
    | EnrollmentWithdrawn
    | EnrollmentExpired
    | EnrollmentTransferred
    | EnrollmentCanceled
)
In = TypeVar("In", LearnerWaitlisted, LearnerEnrolled)


class Enrollment(msgspec.Struct):
    """`entry` says who, where and in which mode; absent: never heard of.

    entered_at  when the present stay began, be it with a wait
    ended       how the last stay ended; absent while there is one
    reason      the code of a suspension, or of the end
    suspended   the code of a suspension that nobody has lifted: it outlives the stay
    interrupted_at  when learning was last interrupted, or went on
    """

    entry: Entry | None = None
    state: EnrollmentState | None = None
    entered_at: datetime | None = None
    activated: bool = False
    offer_expires: datetime | None = None
    ended: Ended | None = None
    reason: str | None = None
    suspended: str | None = None
    interrupted_at: datetime | None = None
    grade: float | None = None


def evolve(state: Enrollment, event: EnrollmentEvent) -> Enrollment:
    match event:
        case EnrollmentRequested() | LearnerWaitlisted() | LearnerEnrolled():
            _enter(state, event)
        case LearnerOfferedSeat():
            state.offer_expires, state.state = event.expires, "offered"
        case EnrollmentActivated():
            state.activated = True
            state.state = "active" if state.state == "enrolled" else state.state
        case EnrollmentSuspended():
            state.state, state.reason = "suspended", event.reason
            state.suspended, state.interrupted_at = event.reason, event.occurred_at
        case EnrollmentReinstated():
            state.state, state.reason, state.suspended = _inside(state), None, None
            state.interrupted_at = event.occurred_at
        case EnrollmentModeChanged():
            state.entry = replace(of(state), mode=event.mode)
        case EnrollmentExtended():
            state.entry = replace(of(state), expires=event.expires)
        case EnrollmentCompleted() | EnrollmentGradeChanged() | EnrollmentCompletionRevoked():
            _finish(state, event)
        case EnrollmentApproved():
            pass  # a seat, or the wait for one, follows in the same decision
        case _:
            _end(state, event)
    return state


def _enter(state: Enrollment, event: Entry) -> None:
    if state.ended is not None or state.entered_at is None:
        state.entered_at, state.ended, state.reason = event.occurred_at, None, None
        state.suspended = None  # only who may lift it lets them in again
        state.interrupted_at = None
    state.entry, state.offer_expires = event, None
    match event:
        case EnrollmentRequested():
            state.state = "requested" if event.missing else "pending_approval"
        case LearnerWaitlisted():
            state.state = "waitlisted"
        case LearnerEnrolled():
            state.state = _inside(state)
        case _:
            assert_never(event)


def _finish(state: Enrollment, event: Finish) -> None:
    match event:
        case EnrollmentCompleted():
            state.grade, state.state = event.grade, "completed"
        case EnrollmentGradeChanged():
            state.grade = event.grade
        case EnrollmentCompletionRevoked():
            state.grade, state.state = None, event.state
        case _:
            assert_never(event)


def _inside(state: Enrollment) -> EnrollmentState:
    """What was learned in an earlier stay counts: who comes back goes on."""
    return "active" if state.activated else "enrolled"


def state_before_completion(state: Enrollment) -> EnrollmentState:
    """Where one who had completed is again, if that is taken back."""
    if state.ended is not None:
        return _ended_as(state.ended)
    return "suspended" if state.suspended is not None else _inside(state)


def _end(state: Enrollment, event: Ended) -> None:
    state.ended, state.reason, state.offer_expires = event, event.reason, None
    state.state = _ended_as(event)


def _ended_as(event: Ended) -> EnrollmentState:
    match event:
        case EnrollmentDeclined():
            return "declined"
        case EnrollmentWithdrawn():
            return "withdrawn"
        case EnrollmentExpired():
            return "expired"
        case EnrollmentTransferred():
            return "transferred"
        case EnrollmentCanceled():
            return "canceled"
        case _:
            assert_never(event)


ENROLLMENT: Category[Enrollment, EnrollmentEvent] = Category(
    streams.ENROLLMENT, Enrollment, evolve, Codec(EnrollmentEvent)
)


def of(state: Enrollment) -> Entry:
    assert state.entry is not None
    return state.entry


def entered_as(kind: type[In], entry: Entry, occurred_at: datetime) -> In:
    """The same learner, offering and mode, now waiting or enrolled."""
    facts = asdict(entry)
    facts.pop("missing", None)
    return kind(**{**facts, "occurred_at": occurred_at})
