"""The numbers in criteria, which a person may want to change: found, and put back. Pure."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from milepost.contracts.achievements import (
    AllOf,
    AnyOf,
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    NOf,
    SkillShown,
)

Kind: TypeAlias = Literal["course_grade", "skill_grade", "lesson_score", "hours", "parts"]


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """`about` is a course, a lesson or a skill. A grade and a score are shown in percent: `value`
    is what is shown, 0 to `most`.
    """

    kind: Kind
    about: str
    value: float
    most: float


def thresholds(criterion: Criterion) -> Iterator[Threshold]:
    """In the order in which the criteria are read."""
    match criterion:
        case CoursePassed(course=course, min_grade=grade):
            yield Threshold(kind="course_grade", about=course, value=percent(grade), most=100)
        case SkillShown(skill=skill, min_grade=grade):
            yield Threshold(kind="skill_grade", about=skill, value=percent(grade), most=100)
        case LessonScored(lesson=lesson, min_score=score):
            yield Threshold(kind="lesson_score", about=lesson, value=percent(score), most=100)
        case HoursLearned(hours=hours):
            yield Threshold(kind="hours", about="", value=hours, most=1_000_000)
        case NOf(n=n, criteria=parts):
            yield Threshold(kind="parts", about="", value=n, most=len(parts))
            yield from _all(parts)
        case AllOf(criteria=parts) | AnyOf(criteria=parts):
            yield from _all(parts)


def with_values(criterion: Criterion, values: Sequence[float]) -> Criterion:
    """The same criteria with these numbers, in the order of `thresholds`; as many as there are."""
    rest = iter(values)
    changed = _with(criterion, rest)
    assert next(rest, None) is None, "a number for each threshold"
    return changed


def percent(share: float) -> float:
    return round(share * 100, 6)


def _all(parts: Sequence[Criterion]) -> Iterator[Threshold]:
    for part in parts:
        yield from thresholds(part)


def _with(criterion: Criterion, values: Iterator[float]) -> Criterion:
    match criterion:
        case CoursePassed() | SkillShown():
            return replace(criterion, min_grade=next(values) / 100)
        case LessonScored():
            return replace(criterion, min_score=next(values) / 100)
        case HoursLearned():
            return replace(criterion, hours=next(values))
        case NOf():
            n = int(next(values))
            return replace(criterion, n=n, criteria=_each(criterion.criteria, values))
        case AllOf() | AnyOf():
            return replace(criterion, criteria=_each(criterion.criteria, values))
        case _:
            return criterion


def _each(parts: Sequence[Criterion], values: Iterator[float]) -> tuple[Criterion, ...]:
    return tuple(_with(part, values) for part in parts)
