"""The facts of learning in one enrollment. These names and fields are the storage format."""

from milepost.events.event import Event


class ProgressOpened(Event, frozen=True, kw_only=True, tag="progress_opened"):
    """Pins the plan (course and version) that this enrollment is judged by."""

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int


class LearningBegan(Event, frozen=True, kw_only=True, tag="learning_began"):
    """Stands before the first `LessonStarted`, for those who wait for that one only."""

    enrollment: str


class LessonStarted(Event, frozen=True, kw_only=True, tag="lesson_started"):
    enrollment: str
    lesson: str
    report: str


class LessonProgressed(Event, frozen=True, kw_only=True, tag="lesson_progressed"):
    """What a report adds: `progress` (0 to 1) if it is the highest so far, time and clicks.

    `completed`: the lesson was completed already at this time, earlier than had been known.
    One without any of these says that the lesson was started earlier than had been known.
    """

    lesson: str
    report: str
    progress: float | None = None
    seconds_spent: float = 0.0
    clicks: int = 0
    resume_at: str | None = None
    completed: bool = False


class LessonCompleted(Event, frozen=True, kw_only=True, tag="lesson_completed"):
    enrollment: str
    lesson: str
    report: str


class AttemptScored(Event, frozen=True, kw_only=True, tag="attempt_scored"):
    """`score` is scaled, 0 to 1; `raw` of `maximum` are as the grader gave them.

    `attempt` counts from 1 in order of arrival; which one counts is decided by `occurred_at`.
    """

    enrollment: str
    lesson: str
    report: str
    attempt: int
    score: float
    raw: float | None = None
    maximum: float | None = None


class LessonPassed(Event, frozen=True, kw_only=True, tag="lesson_passed"):
    enrollment: str
    lesson: str
    score: float


class LessonFailed(Event, frozen=True, kw_only=True, tag="lesson_failed"):
    enrollment: str
    lesson: str
    score: float


class CourseCompleted(Event, frozen=True, kw_only=True, tag="course_completed"):
    """`grade` is the weighted grade, 0 to 1, when it was decided; no report takes it back.

    `occurred_at` is that of the last fact it needed, not of the last report to arrive.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    grade: float


class ReportsBackdated(Event, frozen=True, kw_only=True, tag="reports_backdated"):
    """Staff reported, for this reason, what learners themselves would have been too late for."""

    enrollment: str
    reason: str
    reports: tuple[str, ...]


class ProgressClosed(Event, frozen=True, kw_only=True, tag="progress_closed"):
    """Nothing is accepted any more that happened after `occurred_at`."""

    enrollment: str
    reason: str


class ProgressSuspended(Event, frozen=True, kw_only=True, tag="progress_suspended"):
    """Nothing is accepted for the time being that happened after `occurred_at`."""

    enrollment: str
    reason: str


class ProgressResumed(Event, frozen=True, kw_only=True, tag="progress_resumed"):
    """After a suspension, or in a later stay: what happened from now on is accepted again."""

    enrollment: str
