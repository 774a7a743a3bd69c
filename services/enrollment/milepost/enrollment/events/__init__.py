"""The facts of catalog, offerings, enrollments: the storage format, and what others see of it."""

from typing import TypeAlias

from milepost.enrollment.events.catalog import (
    CountingAttempt,
    CourseDrafted,
    CoursePublished,
    CourseRetired,
    Lesson,
    LessonKind,
    MoveOn,
    PassingRule,
    Skill,
)
from milepost.enrollment.events.enrollments import (
    EnrollmentActivated,
    EnrollmentApproved,
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentExtended,
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
from milepost.enrollment.events.invitations import (
    InvitationIssued,
    InvitationRevoked,
    InvitationUsed,
)
from milepost.enrollment.events.learners import (
    LearnerCommitted,
    LearnerFreed,
)
from milepost.enrollment.events.offerings import (
    Mode,
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
    Pace,
    SeatOffered,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from milepost.enrollment.events.prerequisites import (
    AchievementHeld,
    CoursePassed,
    Prerequisite,
)
from milepost.enrollment.events.programs import (
    ProgramDefined,
    ProgramRetired,
    StackingRule,
)
from milepost.enrollment.events.vault import LearnerErased

__all__ = [
    "AchievementHeld",
    "CountingAttempt",
    "CourseDrafted",
    "CourseEvent",
    "CoursePassed",
    "CoursePublished",
    "CourseRetired",
    "EnrollmentActivated",
    "EnrollmentApproved",
    "EnrollmentCanceled",
    "EnrollmentCompleted",
    "EnrollmentDeclined",
    "EnrollmentEvent",
    "EnrollmentExpired",
    "EnrollmentExtended",
    "EnrollmentModeChanged",
    "EnrollmentReinstated",
    "EnrollmentRequested",
    "EnrollmentSuspended",
    "EnrollmentTransferred",
    "EnrollmentWithdrawn",
    "InvitationEvent",
    "InvitationIssued",
    "InvitationRevoked",
    "InvitationUsed",
    "LearnerCommitted",
    "LearnerEnrolled",
    "LearnerErased",
    "LearnerEvent",
    "LearnerFreed",
    "LearnerOfferedSeat",
    "LearnerWaitlisted",
    "Lesson",
    "LessonKind",
    "Mode",
    "MoveOn",
    "OfferingCanceled",
    "OfferingChanged",
    "OfferingClosed",
    "OfferingEvent",
    "OfferingOpened",
    "Pace",
    "PassingRule",
    "Prerequisite",
    "ProgramDefined",
    "ProgramEvent",
    "ProgramRetired",
    "Published",
    "SeatOffered",
    "SeatReleased",
    "SeatTaken",
    "Skill",
    "StackingRule",
    "WaitlistJoined",
    "WaitlistLeft",
]

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
)
LearnerEvent: TypeAlias = LearnerCommitted | LearnerFreed
InvitationEvent: TypeAlias = InvitationIssued | InvitationUsed | InvitationRevoked
Published: TypeAlias = (
    CoursePublished
    | CourseRetired
    | ProgramDefined
    | ProgramRetired
    | OfferingOpened
    | OfferingChanged
    | OfferingClosed
    | OfferingCanceled
    | SeatTaken
    | SeatOffered
    | SeatReleased
    | EnrollmentRequested
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
    | LearnerErased
)
