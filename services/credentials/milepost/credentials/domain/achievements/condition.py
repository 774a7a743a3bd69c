"""How a learner stands to a criterion, and what a criterion is asked of. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts.offerings import Mode
from milepost.contracts.records import Evidence
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.record import Record

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
Obstacle: TypeAlias = Literal[
    "not_completed",
    "grade_too_low",
    "grade_fell",
    "other_mode",
    "outside_period",
    "not_held",
    "held_no_longer",
    "not_scored",
    "score_too_low",
    "not_shown",
    "too_few_hours",
    "unknown_program",
    "too_few_parts",
    "out_of_order",
    "too_few_approvals",
]


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A criterion and how the learner stands to it.

    `since` and `position` are those of the event that made it hold. `because` says why it does not
    hold, and `missing` how much it lacks: of a grade or score 0 to 1, of `hours`, else a number of
    parts or persons.

    `grade` is the learner's best in the course, `score` in the lesson, 0 to 1; each is given
    whether it suffices or not. It is absent where nothing is graded, which meets no `min_grade`
    above 0. `passing` is false when the grade has fallen below what the course itself asks for.
    `mode`, `not_before`, `not_after`, `hours`, `persons` and `n` are what is asked for; `learned`
    and `approved` are the hours and the persons that there are.
    """

    kind: Kind
    holds: bool
    since: datetime | None = None
    position: int | None = None
    because: Obstacle | None = None
    missing: float | None = None
    course: str | None = None
    min_grade: float | None = None
    grade: float | None = None
    passing: bool = True
    mode: Mode | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    lesson: str | None = None
    min_score: float | None = None
    score: float | None = None
    skill: str | None = None
    hours: float | None = None
    learned: float | None = None
    offering: str | None = None
    enrollment: str | None = None
    achievement: str | None = None
    credential: str | None = None
    program: str | None = None
    persons: int | None = None
    approved: int | None = None
    n: int | None = None
    conditions: "tuple[Condition, ...]" = ()


class Asked(msgspec.Struct, frozen=True):
    """What every part of the criteria is asked of. `held`: the credentials held at the moment."""

    record: Record
    catalog: Catalog
    at: datetime
    achievement: str
    held: Mapping[str, Credential]


def evidence_of(condition: Condition) -> tuple[Evidence, ...]:
    """Every event and credential that a condition which holds rests on, each once."""
    return tuple(dict.fromkeys(_evidence(condition)))


def without_grades(evidence: Iterable[Evidence]) -> Iterator[Evidence]:
    """To compare: another grade by the same event is no other evidence."""
    return (msgspec.structs.replace(one, grade=None) for one in evidence)


def at_least(
    n: int, kind: Kind, parts: tuple[Condition, ...], *, program: str | None = None
) -> Condition:
    """It holds since the n-th of its parts, in the order in which they came to hold."""
    held = sorted((one for one in parts if one.holds), key=order)
    decisive = held[n - 1] if len(held) >= n else None
    return Condition(
        kind=kind,
        holds=decisive is not None,
        since=decisive.since if decisive else None,
        position=decisive.position if decisive else None,
        because=None if decisive else "too_few_parts",
        missing=None if decisive else n - len(held),
        program=program,
        n=n if kind in {"n_of", "program_completed"} else None,
        conditions=parts,
    )


def order(condition: Condition) -> tuple[float, int]:
    """Of conditions that hold: the one first that came to hold first."""
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
        lesson=condition.lesson,
        offering=condition.offering,
        enrollment=condition.enrollment,
        achievement=condition.achievement,
        credential=condition.credential,
        grade=condition.score if condition.kind == "lesson_scored" else condition.grade,
        approved_at=condition.since if condition.kind == "approved" else None,
    )
