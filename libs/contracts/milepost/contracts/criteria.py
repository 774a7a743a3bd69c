"""Whether criteria hold, of what is known by name: for who asks "what if". Pure.

Credentials explain and award by the learner's whole record; this answers yes or no, of any facts.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TypeAlias, assert_never

from milepost.contracts.achievements import (
    AchievementHeld,
    AllOf,
    AnyOf,
    CoursePassed,
    Criterion,
    NOf,
)

# The best grade, 0 to 1, in each course that is passed; None where nothing is graded.
Passed: TypeAlias = Mapping[str, float | None]


def holds(criterion: Criterion, passed: Passed, held: AbstractSet[str]) -> bool:
    """`held` are the achievements that the learner holds."""
    match criterion:
        case CoursePassed(course=course, min_grade=least):
            return course in passed and (passed[course] or 0.0) >= least
        case AchievementHeld(achievement=achievement):
            return achievement in held
        case AllOf(criteria=parts):
            return all(holds(part, passed, held) for part in parts)
        case AnyOf(criteria=parts):
            return any(holds(part, passed, held) for part in parts)
        case NOf(n=n, criteria=parts):
            return sum(holds(part, passed, held) for part in parts) >= n
        case _:
            assert_never(criterion)


def earned(
    criteria: Mapping[str, Criterion], passed: Passed, held: AbstractSet[str]
) -> frozenset[str]:
    """The achievements that hold, each also counting for those that ask for it, to any depth.

    `held` count as held whatever their own criteria say: they were given by hand, say.
    """
    found = set(held)
    while True:
        more = {
            name
            for name, criterion in criteria.items()
            if name not in found and holds(criterion, passed, found)
        }
        if not more:
            return frozenset(found)
        found |= more
