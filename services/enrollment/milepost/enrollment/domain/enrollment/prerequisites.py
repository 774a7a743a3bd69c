"""Prerequisites, judged by what a learner has passed and holds."""

from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from milepost.contracts.prerequisites import AchievementHeld, CoursePassed, Prerequisite


class Achieved(msgspec.Struct, frozen=True):
    """`passed`: the best grade, 0 to 1, by course; `held`: achievements with a valid credential."""

    passed: Mapping[str, float] = {}
    held: frozenset[str] = frozenset()


NOTHING = Achieved()


def missing(wanted: Iterable[Prerequisite], achieved: Achieved) -> tuple[Prerequisite, ...]:
    return tuple(one for one in wanted if not _holds(one, achieved))


def _holds(wanted: Prerequisite, achieved: Achieved) -> bool:
    match wanted:
        case CoursePassed():
            return achieved.passed.get(wanted.course, -1.0) >= wanted.min_grade
        case AchievementHeld():
            return wanted.achievement in achieved.held
        case _:
            assert_never(wanted)
