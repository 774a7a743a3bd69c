"""How long it will take yet, by what others needed for the same lessons. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from milepost.contracts.rules.learning.outline import LessonView, is_demanded
from milepost.contracts.rules.learning.plan import Plan

# A median of fewer tells more about them than about the lesson.
FEWEST_LEARNERS = 5


class LessonTime(msgspec.Struct, frozen=True):
    """How long `learners` needed for a lesson, half of them less than that."""

    learners: int
    median_seconds: float


class TimeLeft(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate for the required lessons that are not done, less what was spent there already.

    seconds           absent when too few others are known of, for every lesson that is left
    based_on          so many learners at least, for each lesson in it; 0 when there is none
    lessons           how many are left
    lessons_without   of these, for so many too few others are known of: `seconds` leaves them out
    """

    seconds: float | None
    based_on: int
    lessons: int
    lessons_without: int


def time_left(
    plan: Plan, lessons: Sequence[LessonView], times: Mapping[str, LessonTime]
) -> TimeLeft:
    left = [one for one in lessons if one.status != "done" and is_demanded(one, plan)]
    known = [(one, its) for one in left if (its := times.get(one.id)) and _is_enough(its)]
    spent = sum(max(0.0, its.median_seconds - one.seconds_spent) for one, its in known)
    return TimeLeft(
        seconds=round(spent, 3) if known or not left else None,
        based_on=min((its.learners for _, its in known), default=0),
        lessons=len(left),
        lessons_without=len(left) - len(known),
    )


def _is_enough(time: LessonTime) -> bool:
    return time.learners >= FEWEST_LEARNERS
