"""Which score counted at a lesson, since which event: from what progress has said. Pure.

A score that counts is not a fact that progress writes down: it follows from the attempts, from
what staff revised and from the rules of the course version that the enrollment is pinned to.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts.courses import CountingAttempt, CoursePublished, LatePolicy
from milepost.contracts.progress import (
    AttemptScored,
    CarriedAttempt,
    DeadlinesReset,
    PlanMigrated,
    ProgressCarriedOver,
    ProgressOpened,
    ScoreRevised,
)
from milepost.contracts.records import LessonResultNoted
from milepost.contracts.rules.attempts import (
    Attempt,
    counting_when_late,
    late_policy,
    with_attempt,
    with_carried,
    with_revised,
)

# All that may change the score which counts.
ScoringEvent: TypeAlias = (
    ProgressOpened
    | AttemptScored
    | ScoreRevised
    | ProgressCarriedOver
    | PlanMigrated
    | DeadlinesReset
)


class ScoringRule(msgspec.Struct, frozen=True, kw_only=True):
    """What of a lesson's rule decides its score."""

    counts: CountingAttempt
    attempts_allowed: int | None
    due_day: int | None
    late: LatePolicy | None


Rules: TypeAlias = Mapping[int, Mapping[str, ScoringRule]]


def scoring_rules(course: CoursePublished) -> Mapping[str, ScoringRule]:
    """By lesson."""
    return {
        one.id: ScoringRule(
            counts=one.counts,
            attempts_allowed=one.attempts_allowed,
            due_day=one.due_day,
            late=late_policy(one, course.late),
        )
        for one in course.lessons
    }


def lesson_results(
    events: Iterable[tuple[int, ScoringEvent]], rules: Rules, lessons: Collection[str]
) -> Iterator[LessonResultNoted]:
    """Each change of the score that counts at these lessons, in order.

    `events`: those of one enrollment from its beginning, each with its position; `rules`: by
    version of its course.
    """
    tried = _Tried()
    told: dict[str, float] = {}
    for position, event in events:
        tried.add(event)
        if tried.opened is None:
            continue
        for lesson in sorted(_touched(event, lessons)):
            rule = rules.get(tried.version, {}).get(lesson)
            score = tried.score(lesson, rule) if rule else None
            if score is not None and told.get(lesson) != score:
                told[lesson] = score
                yield _noted(tried.opened, lesson, score, position, event.occurred_at)


def _touched(event: ScoringEvent, lessons: Collection[str]) -> Collection[str]:
    match event:
        case AttemptScored(lesson=lesson) | ScoreRevised(lesson=lesson):
            return {lesson} & set(lessons)
        case _:
            return lessons


class _Tried:
    """All attempts of an enrollment so far; `brought` is what came from other ones."""

    def __init__(self) -> None:
        self.opened: ProgressOpened | None = None
        self.version = 0
        self._starts: datetime | None = None
        self._attempts: dict[str, tuple[tuple[Attempt, ...], int]] = {}
        self._brought: dict[tuple[str, str], list[CarriedAttempt]] = {}

    def score(self, lesson: str, rule: ScoringRule) -> float | None:
        attempts, _ = self._of(lesson)
        return counting_when_late(attempts, rule, self._starts).score if attempts else None

    def add(self, event: ScoringEvent) -> None:
        match event:
            case ProgressOpened():
                self.opened, self.version = event, event.version
                self._starts = event.starts or event.occurred_at
            case AttemptScored(lesson=lesson):
                attempts, tries = self._of(lesson)
                new = Attempt(event.occurred_at, event.report, event.score, event.attempt)
                self._attempts[lesson] = with_attempt(attempts, new), tries + 1
            case ScoreRevised(lesson=lesson):
                attempts, tries = self._of(lesson)
                revised = with_revised(attempts, event.attempt, event.score)
                self._attempts[lesson] = revised, tries
            case ProgressCarriedOver():
                self._carry(event)
            case PlanMigrated():
                self.version = event.version
            case DeadlinesReset():
                self._starts = event.starts
            case _:
                assert_never(event)

    def _carry(self, event: ProgressCarriedOver) -> None:
        for one in event.lessons:
            known = self._brought.setdefault((event.source, one.lesson), [])
            attempts, tries = self._of(one.lesson)
            self._attempts[one.lesson] = with_carried(attempts, tries, known, one.attempts)
            known += one.attempts

    def _of(self, lesson: str) -> tuple[tuple[Attempt, ...], int]:
        return self._attempts.get(lesson, ((), 0))


def _noted(
    opened: ProgressOpened, lesson: str, score: float, position: int, at: datetime
) -> LessonResultNoted:
    return LessonResultNoted(
        learner=opened.learner,
        course=opened.course,
        lesson=lesson,
        offering=opened.offering,
        enrollment=opened.enrollment,
        score=score,
        position=position,
        occurred_at=at,
    )
