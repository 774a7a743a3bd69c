"""Criteria that ask for results: of courses, of lessons, and what courses teach. Pure."""

from collections.abc import Iterable
from datetime import datetime
from math import fsum
from typing import assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts.achievements import CoursePassed, HoursLearned, LessonScored, SkillShown
from milepost.credentials.domain.achievements.condition import Asked, Condition, Obstacle, order
from milepost.credentials.domain.records.results import CourseResult, ResultHistory, best_of

# Sums of hours are floating point: a second less is as good.
SECOND = 1 / 3600


class _Period(msgspec.Struct, frozen=True):
    not_before: datetime | None
    not_after: datetime | None

    def has(self, result: CourseResult) -> bool:
        early = self.not_before is not None and result.at < self.not_before
        late = self.not_after is not None and result.at > self.not_after
        return not early and not late


def by_results(
    criterion: CoursePassed | LessonScored | SkillShown | HoursLearned, asked: Asked
) -> Condition:
    match criterion:
        case CoursePassed():
            return _course_passed(criterion, asked)
        case LessonScored():
            return _lesson_scored(criterion, asked)
        case SkillShown():
            return _skill_shown(criterion, asked)
        case HoursLearned():
            return _hours_learned(criterion, asked)
        case _:
            assert_never(criterion)


def _course_passed(criterion: CoursePassed, asked: Asked) -> Condition:
    period = _Period(criterion.not_before, criterion.not_after)
    best = asked.record.results.get(criterion.course)
    found = best
    if criterion.mode or period.not_before or period.not_after:
        all_of_it = asked.record.histories.get(criterion.course, {}).values()
        in_mode = [one for one in all_of_it if criterion.mode in {None, one.result.mode}]
        found = best_of(one for one in in_mode if period.has(one.result))
        if best and not found:
            return replace(
                _asked_for(criterion),
                grade=best.result.grade,
                passing=best.result.passing,
                because="outside_period" if in_mode else "other_mode",
            )
    if found is None:
        return replace(_asked_for(criterion), because="not_completed")
    return _of(_asked_for(criterion), found, criterion.min_grade)


def _lesson_scored(criterion: LessonScored, asked: Asked) -> Condition:
    """By the best of all enrollments in the course; a waiver is no score."""
    histories = asked.record.lessons.get((criterion.course, criterion.lesson), {})
    found = max(histories.values(), key=lambda one: one.rank, default=None)
    condition = Condition(
        kind="lesson_scored",
        holds=False,
        course=criterion.course,
        lesson=criterion.lesson,
        min_score=criterion.min_score,
    )
    if found is None:
        return replace(condition, because="not_scored")
    condition = replace(
        condition, score=found.score, offering=found.offering, enrollment=found.enrollment
    )
    since = found.since(criterion.min_score)
    if since is None:
        missing = criterion.min_score - found.score
        return replace(condition, because="score_too_low", missing=missing)
    return replace(condition, holds=True, since=since.at, position=since.position)


def _skill_shown(criterion: SkillShown, asked: Asked) -> Condition:
    """By the course that first was passed well enough, of those that teach it."""
    teaching = [one for one in _all(asked) if criterion.skill in one.result.skills]
    condition = Condition(
        kind="skill_shown", holds=False, skill=criterion.skill, min_grade=criterion.min_grade
    )
    passed = [
        one for one in (_of(condition, x, criterion.min_grade) for x in teaching) if one.holds
    ]
    if passed:
        return min(passed, key=order)
    best = best_of(teaching)
    if best is None:
        return replace(condition, because="not_shown")
    return _of(condition, best, criterion.min_grade)


def _hours_learned(criterion: HoursLearned, asked: Asked) -> Condition:
    """Each course counts once, by its longest workload; it holds since the course that sufficed."""
    courses = criterion.courses or asked.record.histories
    period = _Period(criterion.not_before, criterion.not_after)
    counted = [_hours(asked.record.histories.get(one, {}).values(), period) for one in courses]
    parts = sorted((one for one in counted if one), key=order)
    enough = next(
        (n for n in range(1, len(parts) + 1) if _sum(parts[:n]) + SECOND >= criterion.hours), None
    )
    parts = parts[:enough]
    learned = _sum(parts)
    return Condition(
        kind="hours_learned",
        holds=enough is not None,
        since=parts[-1].since if enough else None,
        position=parts[-1].position if enough else None,
        because=None if enough else "too_few_hours",
        missing=None if enough else criterion.hours - learned,
        not_before=criterion.not_before,
        not_after=criterion.not_after,
        hours=criterion.hours,
        learned=learned,
        conditions=tuple(parts),
    )


def _all(asked: Asked) -> Iterable[ResultHistory]:
    return (one for of_one in asked.record.histories.values() for one in of_one.values())


def _hours(histories: Iterable[ResultHistory], period: _Period) -> Condition | None:
    passed = [one for one in histories if one.result.hours and one.reached]
    found = max(
        (one for one in passed if period.has(one.result)),
        key=lambda one: (one.result.hours, -one.result.at.timestamp(), -one.result.position),
        default=None,
    )
    if found is None:
        return None
    condition = Condition(
        kind="course_passed", holds=False, course=found.result.course, learned=found.result.hours
    )
    return _of(condition, found, 0.0)


def _sum(parts: list[Condition]) -> float:
    return fsum(one.learned or 0.0 for one in parts)


def _asked_for(criterion: CoursePassed) -> Condition:
    return Condition(
        kind="course_passed",
        holds=False,
        course=criterion.course,
        min_grade=criterion.min_grade,
        mode=criterion.mode,
        not_before=criterion.not_before,
        not_after=criterion.not_after,
    )


def _of(condition: Condition, history: ResultHistory, least: float) -> Condition:
    """With the result, and since when it has had at least this grade, if it has."""
    result, since = history.result, history.since(least)
    condition = replace(condition, course=result.course, grade=result.grade, passing=result.passing)
    if since is None:
        because: Obstacle = "grade_too_low" if result.passing else "grade_fell"
        missing = max(0.0, least - (result.grade or 0.0))
        return replace(condition, because=because, missing=missing or None)
    return replace(
        condition,
        holds=True,
        since=since.at,
        position=since.position,
        offering=result.offering,
        enrollment=result.enrollment,
    )
