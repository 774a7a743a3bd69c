"""What this service refuses, with facts as they could be: OpenAPI shows these as examples."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.ids import enrollment_id
from milepost.contracts.rules.prerequisites import CoursePassed
from milepost.enrollment.api.wiring import ENROLLERS, MayNotBackdate
from milepost.enrollment.domain.course.course import (
    AlreadyPublished,
    AlreadyRetired,
    PlanInvalid,
    UnknownCourse,
    UnknownCourseVersion,
)
from milepost.enrollment.domain.course.plan_faults import Fault
from milepost.enrollment.domain.enrollment.exits import NotALaterRun, SameOffering
from milepost.enrollment.domain.enrollment.refusals import (
    AlreadyCanceled,
    AlreadyCompleted,
    AlreadyDeclined,
    AlreadyEnrolled,
    AlreadyExpired,
    AlreadySuspended,
    AlreadyTransferred,
    AlreadyWithdrawn,
    ApprovalPending,
    ModeDiffers,
    ModeNotOffered,
    NotEnrolled,
    PrerequisitesMissing,
    SeatOnOffer,
    StillWaiting,
    UnknownEnrollment,
)
from milepost.enrollment.domain.enrollment.state_machine import (
    STATES,
    UserCommand,
    allows,
    stays,
)
from milepost.enrollment.domain.invitation import (
    InvitationAlreadyUsed,
    InvitationExpired,
    InvitationInvalid,
    InvitationRequired,
    UnknownInvitation,
)
from milepost.enrollment.domain.learner_load import ParallelLimitReached
from milepost.enrollment.domain.offering.instructors import MAX_INSTRUCTORS, TooManyInstructors
from milepost.enrollment.domain.offering.offering import (
    OfferingAlreadyCanceled,
    OfferingAlreadyClosed,
    OfferingAlreadyOpen,
    OfferingEnded,
    OfferingFull,
    OfferingInvalid,
    UnknownOffering,
    WindowClosed,
    WindowNotOpen,
)
from milepost.enrollment.domain.offering.seats import OfferExpired
from milepost.enrollment.domain.program import (
    ProgramAlreadyRetired,
    ProgramCircular,
    ProgramInvalid,
    UnknownProgram,
    UnknownProgramVersion,
)
from milepost.events.event import Refused
from milepost.web.auth.tokens import NotYourOwn

_COURSE, _SPRING, _AUTUMN, _LEARNER = "DATA-101", "data-spring", "data-autumn", "learner-4711"
_PROGRAM = "data-analyst"
_ENROLLMENT = enrollment_id(_SPRING, _LEARNER)
_INVITATION = "0199058e-6f5c-7d3a-8f7e-21c4b0a9d613"
_SEPTEMBER, _OCTOBER = datetime(2026, 9, 1, 8, tzinfo=UTC), datetime(2026, 10, 1, 8, tzinfo=UTC)

NOT_YOUR_OWN: Final = NotYourOwn(_LEARNER, ENROLLERS)
MAY_NOT_BACKDATE: Final = MayNotBackdate(_SEPTEMBER, _OCTOBER)

UNKNOWN_COURSE: Final = UnknownCourse(_COURSE)
UNKNOWN_COURSE_VERSION: Final = UnknownCourseVersion(_COURSE, 4, 3)
ALREADY_PUBLISHED: Final = AlreadyPublished(_COURSE, 3)
ALREADY_RETIRED: Final = AlreadyRetired(_COURSE)
PLAN_INVALID: Final = PlanInvalid(
    _COURSE, (Fault("$.lessons[2].prerequisites[0]", "unknown_lesson"),)
)

UNKNOWN_PROGRAM: Final = UnknownProgram(_PROGRAM)
UNKNOWN_PROGRAM_VERSION: Final = UnknownProgramVersion(_PROGRAM, 3, 2)
PROGRAM_ALREADY_RETIRED: Final = ProgramAlreadyRetired(_PROGRAM)
PROGRAM_CIRCULAR: Final = ProgramCircular(
    (f"program/{_PROGRAM}", "python-basics", f"program/{_PROGRAM}")
)
PROGRAM_INVALID: Final = ProgramInvalid(
    _PROGRAM, (Fault("$.achievements[2]", "duplicate"), Fault("$.n", "more_than_there_are"))
)

UNKNOWN_OFFERING: Final = UnknownOffering(_SPRING)
TOO_MANY_INSTRUCTORS: Final = TooManyInstructors(_SPRING, MAX_INSTRUCTORS)
OFFERING_INVALID: Final = OfferingInvalid(_SPRING, (Fault("$.ends", "not_after_starts"),))
OFFERING_ALREADY_OPEN: Final = OfferingAlreadyOpen(_SPRING)
OFFERING_FULL: Final = OfferingFull(_SPRING, 50)
# Nobody is taken in by an offering that is over, whoever asks.
NOT_RUNNING: Final = (
    UNKNOWN_OFFERING,
    OfferingAlreadyClosed(_SPRING, _OCTOBER),
    OfferingAlreadyCanceled(_SPRING, "not_enough_learners"),
    OfferingEnded(_SPRING, _OCTOBER),
)
NOT_ACCEPTING: Final = (
    *NOT_RUNNING[:3],
    WindowNotOpen(_SPRING, _SEPTEMBER),
    WindowClosed(_SPRING, _OCTOBER),
)
MODE_NOT_OFFERED: Final = ModeNotOffered(_SPRING, "verified", ("audit",))
PREREQUISITES_MISSING: Final = PrerequisitesMissing(
    _SPRING, (CoursePassed(course="PYTHON-1", min_grade=0.6),)
)
PARALLEL_LIMIT_REACHED: Final = ParallelLimitReached(_LEARNER, 1, (_ENROLLMENT,))
SAME_OFFERING: Final = SameOffering(_SPRING)
NOT_A_LATER_RUN: Final = NotALaterRun(_AUTUMN, _SPRING)

UNKNOWN_INVITATION: Final = UnknownInvitation(_INVITATION)
INVITATION_EXPIRED: Final = InvitationExpired(_INVITATION, _SEPTEMBER)
INVITATION_ALREADY_USED: Final = InvitationAlreadyUsed(_INVITATION)
NOT_INVITED: Final = (
    InvitationRequired(_SPRING),
    InvitationInvalid(_SPRING),
    INVITATION_EXPIRED,
    INVITATION_ALREADY_USED,
)

MODE_DIFFERS: Final = ModeDiffers(_ENROLLMENT, "audit", "verified")
UNKNOWN_ENROLLMENT: Final = UnknownEnrollment(_ENROLLMENT)
NOT_ENROLLED: Final = NotEnrolled(_ENROLLMENT, _SEPTEMBER)
STILL_WAITING: Final = StillWaiting(_ENROLLMENT)
OFFER_EXPIRED: Final = OfferExpired(_ENROLLMENT, _SEPTEMBER)

_IN_STATE: Final[Mapping[EnrollmentState, Refused]] = {
    "requested": PREREQUISITES_MISSING,
    "pending_approval": ApprovalPending(_ENROLLMENT),
    "waitlisted": STILL_WAITING,
    "offered": SeatOnOffer(_ENROLLMENT, _OCTOBER),
    "enrolled": AlreadyEnrolled(_ENROLLMENT),
    "active": AlreadyEnrolled(_ENROLLMENT),
    "suspended": AlreadySuspended(_ENROLLMENT, "fee_unpaid"),
    "completed": AlreadyCompleted(_ENROLLMENT),
    "declined": AlreadyDeclined(_ENROLLMENT, "not_eligible"),
    "withdrawn": AlreadyWithdrawn(_ENROLLMENT, _OCTOBER),
    "expired": AlreadyExpired(_ENROLLMENT, _OCTOBER),
    "transferred": AlreadyTransferred(_ENROLLMENT, enrollment_id(_AUTUMN, _LEARNER)),
    "canceled": AlreadyCanceled(_ENROLLMENT, "not_enough_learners"),
}
ALREADY_IN_OR_OUT: Final = tuple(_IN_STATE.values())


def unless_allowed(command: UserCommand) -> tuple[Refused, ...]:
    """What the enrollment is, in each state from which the command leads nowhere."""
    return tuple(_IN_STATE[state] for state in STATES if not allows(state, command))


def unless_it_may_enter() -> tuple[Refused, ...]:
    """Nor does anybody come back before they had gone, or by themselves from a suspension; who is
    in stays so.
    """
    back = ("suspended", "withdrawn", "expired", "transferred")
    return tuple(
        _IN_STATE[state]
        for state in STATES
        if state in back or not (allows(state, "enroll") or stays(state, "enroll"))
    )
