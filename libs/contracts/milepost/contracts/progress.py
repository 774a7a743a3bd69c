"""The facts of learning in one enrollment. These names and fields are the storage format."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.events.event import Event

# Why a grade is no longer what it was: a later attempt, one that arrived late, what staff decided,
# a deadline that moved, another version of the plan, work from an earlier run, a corrected rule.
GradeReason: TypeAlias = Literal[
    "attempt",
    "late_report",
    "score_revised",
    "lesson_waived",
    "waiver_withdrawn",
    "deadlines_reset",
    "plan_migrated",
    "carried_over",
    "rule_changed",
]


class ProgressOpened(Event, frozen=True, kw_only=True, tag="progress_opened"):
    """Pins the plan (course and version) that this enrollment is judged by.

    `starts`: from when due days count; absent: from `occurred_at`.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    starts: datetime | None = None


class LearningBegan(Event, frozen=True, kw_only=True, tag="learning_began"):
    """Stands before the first `LessonStarted`, for those who wait for that one only."""

    enrollment: str


class LessonStarted(Event, frozen=True, kw_only=True, tag="lesson_started"):
    """`digest` is that of the report's content: so a repeat is told from another with its id.

    Events from before there were digests have none.
    """

    enrollment: str
    lesson: str
    report: str
    digest: str = ""


class LessonProgressed(Event, frozen=True, kw_only=True, tag="lesson_progressed"):
    """What a report adds: `progress` (0 to 1) if it is the highest so far, time and clicks.

    `completed`: the lesson was completed already at this time, earlier than had been known.
    One without any of these says that the lesson was started earlier than had been known.
    `merged` are further reports that it stands for, each id with its digest.
    """

    lesson: str
    report: str
    progress: float | None = None
    seconds_spent: float = 0.0
    clicks: int = 0
    resume_at: str | None = None
    completed: bool = False
    digest: str = ""
    merged: dict[str, str] = msgspec.field(default_factory=dict)


class LessonCompleted(Event, frozen=True, kw_only=True, tag="lesson_completed"):
    enrollment: str
    lesson: str
    report: str
    digest: str = ""


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
    digest: str = ""


class LessonPassed(Event, frozen=True, kw_only=True, tag="lesson_passed"):
    enrollment: str
    lesson: str
    score: float


class LessonFailed(Event, frozen=True, kw_only=True, tag="lesson_failed"):
    enrollment: str
    lesson: str
    score: float


class CourseCompleted(Event, frozen=True, kw_only=True, tag="course_completed"):
    """The course's rule held for the first time. Absent `grade`: nothing is graded.

    `occurred_at` is that of the last fact it needed, not of the last report to arrive, and `grade`
    the weighted grade, 0 to 1, of that moment. No report takes it back; `CourseGradeChanged` tells
    how the grade goes on.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    grade: float | None = None


class CourseGradeChanged(Event, frozen=True, kw_only=True, tag="course_grade_changed"):
    """The grade of a completed course, 0 to 1, is another one from now on; absent: there is none.

    before   what it was
    because  why; `lesson` is the one that did it, where one did
    passing  the course's rule holds with it. Where that alone changes, the grade is the same
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    because: GradeReason
    grade: float | None = None
    before: float | None = None
    lesson: str | None = None
    passing: bool = True


class CourseCompletionRevoked(Event, frozen=True, kw_only=True, tag="course_completion_revoked"):
    """A person decided that the course is not completed, for this reason, a code.

    final  its rule held nevertheless, so that no report completes the course again
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    reason: str
    final: bool = False


class LessonWaived(Event, frozen=True, kw_only=True, tag="lesson_waived"):
    """Staff excused the learner: the lesson counts as done, and is left out of the grade.

    `reason` is a code. Who it was stands in the event's metadata.
    """

    enrollment: str
    lesson: str
    reason: str


class LessonWaiverWithdrawn(Event, frozen=True, kw_only=True, tag="lesson_waiver_withdrawn"):
    """The lesson is demanded again. `reason` is a code."""

    enrollment: str
    lesson: str
    reason: str


class ScoreRevised(Event, frozen=True, kw_only=True, tag="score_revised"):
    """Staff gave one attempt another score, 0 to 1; `before` is what it was.

    `attempt` is the number that `AttemptScored` gave it. `reason` is a code.
    """

    enrollment: str
    lesson: str
    attempt: int
    score: float
    before: float
    reason: str
    raw: float | None = None
    maximum: float | None = None


class DeadlinesReset(Event, frozen=True, kw_only=True, tag="deadlines_reset"):
    """Due days count from `starts` from now on.

    `reason` is the code that staff gave; absent: the learner did it, as the course allows.
    """

    enrollment: str
    starts: datetime
    reason: str | None = None


class PlanMigrated(Event, frozen=True, kw_only=True, tag="plan_migrated"):
    """The enrollment is judged by `version` of the course from now on, before by `before`.

    course     empty in events from before it was told
    earned     lessons that were done by the rules of before: they stay done
    handed_in  lessons that were tried before, where a try completes from now on
    """

    enrollment: str
    version: int
    before: int
    reason: str
    course: str = ""
    earned: tuple[str, ...] = ()
    handed_in: tuple[str, ...] = ()


class CarriedAttempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As `AttemptScored` told it; `score` with what staff have revised since."""

    report: str
    at: datetime
    score: float


class CarriedBookmark(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Where to go on, as `LessonProgressed` told it. The latest wins, then the greater report."""

    at: datetime
    report: str
    position: str


class CarriedLesson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done at one lesson. `progress` is 0 to 1, time in milliseconds.

    Numbers and times are those of all that was done there; `attempts` are those that are new here,
    or have another score. `done`: it counted as done there, and stays so. `waived` is the reason.
    """

    lesson: str
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float = 0.0
    milliseconds: int = 0
    clicks: int = 0
    bookmark: CarriedBookmark | None = None
    attempts: tuple[CarriedAttempt, ...] = ()
    done: bool = False
    waived: str | None = None


class ProgressCarriedOver(Event, frozen=True, kw_only=True, tag="progress_carried_over"):
    """Work from another run of the course counts here. Several make up a whole one.

    source  the enrollment that it was done in, which may have been left long ago
    since   the last version of that progress stream that is contained
    """

    enrollment: str
    source: str
    since: int
    lessons: tuple[CarriedLesson, ...]


class ReportsBackdated(Event, frozen=True, kw_only=True, tag="reports_backdated"):
    """Staff reported, for this reason, what learners themselves would have been too late for."""

    enrollment: str
    reason: str
    reports: tuple[str, ...]


class ProgressClosed(Event, frozen=True, kw_only=True, tag="progress_closed"):
    """Nothing is accepted any more that happened after `occurred_at`.

    `continues_as` is the enrollment in another run of the course that goes on, after a transfer.
    """

    enrollment: str
    reason: str
    continues_as: str | None = None


class LateWorkArrived(Event, frozen=True, kw_only=True, tag="late_work_arrived"):
    """What was done before the transfer, and told after it, is to count in `continues_as`."""

    enrollment: str
    continues_as: str


class ProgressSuspended(Event, frozen=True, kw_only=True, tag="progress_suspended"):
    """Nothing is accepted for the time being that happened after `occurred_at`."""

    enrollment: str
    reason: str


class ProgressResumed(Event, frozen=True, kw_only=True, tag="progress_resumed"):
    """After a suspension, or in a later stay: what happened from now on is accepted again."""

    enrollment: str
