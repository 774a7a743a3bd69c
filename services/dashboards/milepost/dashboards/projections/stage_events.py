"""The events that change how far an enrollment has come, as steps of `domain/stages.py`."""

from typing import TypeAlias, assert_never

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentExpired,
    EnrollmentModeChanged,
    EnrollmentState,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
)
from milepost.dashboards.domain.stages import Departure, Step
from milepost.dashboards.projections.funnel.lesson_work import GRADE_UNITS

Result: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
Ending: TypeAlias = (
    EnrollmentCompleted
    | EnrollmentCompletionRevoked
    | EnrollmentWithdrawn
    | EnrollmentExpired
    | EnrollmentTransferred
    | EnrollmentCanceled
)
Move: TypeAlias = (
    LearnerWaitlisted | LearnerOfferedSeat | LearnerEnrolled | EnrollmentModeChanged | Ending
)
StageEvent: TypeAlias = Move | Result


def step_of(event: StageEvent) -> Step:
    """On the day on which it happened."""
    day = event.occurred_at.toordinal()
    match event:
        case LearnerWaitlisted():
            return Step(day, "waitlisted")
        case LearnerOfferedSeat():
            return Step(day, "offered")
        case LearnerEnrolled():
            return Step(day, "enrolled", event.mode)
        case EnrollmentModeChanged():
            return Step(day, "mode", event.mode)
        case CourseCompleted() | CourseGradeChanged() | CourseCompletionRevoked():
            return _result(day, event)
        case _:
            return _ending(day, event)


def _ending(day: int, event: Ending) -> Step:
    match event:
        case EnrollmentCompleted():
            return Step(day, "finished")
        case EnrollmentCompletionRevoked():
            return Step(day, "unfinished", departure=_departure_in(event.state))
        case EnrollmentWithdrawn():
            return Step(day, "left", departure="withdrawn")
        case EnrollmentExpired():
            return Step(day, "left", departure="expired")
        case EnrollmentCanceled():
            return Step(day, "left", departure="canceled")
        case EnrollmentTransferred():
            departure: Departure = "deferred" if event.deferred else "transferred"
            return Step(day, "left", departure=departure)
        case _:
            assert_never(event)


def _departure_in(state: EnrollmentState) -> Departure | None:
    match state:
        case "withdrawn" | "expired" | "transferred" | "canceled":
            return state
        case _:
            return None


def _result(day: int, event: Result) -> Step:
    match event:
        case CourseCompleted():
            return Step(day, "passed", grade_units=_units(event.grade))
        case CourseGradeChanged():
            return Step(day, "grade", grade_units=_units(event.grade))
        case CourseCompletionRevoked():
            return Step(day, "revoked")
        case _:
            assert_never(event)


def _units(grade: float | None) -> int | None:
    return None if grade is None else round(grade * GRADE_UNITS)
