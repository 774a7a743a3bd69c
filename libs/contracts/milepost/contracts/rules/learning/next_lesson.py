"""Which lesson to do next, and why that one. Pure.

    needed     required and not done, or it locks such a one: what is begun, else the most pressing
    the grade  falls short, and this can raise it, also by another try; or it locks such a one
    the rest   what is begun, else what is there to be done

Among several, each rank in turn leaves those that come first by it. The first rank that tells them
apart is the reason; the plan's order decides between equals.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean
from typing import Any, Literal, TypeAlias

import msgspec

from milepost.contracts.rules.learning.chances import Chance, on_the_way, unreachable
from milepost.contracts.rules.learning.outline import LessonView, is_demanded
from milepost.contracts.rules.learning.plan import Plan

Reason: TypeAlias = Literal[
    "started",
    "required",
    "due_soonest",
    "unlocks_most",
    "failed",
    "weakest_skill",
    "grade",
    "optional",
]
# What comes first has the least key.
Rank: TypeAlias = tuple[Reason, Callable[[LessonView], Any]]
NEVER = datetime.max.replace(tzinfo=UTC)
NO_SCORE = 2.0


class Next(msgspec.Struct, frozen=True):
    """`reason`: why this lesson.

    started        it is begun
    required       it is, and has not been failed
    due_soonest    of what is wanted, it is due before the others
    unlocks_most   more lessons wait for it than for the others
    failed         it was failed, and tries are left
    weakest_skill  it teaches the skill that has the lowest scores
    grade          the grade falls short, and this raises it most
    optional       it is there to be done
    """

    lesson: str
    reason: Reason


def next_lesson(
    plan: Plan, lessons: Sequence[LessonView], chances: Mapping[str, Chance], *, short: bool
) -> Next | None:
    """`short`: the grade falls short. None when nothing is left that would do any good."""
    undone = _undone(plan, lessons)
    wanted = _wanted(lessons, (one.id for one in lessons if is_demanded(one, plan)))
    if needed := [one for one in undone if one.id in wanted]:
        return _begun(needed) or _first(needed, NEEDED, _why_needed)
    if short and (useful := _useful(lessons, chances, undone)):
        return _first(useful, _ranks_by_grade(plan, lessons, chances), _why_useful)
    if undone:
        return _begun(undone) or Next(_first(undone, PRESSING, _why_needed).lesson, "optional")
    return None


def _undone(plan: Plan, lessons: Sequence[LessonView]) -> list[LessonView]:
    """What is open, and of which something can still be done."""
    lost = unreachable(plan, lessons)
    return [
        one
        for one in lessons
        if one.status in {"open", "started"}
        and one.id not in lost
        and (one.attempts_left != 0 or plan.lessons[one.id].move_on.startswith("Completed"))
    ]


def _wanted(lessons: Sequence[LessonView], ends: Iterable[str]) -> set[str]:
    """The `ends` that are not done, and what locks them."""
    done = {one.id for one in lessons if one.status == "done"}
    return on_the_way((one for one in ends if one not in done), lessons)


def _begun(lessons: Sequence[LessonView]) -> Next | None:
    begun = [one for one in lessons if one.status == "started" and one.passed is not False]
    return Next(min(begun, key=_due).id, "started") if begun else None


def _useful(
    lessons: Sequence[LessonView], chances: Mapping[str, Chance], undone: Sequence[LessonView]
) -> list[LessonView]:
    """What raises the grade, or unlocks what does."""
    rising = {lesson for lesson, chance in chances.items() if chance.rises}
    on_way = on_the_way(rising, lessons) & {one.id for one in undone}
    return [one for one in lessons if one.id in rising | on_way and one.status != "locked"]


def _first(
    lessons: Sequence[LessonView], ranks: Sequence[Rank], why: Callable[[LessonView], Reason]
) -> Next:
    reason: Reason | None = None
    for name, key in ranks:
        keys = [key(one) for one in lessons]
        least = min(keys)
        best = [one for one, its in zip(lessons, keys, strict=True) if its == least]
        if len(best) < len(lessons):
            lessons, reason = best, reason or name
    return Next(lessons[0].id, reason or why(lessons[0]))


def _due(lesson: LessonView) -> datetime:
    return NEVER if lesson.due_at is None or lesson.status == "done" else lesson.due_at


def _why_needed(lesson: LessonView) -> Reason:
    if lesson.passed is False:
        return "failed"
    return "required" if lesson.required else "unlocks_most"


def _why_useful(lesson: LessonView) -> Reason:
    if lesson.passed is False:
        return "failed"
    return "grade" if lesson.weight > 0 else "unlocks_most"


PRESSING: Sequence[Rank] = (
    ("due_soonest", _due),
    ("unlocks_most", lambda lesson: -lesson.unlocks),
)
# What is new comes before what is tried again.
NEEDED: Sequence[Rank] = (*PRESSING, ("required", lambda lesson: lesson.passed is False))
FAILED: Rank = ("failed", lambda lesson: lesson.passed is not False)


def _ranks_by_grade(
    plan: Plan, lessons: Sequence[LessonView], chances: Mapping[str, Chance]
) -> Sequence[Rank]:
    skills = skill_scores(plan, lessons)

    def weakest(lesson: LessonView) -> float:
        own = plan.lessons[lesson.id].skills
        return min((skills.get(skill, NO_SCORE) for skill in own), default=NO_SCORE)

    def gain(lesson: LessonView) -> float:
        chance = chances.get(lesson.id)
        return lesson.weight * (chance.share - chance.secured) if chance else 0.0

    by_gain: Sequence[Rank] = (("weakest_skill", weakest), ("grade", lambda one: -gain(one)))
    return (*PRESSING, FAILED, *by_gain)


def skill_scores(plan: Plan, lessons: Sequence[LessonView]) -> Mapping[str, float]:
    """By skill, the mean of the counting scores (0 to 1) of the lessons that teach it."""
    scores: dict[str, list[float]] = defaultdict(list)
    for one in lessons:
        if one.score is not None and not one.waived:
            for skill in plan.lessons[one.id].skills:
                scores[skill].append(one.score)
    return {skill: fmean(of_skill) for skill, of_skill in scores.items()}
