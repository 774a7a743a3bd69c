"""Whether criteria hold for a learner, since which event, and what is missing. Pure.

Criteria are monotonic: better results and more credentials never make a condition cease to hold.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal, TypeAlias, assert_never

import msgspec

from milepost.contracts.achievements import (
    AchievementHeld,
    AllOf,
    AnyOf,
    Approved,
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    NOf,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.records import Evidence
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.record import Credential, Record

Kind: TypeAlias = Literal[
    "course_passed",
    "achievement_held",
    "lesson_scored",
    "skill_shown",
    "hours_learned",
    "program_completed",
    "approved",
    "all_of",
    "any_of",
    "n_of",
]


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A criterion and how the learner stands to it.

    `since` and `position` are those of the event that made it hold. `grade` is the learner's best
    in the course, 0 to 1, and is given whether it suffices or not: absent where nothing is graded,
    which meets no `min_grade` above 0. `passing` is false when the grade has fallen below what the
    course itself asks for.
    """

    kind: Kind
    holds: bool
    since: datetime | None = None
    position: int | None = None
    course: str | None = None
    min_grade: float | None = None
    grade: float | None = None
    passing: bool = True
    offering: str | None = None
    enrollment: str | None = None
    achievement: str | None = None
    credential: str | None = None
    n: int | None = None
    conditions: "tuple[Condition, ...]" = ()


class _Asked(msgspec.Struct, frozen=True):
    """What every part of the criteria is asked of. `held`: the credentials held at the moment."""

    record: Record
    catalog: Catalog
    at: datetime
    achievement: str
    held: Mapping[str, Credential]


def explain(
    criterion: Criterion, record: Record, catalog: Catalog, at: datetime, *, achievement: str
) -> Condition:
    """How the learner stands at a moment. `achievement` is whose criteria they are: approvals are
    given for one.
    """
    return _explain(criterion, _Asked(record, catalog, at, achievement, record.held(at)))


def _explain(criterion: Criterion, asked: _Asked) -> Condition:
    match criterion:
        case CoursePassed():
            return _course_passed(criterion, asked)
        case AchievementHeld():
            return _achievement_held(criterion, asked)
        case LessonScored() | SkillShown() | HoursLearned() | ProgramCompleted() | Approved():
            return Condition(kind="lesson_scored", holds=False)
        case AllOf(criteria=parts):
            return _at_least(len(parts), "all_of", parts, asked)
        case AnyOf(criteria=parts):
            return _at_least(1, "any_of", parts, asked)
        case NOf(n=n, criteria=parts):
            return _at_least(n, "n_of", parts, asked)
        case _:
            assert_never(criterion)


def evidence_of(condition: Condition) -> tuple[Evidence, ...]:
    """Every event and credential that a condition which holds rests on, each once."""
    return tuple(dict.fromkeys(_evidence(condition)))


def _course_passed(criterion: CoursePassed, asked: _Asked) -> Condition:
    history = asked.record.results.get(criterion.course)
    since = history.since(criterion.min_grade) if history else None
    condition = Condition(
        kind="course_passed",
        holds=since is not None,
        course=criterion.course,
        min_grade=criterion.min_grade,
        grade=history.result.grade if history else None,
        passing=history.result.passing if history else True,
    )
    if history is None or since is None:
        return condition
    return msgspec.structs.replace(
        condition,
        since=since.at,
        position=since.position,
        offering=history.result.offering,
        enrollment=history.result.enrollment,
    )


def _achievement_held(criterion: AchievementHeld, asked: _Asked) -> Condition:
    held = asked.held.get(criterion.achievement)
    return Condition(
        kind="achievement_held",
        holds=held is not None,
        since=held.valid_from if held else None,
        position=held.position if held else None,
        achievement=criterion.achievement,
        credential=held.credential if held else None,
    )


def _at_least(n: int, kind: Kind, parts: tuple[Criterion, ...], asked: _Asked) -> Condition:
    """It holds since the n-th of its parts, in the order in which they came to hold."""
    conditions = tuple(_explain(part, asked) for part in parts)
    held = sorted((one for one in conditions if one.holds), key=_order)
    decisive = held[n - 1] if len(held) >= n else None
    return Condition(
        kind=kind,
        holds=decisive is not None,
        since=decisive.since if decisive else None,
        position=decisive.position if decisive else None,
        n=n if kind == "n_of" else None,
        conditions=conditions,
    )


def _order(condition: Condition) -> tuple[float, int]:
    assert condition.since is not None
    return condition.since.timestamp(), condition.position or 0


def _evidence(condition: Condition) -> Iterator[Evidence]:
    if not condition.holds:
        return
    if condition.conditions:
        for part in condition.conditions:
            yield from _evidence(part)
        return
    yield Evidence(
        position=condition.position,
        course=condition.course,
        offering=condition.offering,
        enrollment=condition.enrollment,
        achievement=condition.achievement,
        credential=condition.credential,
    )
