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
    EnrollmentCompleted,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerWaitlisted,
)
from milepost.enrollment.events.offerings import (
    Mode,
    OfferingClosed,
    OfferingOpened,
    Pace,
    SeatReleased,
    SeatTaken,
    WaitlistJoined,
    WaitlistLeft,
)
from milepost.enrollment.events.vault import LearnerErased

__all__ = [
    "CountingAttempt",
    "CourseDrafted",
    "CourseEvent",
    "CoursePublished",
    "CourseRetired",
    "EnrollmentActivated",
    "EnrollmentCompleted",
    "EnrollmentEvent",
    "EnrollmentWithdrawn",
    "LearnerEnrolled",
    "LearnerErased",
    "LearnerWaitlisted",
    "Lesson",
    "LessonKind",
    "Mode",
    "MoveOn",
    "OfferingClosed",
    "OfferingEvent",
    "OfferingOpened",
    "Pace",
    "PassingRule",
    "Published",
    "SeatReleased",
    "SeatTaken",
    "Skill",
    "WaitlistJoined",
    "WaitlistLeft",
]

CourseEvent: TypeAlias = CourseDrafted | CoursePublished | CourseRetired
OfferingEvent: TypeAlias = (
    OfferingOpened | OfferingClosed | SeatTaken | SeatReleased | WaitlistJoined | WaitlistLeft
)
EnrollmentEvent: TypeAlias = (
    LearnerWaitlisted
    | LearnerEnrolled
    | EnrollmentActivated
    | EnrollmentWithdrawn
    | EnrollmentCompleted
)
Published: TypeAlias = (
    CoursePublished
    | CourseRetired
    | OfferingOpened
    | OfferingClosed
    | SeatTaken
    | LearnerWaitlisted
    | LearnerEnrolled
    | EnrollmentActivated
    | EnrollmentWithdrawn
    | EnrollmentCompleted
    | LearnerErased
)
