"""The facts that this service alone reads, and what may stand in each of its streams.

What others read is in `milepost.contracts`. These names and fields are the storage format.
"""

from datetime import datetime
from typing import TypeAlias

from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired
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
    EnrollmentSuspended,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.contracts.offerings import (
    Mode,
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
    SeatOffered,
    SeatReleased,
    SeatTaken,
)
from milepost.contracts.programs import ProgramDefined, ProgramRetired
from milepost.events.event import Event


class WaitlistJoined(Event, frozen=True, kw_only=True, tag="waitlist_joined"):
    enrollment: str
    learner: str
    mode: Mode = "audit"
    stay: int = 1


class WaitlistLeft(Event, frozen=True, kw_only=True, tag="waitlist_left"):
    enrollment: str


class LearnerCommitted(Event, frozen=True, kw_only=True, tag="learner_committed"):
    """The learner is in an offering that counts, waits for it or has asked for it."""

    learner: str
    enrollment: str
    offering: str
    stay: int = 1


class LearnerFreed(Event, frozen=True, kw_only=True, tag="learner_freed"):
    learner: str
    enrollment: str


class InvitationIssued(Event, frozen=True, kw_only=True, tag="invitation_issued"):
    """`digest` is of a secret code and an e-mail address; without the code it tells nothing."""

    invitation: str
    offering: str
    digest: str
    expires: datetime


class InvitationUsed(Event, frozen=True, kw_only=True, tag="invitation_used"):
    invitation: str
    enrollment: str


class InvitationRevoked(Event, frozen=True, kw_only=True, tag="invitation_revoked"):
    invitation: str


CourseEvent: TypeAlias = CourseDrafted | CoursePublished | CourseRetired
ProgramEvent: TypeAlias = ProgramDefined | ProgramRetired
OfferingEvent: TypeAlias = (
    OfferingOpened
    | OfferingChanged
    | OfferingClosed
    | OfferingCanceled
    | SeatTaken
    | SeatOffered
    | SeatReleased
    | WaitlistJoined
    | WaitlistLeft
)
EnrollmentEvent: TypeAlias = (
    EnrollmentRequested
    | EnrollmentApproved
    | EnrollmentDeclined
    | LearnerWaitlisted
    | LearnerOfferedSeat
    | LearnerEnrolled
    | EnrollmentActivated
    | EnrollmentSuspended
    | EnrollmentReinstated
    | EnrollmentModeChanged
    | EnrollmentExtended
    | EnrollmentWithdrawn
    | EnrollmentTransferred
    | EnrollmentExpired
    | EnrollmentCanceled
    | EnrollmentCompleted
    | EnrollmentGradeChanged
    | EnrollmentCompletionRevoked
)
LearnerEvent: TypeAlias = LearnerCommitted | LearnerFreed
InvitationEvent: TypeAlias = InvitationIssued | InvitationUsed | InvitationRevoked
