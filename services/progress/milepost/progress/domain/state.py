"""How events of one enrollment are folded into what is known of it. Pure; never refuses.

Everything here merges by the least, the greatest or the sum, never by what came last, so that
the order of arrival leaves no trace.
"""

from typing import assert_never

from msgspec.structs import replace

from milepost.contracts import streams
from milepost.contracts.progress import (
    AttemptScored,
    CarriedLesson,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    DeadlinesReset,
    LateWorkArrived,
    LearningBegan,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonProgressed,
    LessonStarted,
    LessonWaived,
    LessonWaiverWithdrawn,
    PlanMigrated,
    ProgressCarriedOver,
    ProgressClosed,
    ProgressOpened,
    ProgressResumed,
    ProgressSuspended,
    ReportsBackdated,
    ScoreRevised,
)
from milepost.contracts.rules.learning.carried import NOTHING, CarriedFrom, united
from milepost.contracts.rules.learning.lesson_state import (
    LessonState,
    carried_over,
    progressed,
    revised,
    scored,
    started_by,
)
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.codec import Codec
from milepost.events.streams import Category
from milepost.progress.events import ProgressEvent


def evolve(state: Progress, event: ProgressEvent) -> Progress:
    """Changes the state in place, and answers it."""
    match event:
        case LessonProgressed():
            state.lessons[event.lesson] = progressed(state.lessons[event.lesson], event)
            state.reports[event.report] = event.digest
            state.reports.update(event.merged)
        case LessonStarted():
            state.lessons[event.lesson] = LessonState(event.occurred_at)
            state.reports[event.report] = event.digest
        case AttemptScored():
            state.lessons[event.lesson] = scored(state.lessons[event.lesson], event)
            state.reports[event.report] = event.digest
        case LessonCompleted():
            standing = replace(
                started_by(state.lessons[event.lesson], event.occurred_at),
                completed_at=event.occurred_at,
            )
            state.lessons[event.lesson] = standing
            state.completed.add(event.lesson)
            state.reports[event.report] = event.digest
        case LessonPassed() | LessonFailed():
            _judge(state, event.lesson, passed=type(event) is LessonPassed)
        case CourseCompleted() | CourseGradeChanged() | CourseCompletionRevoked():
            _evolve_course(state, event)
        case LearningBegan() | ReportsBackdated() | LateWorkArrived():
            pass
        case PlanMigrated() | ProgressCarriedOver():
            _evolve_moved(state, event)
        case LessonWaived() | LessonWaiverWithdrawn() | ScoreRevised() | DeadlinesReset():
            _evolve_decided(state, event)
        case _:
            _evolve_access(state, event)
    return state


def _judge(state: Progress, lesson: str, *, passed: bool) -> None:
    state.lessons[lesson] = replace(state.lessons[lesson], passed=passed)
    if passed:
        state.passed.add(lesson)
    else:
        state.passed.discard(lesson)


def _evolve_course(
    state: Progress, event: CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
) -> None:
    match event:
        case CourseCompleted():
            state.course, state.grade = event, event.grade
            state.passing, state.revoked = True, None
        case CourseGradeChanged():
            state.grade, state.passing = event.grade, event.passing
        case CourseCompletionRevoked():
            state.course, state.revoked, state.grade = None, event, None
        case _:
            assert_never(event)


def _evolve_decided(
    state: Progress, event: LessonWaived | LessonWaiverWithdrawn | ScoreRevised | DeadlinesReset
) -> None:
    match event:
        case LessonWaived():
            state.waived[event.lesson] = event.reason
        case LessonWaiverWithdrawn():
            state.waived.pop(event.lesson, None)
        case ScoreRevised():
            state.lessons[event.lesson] = revised(state.lessons[event.lesson], event)
        case DeadlinesReset():
            state.starts = event.starts
            state.resets += event.reason is None
        case _:
            assert_never(event)


def _evolve_access(
    state: Progress, event: ProgressOpened | ProgressClosed | ProgressSuspended | ProgressResumed
) -> None:
    match event:
        case ProgressOpened():
            state.opened = event
            state.starts = event.starts or event.occurred_at
        case ProgressClosed():
            state.closed_at = event.occurred_at
            state.continues_as = event.continues_as
        case ProgressSuspended():
            state.closed_at = event.occurred_at
        case ProgressResumed():
            assert state.closed_at is not None
            state.gaps = (*state.gaps, (state.closed_at, event.occurred_at))
            state.closed_at = None
            state.continues_as = None
        case _:
            assert_never(event)


def _evolve_moved(state: Progress, event: PlanMigrated | ProgressCarriedOver) -> None:
    match event:
        case PlanMigrated():
            assert state.opened is not None
            state.opened = replace(state.opened, version=event.version)
            state.earned.update(event.earned)
            state.handed_in = frozenset(event.handed_in)
        case ProgressCarriedOver():
            known = state.carried.get(event.source, NOTHING)
            brought = {**known.lessons}
            for lesson in event.lessons:
                _take_over(state, brought.get(lesson.lesson), lesson)
                brought[lesson.lesson] = united(brought.get(lesson.lesson), lesson)
            state.carried[event.source] = CarriedFrom(max(known.since, event.since), brought)
        case _:
            assert_never(event)


def _take_over(state: Progress, known: CarriedLesson | None, new: CarriedLesson) -> None:
    name = new.lesson
    if new.started_at:
        standing = state.lessons.get(name) or LessonState(new.started_at)
        state.lessons[name] = carried_over(standing, known, new)
    if new.completed_at:
        state.completed.add(name)
    if new.done:
        state.earned.add(name)
    if new.waived and not (known and known.waived):
        state.waived.setdefault(name, new.waived)


PROGRESS: Category[Progress, ProgressEvent] = Category(
    streams.PROGRESS, Progress, evolve, Codec(ProgressEvent)
)
