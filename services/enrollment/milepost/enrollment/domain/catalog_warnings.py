"""What programs and prerequisites name and nobody can have as things are: told, not refused.

Courses, achievements and programs are set up in any order, partly elsewhere.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import AchievementDefined, AchievementRetired
from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed, Prerequisite
from milepost.enrollment.domain.course.course import Course
from milepost.events.codec import Codec
from milepost.events.streams import Category

AchievementState: TypeAlias = Literal["unknown", "defined", "retired"]
AchievementEvent: TypeAlias = AchievementDefined | AchievementRetired
CatalogCondition: TypeAlias = Literal[
    "unknown_course",
    "unpublished_course",
    "retired_course",
    "unknown_achievement",
    "retired_achievement",
]


class CatalogWarning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`course` or `achievement` is the code that is named.

    unknown_course        nobody has drafted or published it
    unpublished_course    it is a draft: nobody can take it yet
    retired_course        no offering of it can be opened any more
    unknown_achievement   nobody has defined it
    retired_achievement   it is not awarded any more
    """

    condition: CatalogCondition
    course: str | None = None
    achievement: str | None = None


def _unknown() -> AchievementState:
    return "unknown"


def _evolve(_: AchievementState, event: AchievementEvent) -> AchievementState:
    return "retired" if isinstance(event, AchievementRetired) else "defined"


# Read here, never written.
ACHIEVEMENT: Category[AchievementState, AchievementEvent] = Category(
    streams.ACHIEVEMENT, _unknown, _evolve, Codec(AchievementEvent)
)


def warnings_of(
    named: Iterable[Prerequisite],
    courses: Mapping[str, Course],
    achievements: Mapping[str, AchievementState],
) -> tuple[CatalogWarning, ...]:
    """Of all that are named the states are given."""
    found = (_warning(one, courses, achievements) for one in named)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _warning(
    one: Prerequisite, courses: Mapping[str, Course], achievements: Mapping[str, AchievementState]
) -> CatalogWarning | None:
    match one:
        case CoursePassed(course=course):
            return _of_course(course, courses[course])
        case AchievementHeld(achievement=achievement):
            return _of_achievement(achievement, achievements[achievement])
        case _:
            assert_never(one)


def _of_course(course: str, state: Course) -> CatalogWarning | None:
    if state.title is None:
        return CatalogWarning(condition="unknown_course", course=course)
    if state.retired:
        return CatalogWarning(condition="retired_course", course=course)
    if state.latest is None:
        return CatalogWarning(condition="unpublished_course", course=course)
    return None


def _of_achievement(achievement: str, state: AchievementState) -> CatalogWarning | None:
    match state:
        case "defined":
            return None
        case "unknown":
            return CatalogWarning(condition="unknown_achievement", achievement=achievement)
        case "retired":
            return CatalogWarning(condition="retired_achievement", achievement=achievement)
        case _:
            assert_never(state)
