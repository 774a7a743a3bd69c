"""How a learner stands in an offering: waits, has a seat, has left, has completed it."""

from typing import TypeAlias, assert_never

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentExpired,
    EnrollmentModeChanged,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.contracts.progress import CourseCompleted, CourseCompletionRevoked, CourseGradeChanged
from milepost.dashboards.projections.funnel.lesson_work import GRADE_UNITS
from milepost.dashboards.projections.funnel.lessons import plan_of
from milepost.dashboards.projections.funnel.stages import MOVED, Member
from milepost.events.projections.read_model import Rows

Result: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
Leaving: TypeAlias = (
    EnrollmentWithdrawn | EnrollmentExpired | EnrollmentTransferred | EnrollmentCanceled
)
Entering: TypeAlias = (
    LearnerWaitlisted
    | LearnerOfferedSeat
    | LearnerEnrolled
    | EnrollmentModeChanged
    | EnrollmentCompleted
    | EnrollmentCompletionRevoked
)
Standing: TypeAlias = Entering | Leaving | Result


def fold_standing(rows: Rows, member: Member, event: Standing) -> None:
    match event:
        case CourseCompleted() | CourseGradeChanged() | CourseCompletionRevoked():
            _set_result(member, event)
        case (
            EnrollmentWithdrawn()
            | EnrollmentExpired()
            | EnrollmentTransferred()
            | EnrollmentCanceled()
        ):
            _leave(member, event)
        case _:
            _enter(rows, member, event)


def _enter(rows: Rows, member: Member, event: Entering) -> None:
    match event:
        case LearnerWaitlisted():
            member.waitlisted = member.waiting = True
        case LearnerOfferedSeat():
            member.seated, member.waiting = True, False
        case LearnerEnrolled():
            _enroll(rows, member, event)
        case EnrollmentModeChanged():
            member.mode = event.mode
        case EnrollmentCompleted():
            member.departure = None
        case EnrollmentCompletionRevoked():
            member.departure = _departure_in(member, event.state)
        case _:
            assert_never(event)


def _enroll(rows: Rows, member: Member, event: LearnerEnrolled) -> None:
    member.learner, member.course, member.mode = event.learner, event.course, event.mode
    # Who comes back goes on by the version that they are judged by.
    member.version = member.version or event.version
    member.seated = member.enrolled = True
    member.waiting = False
    member.departure = None
    if plan := plan_of(rows, member):
        member.lessons = len(plan.lessons)


def _leave(member: Member, event: Leaving) -> None:
    member.seated = member.waiting = False
    # Who had gone before they waited, or were offered a seat, once more is as gone as before.
    if not member.enrolled or member.departure is not None:
        return
    match event:
        case EnrollmentWithdrawn():
            member.departure, member.ever_withdrawn = "withdrawn", True
        case EnrollmentExpired():
            member.departure = "expired"
        case EnrollmentTransferred():
            member.departure = "deferred" if event.deferred else "transferred"
            member.deferred = event.deferred
        case EnrollmentCanceled():
            member.departure = "canceled"
        case _:
            assert_never(event)


def _departure_in(member: Member, state: str) -> str | None:
    """Of who had left before their completion was heard of, and taken back."""
    if state == "transferred" and member.deferred:
        return "deferred"
    return state if state in {"withdrawn", "expired", *MOVED} else None


def _set_result(member: Member, event: Result) -> None:
    match event:
        case CourseCompleted():
            member.completed, grade = True, event.grade
        case CourseGradeChanged():
            grade = event.grade if member.completed else None
        case CourseCompletionRevoked():
            member.completed, grade = False, None
        case _:
            assert_never(event)
    member.grade_units = None if grade is None else round(grade * GRADE_UNITS)
