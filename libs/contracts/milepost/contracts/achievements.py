"""The facts of achievements, learner records and awards. These names are the storage format."""

from typing import Annotated, TypeAlias

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
