"""The facts of enrollments. These names and fields are the storage format.

Reasons are codes (`no_time`, `changed_course`, …), never text that a person typed.
"""

from datetime import datetime
from typing import Literal, TypeAlias

from milepost.contracts.offerings import Mode
from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.events.event import Event

# The state machine's table stands in enrollment; its read models fold the same states.
EnrollmentState: TypeAlias = Literal[
    "requested",
    "pending_approval",
    "waitlisted",
    "offered",
    "enrolled",
    "active",
    "suspended",
    "completed",
    "declined",
    "withdrawn",
    "expired",
    "transferred",
    "canceled",
]


class Entry(Event, frozen=True, kw_only=True):
    """Who, where and how; never stored itself.

    expires  when the enrollment ends unless it is completed; absent: never
    counted  it counts against the learner's limit
    stay     the learner's first stay in this offering, or the second, …
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: Mode = "audit"
    expires: datetime | None = None
    counted: bool = False
    stay: int = 1


class EnrollmentRequested(Entry, frozen=True, kw_only=True, tag="enrollment_requested"):
    """Awaits approval, or what is `missing` before anybody is asked for it."""

    missing: tuple[Prerequisite, ...] = ()


class LearnerWaitlisted(Entry, frozen=True, kw_only=True, tag="learner_waitlisted"):
    pass


class LearnerEnrolled(Entry, frozen=True, kw_only=True, tag="learner_enrolled"):
    pass


class EnrollmentApproved(Event, frozen=True, kw_only=True, tag="enrollment_approved"):
    enrollment: str
    learner: str
    offering: str


class EnrollmentDeclined(Event, frozen=True, kw_only=True, tag="enrollment_declined"):
    enrollment: str
    learner: str
    offering: str
    reason: str
    counted: bool = False
    stay: int = 1


class LearnerOfferedSeat(Event, frozen=True, kw_only=True, tag="learner_offered_seat"):
    enrollment: str
    learner: str
    offering: str
    expires: datetime


class EnrollmentActivated(Event, frozen=True, kw_only=True, tag="enrollment_activated"):
    enrollment: str
    learner: str
    offering: str


class EnrollmentSuspended(Event, frozen=True, kw_only=True, tag="enrollment_suspended"):
    enrollment: str
    learner: str
    offering: str
    reason: str


class EnrollmentReinstated(Event, frozen=True, kw_only=True, tag="enrollment_reinstated"):
    enrollment: str
    learner: str
    offering: str


class EnrollmentModeChanged(Event, frozen=True, kw_only=True, tag="enrollment_mode_changed"):
    enrollment: str
    learner: str
    offering: str
    mode: Mode


class EnrollmentExtended(Event, frozen=True, kw_only=True, tag="enrollment_extended"):
    """The offering ends later than it did when the learner came."""

    enrollment: str
    learner: str
    offering: str
    expires: datetime


class EnrollmentWithdrawn(Event, frozen=True, kw_only=True, tag="enrollment_withdrawn"):
    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str


class EnrollmentTransferred(Event, frozen=True, kw_only=True, tag="enrollment_transferred"):
    """`to` is the enrollment that goes on; `deferred`: in a later run of the same course."""

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    to: str
    to_offering: str
    deferred: bool = False


class EnrollmentExpired(Event, frozen=True, kw_only=True, tag="enrollment_expired"):
    """`reason`: `offer_expired` or `offering_ended`."""

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    counted: bool = False
    stay: int = 1


class EnrollmentCanceled(Event, frozen=True, kw_only=True, tag="enrollment_canceled"):
    """The offering was canceled, for this reason."""

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    counted: bool = False
    stay: int = 1


class EnrollmentCompleted(Event, frozen=True, kw_only=True, tag="enrollment_completed"):
    """`grade` is the weighted grade, 0 to 1; absent where nothing is graded."""

    enrollment: str
    learner: str
    offering: str
    course: str
    grade: float | None = None
    counted: bool = False
    stay: int = 1


class EnrollmentGradeChanged(Event, frozen=True, kw_only=True, tag="enrollment_grade_changed"):
    """The grade of what was completed is another one, or there is none any more."""

    enrollment: str
    learner: str
    offering: str
    course: str
    grade: float | None = None


class EnrollmentCompletionRevoked(
    Event, frozen=True, kw_only=True, tag="enrollment_completion_revoked"
):
    """The course is not completed after all: the enrollment is again in the `state` before.

    `reason` is a code; `expires` is when the offering ends for who goes on.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    state: EnrollmentState
    counted: bool = False
    stay: int = 1
    expires: datetime | None = None
