"""One row per enrollment: where a learner stands in an offering.

A learner who comes back has the same enrollment, in its next stay; the sums (`visits`, `clicks`,
`attempts`, lessons) are those of all stays. `grade` is what the completion said, or what changed
it since, 0 to 1, not an average of attempts; absent where nothing is graded. Times are when it
happened (`occurred_at`), however late it was reported.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias, assert_never, get_args

import msgspec

from milepost.contracts.enrollments import (
    EnrollmentActivated,
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentModeChanged,
    EnrollmentReinstated,
    EnrollmentRequested,
    EnrollmentState,
    EnrollmentSuspended,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
    ProgressCarriedOver,
)
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, KeyFold, ReadModel, Rows, StreamKey, Table

Entry: TypeAlias = EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled
Move: TypeAlias = (
    LearnerOfferedSeat
    | EnrollmentSuspended
    | EnrollmentWithdrawn
    | EnrollmentDeclined
    | EnrollmentExpired
    | EnrollmentTransferred
    | EnrollmentCanceled
    | EnrollmentCompleted
    | EnrollmentCompletionRevoked
)
Change: TypeAlias = EnrollmentActivated | EnrollmentReinstated | EnrollmentModeChanged | Move
Result: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
Activity: TypeAlias = LessonProgressed | LessonStarted | LessonCompleted | AttemptScored
OverviewEvent: TypeAlias = Activity | ProgressCarriedOver | Result | Entry | Change

# By their type: whether one is an instance of a class that it is not of takes long to tell.
ACTIVITIES: Final = frozenset(get_args(Activity))


class EnrollmentRow(msgspec.Struct):
    """`state` is the enrollment's; `grade` (0 to 1) is that of the completion, as it is by now.

    `entered_at`: when this stay, the learner's first or second, …, began with a request, a wait or
    a seat; `waitlisted_at`, `enrolled_at`, `withdrawn_at` and the reason are this stay's.
    `visits` are reports that added progress, time or clicks; `last_activity` is when the latest
    of what was reported happened, however late it arrived.
    `started_at`: the first that was done, also of work that came along from another run.
    """

    enrollment: str
    learner: str = ""
    offering: str = ""
    course: str = ""
    course_version: int = 0
    mode: str = ""
    state: str = ""
    stay: int = 0
    entered_at: datetime | None = None
    waitlisted_at: datetime | None = None
    enrolled_at: datetime | None = None
    started_at: datetime | None = None
    lessons_started: int = 0
    lessons_completed: int = 0
    attempts: int = 0
    visits: int = 0
    clicks: int = 0
    milliseconds_spent: int = 0
    last_activity: datetime | None = None
    grade: float | None = None
    completed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None


ENROLLMENTS = Table(
    "learner_overview",
    EnrollmentRow,
    ("enrollment",),
    StreamKey(frozenset({"progress", "enrollment"})),
    (
        "learner, entered_at, enrollment",  # a learner's page, and their own list
        "offering, entered_at, enrollment",  # the list of an offering's enrollments
        "course, entered_at, enrollment",  # that of a course's
        "state, entered_at, enrollment",  # that of all who wait, or are suspended
        "entered_at, enrollment",  # the list of all
    ),
)


def fold(rows: Rows, key: str, facts: Sequence[Fact[OverviewEvent]]) -> None:
    row = rows.of(ENROLLMENTS, key)
    for fact in facts:
        event: Any = fact.event
        if type(event) in ACTIVITIES:
            _add_activity(row, event)
        else:
            _change(row, event)


def _change(row: EnrollmentRow, event: ProgressCarriedOver | Result | Entry | Change) -> None:
    match event:
        case ProgressCarriedOver():
            for lesson in event.lessons:
                _start(row, lesson.started_at)
        case CourseCompleted() | CourseGradeChanged() | CourseCompletionRevoked():
            _grade(row, event)
        case EnrollmentRequested() | LearnerWaitlisted() | LearnerEnrolled():
            _enter(row, event)
        case EnrollmentActivated():
            row.state = "active" if row.state == "enrolled" else row.state
        case EnrollmentReinstated():
            row.state = _seated_state(row)
        case EnrollmentModeChanged():
            row.mode = event.mode
        case _:
            _move(row, event)


def _grade(row: EnrollmentRow, event: Result) -> None:
    match event:
        case CourseCompleted():
            row.grade, row.completed_at = event.grade, event.occurred_at
        case CourseGradeChanged():
            row.grade = event.grade
        case CourseCompletionRevoked():
            row.grade = row.completed_at = None
        case _:
            assert_never(event)


def _move(row: EnrollmentRow, event: Move) -> None:
    match event:
        case EnrollmentWithdrawn():
            row.state = "withdrawn"
            row.withdrawn_at = event.occurred_at
            row.withdrawal_reason = event.reason
        case EnrollmentCompleted():
            row.state = "completed"
        case EnrollmentCompletionRevoked():
            row.state = event.state
        case LearnerOfferedSeat():
            row.state = "offered"
        case EnrollmentSuspended():
            row.state = "suspended"
        case EnrollmentDeclined():
            row.state = "declined"
        case EnrollmentExpired():
            row.state = "expired"
        case EnrollmentTransferred():
            row.state = "transferred"
        case EnrollmentCanceled():
            row.state = "canceled"
        case _:
            assert_never(event)


def _seated_state(row: EnrollmentRow) -> EnrollmentState:
    """Who is reinstated, or comes back, goes on where they were."""
    return "active" if row.started_at else "enrolled"


def _add_activity(row: EnrollmentRow, event: Activity) -> None:
    at = event.occurred_at
    if row.last_activity is None or row.last_activity < at:
        row.last_activity = at
    _start(row, at)
    if type(event) is LessonProgressed:
        row.visits += 1
        row.clicks += event.clicks
        row.milliseconds_spent += round(event.seconds_spent * 1000)
    elif type(event) is LessonStarted:
        row.lessons_started += 1
    elif type(event) is LessonCompleted:
        row.lessons_completed += 1
    else:
        row.attempts += 1


def _start(row: EnrollmentRow, at: datetime | None) -> None:
    if at is not None and (row.started_at is None or at < row.started_at):
        row.started_at = at


def _enter(row: EnrollmentRow, event: Entry) -> None:
    row.learner = event.learner
    row.offering = event.offering
    row.course = event.course
    row.course_version = event.version
    row.mode = event.mode
    if row.stay != event.stay:
        row.stay, row.entered_at = event.stay, event.occurred_at
        row.waitlisted_at = row.enrolled_at = row.withdrawn_at = row.withdrawal_reason = None
    match event:
        case LearnerEnrolled():
            row.state = _seated_state(row)
            row.enrolled_at = event.occurred_at
        case LearnerWaitlisted():
            row.state = "waitlisted"
            row.waitlisted_at = event.occurred_at
        case EnrollmentRequested():
            row.state = "requested" if event.missing else "pending_approval"
        case _:
            assert_never(event)


LEARNER_OVERVIEW = ReadModel(
    "learner_overview", 7, Codec(OverviewEvent), (ENROLLMENTS,), KeyFold(fold)
)
