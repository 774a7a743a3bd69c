"""The facts of enrollments. These names and fields are the storage format."""

from milepost.enrollment.events.offerings import Mode
from milepost.events.event import Event


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
