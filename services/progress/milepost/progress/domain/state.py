"""What is known of one enrollment: the fold of its events. Pure; never refuses.

Everything here merges by the least, the greatest or the sum, never by what came last, so that
the order of arrival leaves no trace.
"""

from bisect import bisect
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts import streams
from milepost.contracts.courses import MAX_ATTEMPTS
from milepost.contracts.progress import (
    AttemptScored,
    CarriedLesson,
    CourseCompleted,
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
from milepost.events.codec import Codec
from milepost.events.streams import Category
from milepost.progress.domain.carried import NOTHING, CarriedFrom, united
from milepost.progress.domain.plan import Attempt
from milepost.progress.events import ProgressEvent


class Bookmark(msgspec.Struct, frozen=True, order=True, gc=False):
    """Where to go on. The latest wins; at the same time, the greater report id."""

    at: datetime
    report: str
    position: str


class LessonState(msgspec.Struct, frozen=True, gc=False):
    """One lesson. `progress` is 0 to 1; whole milliseconds add up the same in any order.

    `passed` is the last verdict on the counting attempt, None before there was one.
    `attempts` are at most `MAX_ATTEMPTS`, `tries` is how many there were. `best` has the highest
    score of them all; among equally good ones it is the earliest.
    """

    started_at: datetime
    completed_at: datetime | None = None
    progress: float = 0.0
    milliseconds: int = 0
    clicks: int = 0
    bookmark: Bookmark | None = None
    attempts: tuple[Attempt, ...] = ()
    passed: bool | None = None
    tries: int = 0
    best: Attempt | None = None


class Progress(msgspec.Struct):
    """`completed` and `passed` name lessons; `reports` are the ids that left an event.

    `closed_at`: since when it is closed or suspended; `gaps`: from when until when it was.
    `starts`: from when due days count; `resets`: how often the learner has moved that.
    `waived`: the lessons that staff excused the learner from, and the reason.
    `earned`: lessons that were done by the rules of another version, and stay so.
    `continues_as`: the enrollment that goes on, of one that was transferred.
    `carried`: what came from other runs, by the enrollment that it was done in.
    """

    opened: ProgressOpened | None = None
    closed_at: datetime | None = None
    gaps: tuple[tuple[datetime, datetime], ...] = ()
    course: CourseCompleted | None = None
    lessons: dict[str, LessonState] = {}
    completed: set[str] = set()
    passed: set[str] = set()
    reports: set[str] = set()
    starts: datetime | None = None
    resets: int = 0
    waived: dict[str, str] = {}
    earned: set[str] = set()
    continues_as: str | None = None
    carried: dict[str, CarriedFrom] = {}


def evolve(state: Progress, event: ProgressEvent) -> Progress:
    """Changes the state in place, and answers it."""
    match event:
        case LessonProgressed():
            state.lessons[event.lesson] = _progressed(state.lessons[event.lesson], event)
            state.reports.add(event.report)
        case LessonStarted():
            state.lessons[event.lesson] = LessonState(event.occurred_at)
            state.reports.add(event.report)
        case AttemptScored():
            state.lessons[event.lesson] = _scored(state.lessons[event.lesson], event)
            state.reports.add(event.report)
        case LessonCompleted():
            standing = replace(
                _started_by(state.lessons[event.lesson], event.occurred_at),
                completed_at=event.occurred_at,
            )
            state.lessons[event.lesson] = standing
            state.completed.add(event.lesson)
            state.reports.add(event.report)
        case LessonPassed() | LessonFailed():
            _judge(state, event.lesson, passed=type(event) is LessonPassed)
        case CourseCompleted():
            state.course = event
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


def _evolve_decided(
    state: Progress, event: LessonWaived | LessonWaiverWithdrawn | ScoreRevised | DeadlinesReset
) -> None:
    match event:
        case LessonWaived():
            state.waived[event.lesson] = event.reason
        case LessonWaiverWithdrawn():
            state.waived.pop(event.lesson, None)
        case ScoreRevised():
            state.lessons[event.lesson] = _revised(state.lessons[event.lesson], event)
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
        state.lessons[name] = _carried(standing, known, new)
    if new.completed_at:
        state.completed.add(name)
    if new.done:
        state.earned.add(name)
    if new.waived and not (known and known.waived):
        state.waived.setdefault(name, new.waived)


def _carried(standing: LessonState, known: CarriedLesson | None, new: CarriedLesson) -> LessonState:
    """Times and progress merge; of time and clicks the difference to what is known is added."""
    brought = united(known, new)
    bookmark = standing.bookmark
    if mark := brought.bookmark:
        bookmark = later_bookmark(bookmark, Bookmark(mark.at, mark.report, mark.position))
    ends = [at for at in (standing.completed_at, new.completed_at) if at]
    attempts, tries = _with_carried(standing, known, new)
    return LessonState(
        min(at for at in (standing.started_at, new.started_at) if at),
        min(ends, default=None),
        max(standing.progress, new.progress),
        standing.milliseconds + brought.milliseconds - (known.milliseconds if known else 0),
        standing.clicks + brought.clicks - (known.clicks if known else 0),
        bookmark,
        attempts,
        standing.passed,
        tries,
        min(attempts, key=lambda one: (-one.score, one), default=None),
    )


def _with_carried(
    standing: LessonState, known: CarriedLesson | None, new: CarriedLesson
) -> tuple[tuple[Attempt, ...], int]:
    """Each once, under a number of its own here; what is known may have another score by now."""
    attempts, tries = standing.attempts, standing.tries
    there = {(one.at, one.report) for one in attempts}
    brought = {(one.at, one.report) for one in known.attempts} if known else set()
    for one in new.attempts:
        key = one.at, one.report
        if key in brought:
            attempts = tuple(
                replace(mine, score=one.score) if (mine.at, mine.report) == key else mine
                for mine in attempts
            )
        elif key not in there:
            tries += 1
            attempts = _with(attempts, Attempt(one.at, one.report, one.score, tries))
    return attempts, tries


def _progressed(standing: LessonState, event: LessonProgressed) -> LessonState:
    at = event.occurred_at
    bookmark, completed_at = standing.bookmark, standing.completed_at
    if event.resume_at is not None:
        bookmark = later_bookmark(bookmark, Bookmark(at, event.report, event.resume_at))
    if event.completed:
        completed_at = at if completed_at is None else min(completed_at, at)
    return LessonState(
        min(standing.started_at, at),
        completed_at,
        max(standing.progress, event.progress or 0.0),
        standing.milliseconds + milliseconds(event.seconds_spent),
        standing.clicks + event.clicks,
        bookmark,
        standing.attempts,
        standing.passed,
        standing.tries,
        standing.best,
    )


def _scored(standing: LessonState, event: AttemptScored) -> LessonState:
    attempt = Attempt(event.occurred_at, event.report, event.score, event.attempt)
    return replace(
        _started_by(standing, event.occurred_at),
        attempts=_with(standing.attempts, attempt),
        tries=standing.tries + 1,
        best=_better(standing.best, attempt),
    )


def _revised(standing: LessonState, event: ScoreRevised) -> LessonState:
    """The attempt keeps its place. Of a log from before the bound it may be gone: so be it."""
    attempts = tuple(
        replace(one, score=event.score) if one.number == event.attempt else one
        for one in standing.attempts
    )
    best = min(attempts, key=lambda one: (-one.score, one))
    return replace(standing, attempts=attempts, best=best)


def _with(attempts: tuple[Attempt, ...], new: Attempt) -> tuple[Attempt, ...]:
    """In order. Logs from before the bound may have more: the first ones and the last are kept."""
    place = bisect(attempts, new)
    kept = (*attempts[:place], new, *attempts[place:])
    return kept if len(kept) <= MAX_ATTEMPTS else (*kept[: MAX_ATTEMPTS - 1], kept[-1])


def _better(best: Attempt | None, new: Attempt) -> Attempt:
    if best is None or (-new.score, new) < (-best.score, best):
        return new
    return best


def _started_by(standing: LessonState, at: datetime) -> LessonState:
    return replace(standing, started_at=at) if at < standing.started_at else standing


def later_bookmark(one: Bookmark | None, other: Bookmark) -> Bookmark:
    return other if one is None or one < other else one


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000) if seconds else 0


def satisfying(state: Progress) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """The lessons that count as completed, and as passed. What is waived or earned is both."""
    if not state.waived and not state.earned:
        return state.completed, state.passed
    both = state.waived.keys() | state.earned
    return state.completed | both, state.passed | both


PROGRESS: Category[Progress, ProgressEvent] = Category(
    streams.PROGRESS, Progress, evolve, Codec(ProgressEvent)
)
