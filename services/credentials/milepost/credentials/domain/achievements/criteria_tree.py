"""Criteria as trees: how large they may be, and how many persons they ask for. Pure."""

from typing import assert_never

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
from milepost.contracts.rules.criteria import leaves
from milepost.credentials.domain.refusals import ImpossibleCriteria, OversizedCriteria

MAX_CONDITIONS = 256
MAX_DEPTH = 8


def approvals_needed(criterion: Criterion) -> int:
    """How many persons at most; 0: the criteria ask for nobody's approval."""
    asked = (leaf.persons for leaf in leaves(criterion) if isinstance(leaf, Approved))
    return max(asked, default=0)


def asks_beyond_grades(criterion: Criterion) -> bool:
    """For what records of before may not tell: lessons, modes, hours, skills."""
    return any(
        isinstance(leaf, LessonScored | SkillShown | HoursLearned)
        or (isinstance(leaf, CoursePassed) and leaf.mode is not None)
        for leaf in leaves(criterion)
    )


def require_valid(criteria: Criterion) -> None:
    """Level by level, since a hostile tree may be deeper than the stack.

    Raises `OversizedCriteria`, `ImpossibleCriteria`.
    """
    level, depth, conditions = [criteria], 0, 0
    while level:
        depth, conditions = depth + 1, conditions + len(level)
        if depth > MAX_DEPTH or conditions > MAX_CONDITIONS:
            raise OversizedCriteria(MAX_CONDITIONS, MAX_DEPTH)
        level = [part for one in level for part in _parts(one)]


def _parts(criterion: Criterion) -> tuple[Criterion, ...]:
    match criterion:
        case AllOf(criteria=parts) | AnyOf(criteria=parts) | NOf(criteria=parts):
            n = criterion.n if isinstance(criterion, NOf) else 1
            if not 1 <= n <= len(parts):
                raise ImpossibleCriteria(n, len(parts))
            return parts
        case (
            CoursePassed()
            | AchievementHeld()
            | LessonScored()
            | SkillShown()
            | HoursLearned()
            | ProgramCompleted()
            | Approved()
        ):
            return ()
        case _:
            assert_never(criterion)
