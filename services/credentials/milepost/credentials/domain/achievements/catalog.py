"""A tenant's achievements and programs, and what counts for which of them. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from milepost.contracts.achievements import AchievementHeld, CoursePassed
from milepost.contracts.programs import ProgramDefined
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.criteria_tree import leaves
from milepost.credentials.domain.refusals import UnknownAchievement


class Program(msgspec.Struct, frozen=True):
    """As the enrollment service defines it now."""

    definition: ProgramDefined
    retired: bool = False


class Catalog(msgspec.Struct, frozen=True):
    """A tenant's achievements and programs, and which achievements something counts for."""

    achievements: Mapping[str, Achievement]
    by_course: Mapping[str, tuple[str, ...]]
    by_achievement: Mapping[str, tuple[str, ...]]
    school: str = ""
    programs: Mapping[str, Program] = {}

    def find(self, achievement: str) -> Achievement:
        """Raises `UnknownAchievement`."""
        found = self.achievements.get(achievement)
        if found is None:
            raise UnknownAchievement(achievement)
        return found


def catalog_of(
    achievements: Iterable[Achievement],
    school: str = "",
    programs: Mapping[str, Program] | None = None,
) -> Catalog:
    by_name = {one.achievement: one for one in achievements}
    by_course: dict[str, dict[str, None]] = {}
    by_achievement: dict[str, dict[str, None]] = {}
    for name in sorted(by_name):
        for leaf in leaves(by_name[name].definition.criteria):
            match leaf:
                case CoursePassed(course=course):
                    by_course.setdefault(course, {})[name] = None
                case AchievementHeld(achievement=needed):
                    by_achievement.setdefault(needed, {})[name] = None
                case _:
                    pass
    return Catalog(
        by_name,
        {course: tuple(names) for course, names in by_course.items()},
        {needed: tuple(names) for needed, names in by_achievement.items()},
        school,
        programs or {},
    )
