"""What a learner must have achieved before. These names and fields are the storage format."""

from typing import TypeAlias

import msgspec


# A reader that overlooked part of it would let in who may not: nothing unknown is allowed.
class CoursePassed(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag="course_passed",
):
    """Holds when the course, any version of it, was completed with at least `min_grade`, 0 to 1."""

    course: str
    min_grade: float = 0.0


class AchievementHeld(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="achievement_held"
):
    """Holds while the learner has a valid credential of the achievement."""

    achievement: str


Prerequisite: TypeAlias = CoursePassed | AchievementHeld
