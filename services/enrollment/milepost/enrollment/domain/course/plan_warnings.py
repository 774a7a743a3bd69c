"""What a plan says and hardly anybody means: told with its path, not refused.

It makes sense, unlike a fault: every score passes, nothing is asked for, a lesson stays locked.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from graphlib import TopologicalSorter
from math import floor, fsum
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts.courses import LatePolicy, Lesson, PassingRule

GRADED_KINDS = frozenset({"quiz", "assignment", "exam"})
MUST_PASS = frozenset({"Passed", "CompletedAndPassed"})
HOURS_A_DAY = 24
PlanCondition: TypeAlias = Literal[
    "weights_without_passing_grade",
    "nothing_required",
    "only_not_applicable",
    "graded_kind_without_weight",
    "mastery_score_out_of_reach",
    "unreachable_lesson",
    "passing_grade_out_of_reach",
]


class PlanWarning(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is where it stands in the plan: `$.lessons[2].weight`.

    weights_without_passing_grade   there are scores, and every one of them passes
    nothing_required                whatever is completed first completes the course
    only_not_applicable             the same: no required lesson asks for anything
    graded_kind_without_weight      a quiz, assignment or exam whose score decides nothing
    mastery_score_out_of_reach      its late policy takes too much off from the first day on
    unreachable_lesson              it is locked behind a lesson that nobody can satisfy
    passing_grade_out_of_reach      with the best scores that can be had the grade is below it
    """

    path: str
    condition: PlanCondition


def plan_warnings(
    lessons: Sequence[Lesson], rule: PassingRule, late: LatePolicy | None
) -> tuple[PlanWarning, ...]:
    """`late`: the course's, for lessons that state none. The plan has no faults."""
    best = {lesson.id: _best_score(lesson, late) for lesson in lessons}
    reachable = _reachable(lessons, best)
    return (
        *_rule_warnings(lessons, rule),
        *_lesson_warnings(lessons, best, reachable),
        *_grade_warnings(lessons, rule, best, reachable),
    )


def _rule_warnings(lessons: Sequence[Lesson], rule: PassingRule) -> Iterator[PlanWarning]:
    if rule.passing_grade > 0:
        return
    if any(lesson.weight > 0 and not _must_be_passed(lesson) for lesson in lessons):
        yield PlanWarning(
            path="$.passing_rule.passing_grade", condition="weights_without_passing_grade"
        )
    required = [lesson for lesson in lessons if lesson.required]
    if not required:
        yield PlanWarning(path="$.lessons", condition="nothing_required")
    elif all(lesson.move_on == "NotApplicable" for lesson in required):
        yield PlanWarning(path="$.lessons", condition="only_not_applicable")


def _lesson_warnings(
    lessons: Sequence[Lesson], best: Mapping[str, float], reachable: AbstractSet[str]
) -> Iterator[PlanWarning]:
    for number, lesson in enumerate(lessons):
        path = f"$.lessons[{number}]"
        if lesson.kind in GRADED_KINDS and not lesson.weight and lesson.mastery_score is None:
            yield PlanWarning(path=f"{path}.weight", condition="graded_kind_without_weight")
        if (lesson.mastery_score or 0.0) > best[lesson.id]:
            yield PlanWarning(path=f"{path}.mastery_score", condition="mastery_score_out_of_reach")
        if lesson.id not in reachable:
            yield PlanWarning(path=f"{path}.prerequisites", condition="unreachable_lesson")


def _grade_warnings(
    lessons: Sequence[Lesson],
    rule: PassingRule,
    best: Mapping[str, float],
    reachable: AbstractSet[str],
) -> Iterator[PlanWarning]:
    scores = sorted(
        (best[lesson.id] if lesson.id in reachable else 0.0, -lesson.weight)
        for lesson in lessons
        if lesson.weight > 0
    )
    kept = scores[rule.drop_lowest :]
    if not kept:
        return
    grade = fsum(score * weight for score, weight in kept) / fsum(weight for _, weight in kept)
    if round(grade, 9) < rule.passing_grade:
        yield PlanWarning(
            path="$.passing_rule.passing_grade", condition="passing_grade_out_of_reach"
        )


def _must_be_passed(lesson: Lesson) -> bool:
    return lesson.required and lesson.move_on in MUST_PASS and bool(lesson.mastery_score)


def _best_score(lesson: Lesson, late: LatePolicy | None) -> float:
    """What a perfect attempt in the first moment counts for."""
    policy = lesson.late or late
    if policy is None or lesson.due_day is None:
        return 1.0
    hours = lesson.due_day * HOURS_A_DAY + policy.grace_hours
    if hours > 0:
        return 1.0
    days_begun = floor(-hours / HOURS_A_DAY) + 1
    return max(policy.floor, 1 - policy.percent_per_day / 100 * days_begun)


def _reachable(lessons: Sequence[Lesson], best: Mapping[str, float]) -> set[str]:
    """Those that unlock once all that can be satisfied is."""
    by_id = {lesson.id: lesson for lesson in lessons}
    reachable: set[str] = set()
    satisfied: set[str] = set()
    for name in TopologicalSorter({one.id: one.prerequisites for one in lessons}).static_order():
        lesson = by_id[name]
        if satisfied.issuperset(lesson.prerequisites):
            reachable.add(name)
        if lesson.move_on == "NotApplicable" or (
            name in reachable and _can_be_satisfied(lesson, best[name])
        ):
            satisfied.add(name)
    return reachable


def _can_be_satisfied(lesson: Lesson, best: float) -> bool:
    return lesson.move_on not in MUST_PASS or (lesson.mastery_score or 0.0) <= best
