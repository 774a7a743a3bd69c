"""The facts of catalog, offerings, enrollments. These names and fields are the storage format."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.events.event import Event

LessonKind: TypeAlias = Literal[
    "page", "video", "reading", "discussion", "quiz", "assignment", "exam"
]
MoveOn: TypeAlias = Literal[
    "Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable"
]
CountingAttempt: TypeAlias = Literal["best", "last", "first"]
Pace: TypeAlias = Literal["self_paced", "cohort"]
Mode: TypeAlias = Literal["audit", "verified"]


class Lesson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit of a course. `move_on` is cmi5's; `due_day` counts from the offering's start."""

    id: str
    title: str
    kind: LessonKind = "page"
    required: bool = True
    weight: float = 0.0
    move_on: MoveOn = "Completed"
    mastery_score: float | None = None
    attempts_allowed: int | None = None
    counts: CountingAttempt = "best"
    due_day: int | None = None
    prerequisites: tuple[str, ...] = ()


class PassingRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Complete when every required lesson is satisfied and the weighted grade (0 to 1) suffices."""

    passing_grade: float = 0.0
    drop_lowest: int = 0


class Skill(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An aligned competency, as Open Badges' alignment has it."""

    name: str
    url: str
    framework: str | None = None
    code: str | None = None


class CourseDrafted(Event, frozen=True, kw_only=True, tag="course_drafted"):
    course: str
    title: str


class CoursePublished(Event, frozen=True, kw_only=True, tag="course_published"):
    course: str
    version: int
    title: str
    lessons: tuple[Lesson, ...]
    passing_rule: PassingRule = PassingRule()
    skills: tuple[Skill, ...] = ()
    language: str = "en"
    workload_hours: float | None = None


class CourseRetired(Event, frozen=True, kw_only=True, tag="course_retired"):
    course: str


class OfferingOpened(Event, frozen=True, kw_only=True, tag="offering_opened"):
    """`seats` absent: no cap. Times absent: no limit on that side."""

    offering: str
    course: str
    version: int
    pace: Pace = "self_paced"
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    seats: int | None = None
    waitlist: bool = True


class OfferingClosed(Event, frozen=True, kw_only=True, tag="offering_closed"):
    offering: str


class SeatTaken(Event, frozen=True, kw_only=True, tag="seat_taken"):
    """`waited`: the seat went to the first who waited, whose enrollment now follows by policy."""

    enrollment: str
    learner: str
    mode: Mode = "audit"
    waited: bool = False


class SeatReleased(Event, frozen=True, kw_only=True, tag="seat_released"):
    enrollment: str


class WaitlistJoined(Event, frozen=True, kw_only=True, tag="waitlist_joined"):
    enrollment: str
    learner: str
    mode: Mode = "audit"


class WaitlistLeft(Event, frozen=True, kw_only=True, tag="waitlist_left"):
    enrollment: str


class LearnerWaitlisted(Event, frozen=True, kw_only=True, tag="learner_waitlisted"):
    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: Mode = "audit"


class LearnerEnrolled(Event, frozen=True, kw_only=True, tag="learner_enrolled"):
    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: Mode = "audit"


class EnrollmentActivated(Event, frozen=True, kw_only=True, tag="enrollment_activated"):
    enrollment: str
    learner: str
    offering: str


class EnrollmentWithdrawn(Event, frozen=True, kw_only=True, tag="enrollment_withdrawn"):
    """`reason` is a code (`no_time`, `changed_course`, …), never text that a person typed."""

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str


class EnrollmentCompleted(Event, frozen=True, kw_only=True, tag="enrollment_completed"):
    """`grade` is the weighted grade, 0 to 1."""

    enrollment: str
    learner: str
    offering: str
    course: str
    grade: float


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
)
