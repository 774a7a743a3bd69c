"""What is known of one lesson, and what each event adds to it. Pure; never refuses."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from milepost.contracts.progress import AttemptScored, CarriedLesson, LessonProgressed, ScoreRevised
from milepost.contracts.rules.attempts import Attempt, with_attempt, with_carried, with_revised
from milepost.contracts.rules.learning.carried import united


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


def carried_over(
    standing: LessonState, known: CarriedLesson | None, new: CarriedLesson
) -> LessonState:
    """Times and progress merge; of time and clicks the difference to what is known is added."""
    brought = united(known, new)
    bookmark = standing.bookmark
    if mark := brought.bookmark:
        bookmark = later_bookmark(bookmark, Bookmark(mark.at, mark.report, mark.position))
    ends = [at for at in (standing.completed_at, new.completed_at) if at]
    brought_before = known.attempts if known else ()
    attempts, tries = with_carried(standing.attempts, standing.tries, brought_before, new.attempts)
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


def progressed(standing: LessonState, event: LessonProgressed) -> LessonState:
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


def scored(standing: LessonState, event: AttemptScored) -> LessonState:
    attempt = Attempt(event.occurred_at, event.report, event.score, event.attempt)
    return replace(
        started_by(standing, event.occurred_at),
        attempts=with_attempt(standing.attempts, attempt),
        tries=standing.tries + 1,
        best=_better(standing.best, attempt),
    )


def revised(standing: LessonState, event: ScoreRevised) -> LessonState:
    attempts = with_revised(standing.attempts, event.attempt, event.score)
    best = min(attempts, key=lambda one: (-one.score, one))
    return replace(standing, attempts=attempts, best=best)


def _better(best: Attempt | None, new: Attempt) -> Attempt:
    if best is None or (-new.score, new) < (-best.score, best):
        return new
    return best


def started_by(standing: LessonState, at: datetime) -> LessonState:
    return replace(standing, started_at=at) if at < standing.started_at else standing


def later_bookmark(one: Bookmark | None, other: Bookmark) -> Bookmark:
    return other if one is None or one < other else one


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000) if seconds else 0
