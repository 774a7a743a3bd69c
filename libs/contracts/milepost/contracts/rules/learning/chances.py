"""What can still be scored, and what it would count. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from milepost.contracts.rules.attempts import Attempt, effective
from milepost.contracts.rules.learning.outline import LessonView
from milepost.contracts.rules.learning.plan import LessonRule, Plan


class Chance(NamedTuple):
    """Of one lesson with a weight, all 0 to 1.

    secured  what it counts if it is never tried again
    share    what would count of a full score today; 0 when no try is left
    """

    secured: float
    share: float

    def at(self, score: float) -> float:
        """What it counts with that score in a further try. Nobody has to try again."""
        return max(self.secured, self.share * score)

    @property
    def rises(self) -> bool:
        return self.share > self.secured


def chances(plan: Plan, lessons: Sequence[LessonView], at: datetime) -> Mapping[str, Chance]:
    """By lesson. Those that are waived count nothing and have none."""
    lost = unreachable(plan, lessons)
    return {
        one.id: _chance(one, plan.lessons[one.id], at, lost=one.id in lost)
        for one in lessons
        if one.weight > 0 and not one.waived
    }


def unreachable(plan: Plan, lessons: Sequence[LessonView]) -> set[str]:
    """What can never be begun, or never passed: tries are used up, here or further up the way."""
    lost = {one.id for one in lessons if _is_lost(one, plan.lessons[one.id])}
    if not lost:
        return lost
    behind: dict[str, list[str]] = defaultdict(list)
    for one in lessons:
        for missing in one.missing:
            behind[missing].append(one.id)
    return _closure(lost, behind)


def on_the_way(wanted: Iterable[str], lessons: Sequence[LessonView]) -> set[str]:
    """These lessons, and all that lock them, near and far."""
    return _closure(wanted, {one.id: one.missing for one in lessons if one.missing})


def _closure(first: Iterable[str], leads_to: Mapping[str, Iterable[str]]) -> set[str]:
    found = set(first)
    waiting = list(found)
    while waiting:
        new = set(leads_to.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return found


def _chance(lesson: LessonView, rule: LessonRule, at: datetime, *, lost: bool) -> Chance:
    share = 0.0 if lost or not _may_be_scored(lesson, rule) else _share(lesson, rule, at)
    return Chance(lesson.score or 0.0, share)


def _is_lost(lesson: LessonView, rule: LessonRule) -> bool:
    """It has to be passed, and cannot be any more."""
    if lesson.status == "done" or rule.move_on not in ("Passed", "CompletedAndPassed"):
        return False
    return not lesson.passed and not _may_be_scored(lesson, rule)


def _may_be_scored(lesson: LessonView, rule: LessonRule) -> bool:
    return lesson.attempts_left != 0 and not (rule.counts == "first" and lesson.attempts)


def _share(lesson: LessonView, rule: LessonRule, at: datetime) -> float:
    full = Attempt(at=at, report="", score=1.0, number=0)
    return effective(full, rule, lesson.due_at)
