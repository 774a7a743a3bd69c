"""The facts of achievements, learner records and awards. These names are the storage format."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, TypeAlias, assert_never

import msgspec

from milepost.contracts.ids import TEXT
from milepost.events.event import Event

Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=TEXT)]
Grade: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1, description="0 to 1")]


# A reader that overlooked part of a criterion would award what was not earned: nothing unknown
# is allowed here, neither from a client nor from the log.
class CoursePassed(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag="course_passed",
):
    """Holds when the course was completed with at least `min_grade`."""

    course: Name
    min_grade: Grade = 0.0


class AchievementHeld(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="achievement_held"
):
    """Holds while the learner has an active credential of the achievement."""

    achievement: Name


class AllOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="all_of"):
    criteria: "tuple[Criterion, ...]"


class AnyOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="any_of"):
    criteria: "tuple[Criterion, ...]"


class NOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="n_of"):
    """Holds when at least `n` of the criteria hold."""

    n: int
    criteria: "tuple[Criterion, ...]"


Criterion: TypeAlias = CoursePassed | AchievementHeld | AllOf | AnyOf | NOf


class AchievementDefined(Event, frozen=True, kw_only=True, tag="achievement_defined"):
    """A later definition of the same achievement has the next version; awards keep theirs."""

    achievement: str
    version: int
    name: str
    criteria: Criterion
    narrative: str = ""
    validity_days: int | None = None


class AchievementRetired(Event, frozen=True, kw_only=True, tag="achievement_retired"):
    achievement: str


# The best grade, 0 to 1, in each course that is passed; None where nothing is graded.
Passed: TypeAlias = Mapping[str, float | None]


def holds(criterion: Criterion, passed: Passed, held: AbstractSet[str]) -> bool:
    """Yes or no, of any facts; credentials explain it by the learner's whole record.

    `held` are the achievements that the learner holds.
    """
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
