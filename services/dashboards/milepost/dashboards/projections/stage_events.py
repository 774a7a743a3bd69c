"""The events that change how far an enrollment has come, as steps of `domain/stages.py`."""

from collections.abc import Mapping
from typing import TypeAlias, assert_never

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentModeChanged,
    EnrollmentRequested,
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
from milepost.dashboards.domain.stages import Step
from milepost.dashboards.projections.offering_summary import GRADE_UNITS
from milepost.events.event import Event

Result: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
Move: TypeAlias = (
    EnrollmentRequested
    | EnrollmentDeclined
    | LearnerWaitlisted
    | LearnerOfferedSeat
    | LearnerEnrolled
    | EnrollmentWithdrawn
    | EnrollmentExpired
    | EnrollmentTransferred
    | EnrollmentCanceled
    | EnrollmentModeChanged
    | EnrollmentCompleted
    | EnrollmentCompletionRevoked
)
StageEvent: TypeAlias = Move | Result

STATES: Mapping[type[Event], str] = {
    EnrollmentRequested: "requested",
    EnrollmentDeclined: "declined",
    LearnerWaitlisted: "waitlisted",
    LearnerOfferedSeat: "offered",
    LearnerEnrolled: "enrolled",
    EnrollmentCompleted: "completed",
    EnrollmentWithdrawn: "withdrawn",
    EnrollmentExpired: "expired",
    EnrollmentTransferred: "transferred",
    EnrollmentCanceled: "canceled",
}


def step_of(event: StageEvent) -> Step:
    """On the day on which it happened."""
    day = event.occurred_at.toordinal()
    match event:
        case LearnerWaitlisted() | LearnerEnrolled():
            return Step(day, "seat", STATES[type(event)], event.mode)
        case EnrollmentModeChanged():
            return Step(day, "mode", mode=event.mode)
        case EnrollmentCompletionRevoked():
            return Step(day, "state", event.state)
        case CourseCompleted() | CourseGradeChanged() | CourseCompletionRevoked():
            return _result(day, event)
        case EnrollmentRequested() | EnrollmentDeclined() | EnrollmentCompleted():
            return Step(day, "state", STATES[type(event)])
        case _:
            return Step(day, "seat", STATES[type(event)])


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
