"""What happens to who is in: started, suspended, reinstated, in another mode, completed or not."""

from datetime import datetime

from milepost.contracts.enrollments import (
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentGradeChanged,
    EnrollmentModeChanged,
    EnrollmentReinstated,
    EnrollmentSuspended,
)
from milepost.contracts.offerings import Mode
from milepost.enrollment.domain.enrollment.enrollment import Enrollment, state_before_completion
from milepost.enrollment.domain.enrollment.refusals import (
    ModeNotOffered,
    entry_if_allowed,
    require_allowed,
)
from milepost.enrollment.domain.offering.offering import Offering
from milepost.enrollment.events import EnrollmentEvent


def activate(state: Enrollment, *, occurred_at: datetime) -> list[EnrollmentEvent]:
    """The first lesson was started, once, and not after the end."""
    entry = entry_if_allowed(state, "activate")
    if entry is None or state.activated or _had_ended(state, occurred_at):
        return []
    return [
        EnrollmentActivated(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            occurred_at=occurred_at,
        )
    ]


def complete(
    state: Enrollment, *, grade: float | None, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """The course was completed, once, and not after the end. `grade` is 0 to 1, or there is none.

    One that happened before the end and is reported after it counts: they had finished.
    """
    entry = entry_if_allowed(state, "complete")
    if entry is None or _had_ended(state, occurred_at):
        return []
    return [
        EnrollmentCompleted(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            course=entry.course,
            grade=grade,
            counted=entry.counted,
            stay=entry.stay,
            occurred_at=occurred_at,
        )
    ]


def change_grade(
    state: Enrollment, *, grade: float | None, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """What was completed has another grade, 0 to 1, or none any more."""
    entry = entry_if_allowed(state, "change_grade")
    if entry is None or state.grade == grade:
        return []
    return [
        EnrollmentGradeChanged(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            course=entry.course,
            grade=grade,
            occurred_at=occurred_at,
        )
    ]


def revoke_completion(
    state: Enrollment, *, reason: str, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """The course is not completed after all: who had not left goes on. `reason` is a code."""
    entry = entry_if_allowed(state, "revoke_completion")
    if entry is None:
        return []
    return [
        EnrollmentCompletionRevoked(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            course=entry.course,
            reason=reason,
            state=state_before_completion(state),
            counted=entry.counted,
            stay=entry.stay,
            expires=entry.expires,
            occurred_at=occurred_at,
        )
    ]


def suspend(
    state: Enrollment, *, enrollment: str, reason: str, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """Learning is interrupted; the seat stays. Raises the state's refusal."""
    entry = require_allowed(state, "suspend", enrollment)
    return [
        EnrollmentSuspended(
            enrollment=enrollment,
            learner=entry.learner,
            offering=entry.offering,
            reason=reason,
            occurred_at=occurred_at,
        )
    ]


def reinstate(
    state: Enrollment, *, enrollment: str, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """Raises the state's refusal."""
    entry = require_allowed(state, "reinstate", enrollment)
    return [
        EnrollmentReinstated(
            enrollment=enrollment,
            learner=entry.learner,
            offering=entry.offering,
            occurred_at=occurred_at,
        )
    ]


def change_mode(
    run: Offering, state: Enrollment, *, enrollment: str, mode: Mode, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """Between audit and verified. Raises the state's refusal, `ModeNotOffered`."""
    entry = require_allowed(state, "change_mode", enrollment)
    if run.opened is not None and mode not in run.opened.modes:
        raise ModeNotOffered(entry.offering, mode, run.opened.modes)
    if entry.mode == mode:
        return []
    return [
        EnrollmentModeChanged(
            enrollment=enrollment,
            learner=entry.learner,
            offering=entry.offering,
            mode=mode,
            occurred_at=occurred_at,
        )
    ]


def _had_ended(state: Enrollment, at: datetime) -> bool:
    """Of one who completed after having ended, the end is no more than history."""
    return state.ended is not None and at > state.ended.occurred_at
