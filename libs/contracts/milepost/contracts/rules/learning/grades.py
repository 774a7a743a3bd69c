"""The grade: so far, secured, at best, and what is still needed for passing. Pure."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from math import fsum

import msgspec

from milepost.contracts.rules.learning.chances import Chance
from milepost.contracts.rules.learning.plan import Plan, grade, grade_suffices
from milepost.contracts.rules.learning.progress import Progress
from milepost.contracts.rules.learning.scores import scores

# What is needed is told in millionths.
STEPS = 1_000_000


class GradeView(msgspec.Struct, frozen=True, kw_only=True):
    """Grades are 0 to 1. None where nothing has a weight, or nothing is scored yet.

    so_far          the average of what is scored, by weight
    secured         the grade if nothing more were scored
    best_possible   the grade with full scores in all that can still be scored, retakes included
    needed_average  what all of these must reach, if handed in today; None when not even full
                    scores suffice, or no try is left; rounded up to 6 places
    """

    passing_grade: float
    so_far: float | None = None
    secured: float | None = None
    best_possible: float | None = None
    needed_average: float | None = None

    @property
    def short(self) -> bool:
        """It does not suffice yet."""
        return self.secured is not None and self.secured < self.passing_grade


def grade_view(state: Progress, plan: Plan, chances: Mapping[str, Chance]) -> GradeView:
    """`chances`: those of the lessons that have a weight and are not waived."""
    if not chances:
        return GradeView(passing_grade=plan.passing_grade)

    def at(score: float) -> float | None:
        reached = {lesson: one.at(score) for lesson, one in chances.items()}
        return grade(plan, reached, waived=state.waived)

    return GradeView(
        passing_grade=plan.passing_grade,
        so_far=average(plan, _scored(state, plan, chances)),
        secured=at(0.0),
        best_possible=at(1.0),
        needed_average=least_score(lambda score: grade_suffices(plan, at(score))),
    )


def least_score(suffices: Callable[[float], bool]) -> float | None:
    """The least score in millionths, 0 to 1, that suffices; None when not even 1 does.

    Asks 21 times. Where the lowest are dropped and weights differ, a higher score may drop another
    lesson: then it is one that suffices while a millionth less does not.
    """
    if not suffices(1.0):
        return None
    return bisect_left(range(STEPS), 1, key=lambda step: suffices(step / STEPS)) / STEPS


def _scored(state: Progress, plan: Plan, chances: Mapping[str, Chance]) -> Mapping[str, float]:
    known = scores(state.lessons, plan, state.starts)
    return {lesson: score for lesson, score in known.items() if lesson in chances}


def average(plan: Plan, scored: Mapping[str, float]) -> float | None:
    """Of the scores of these lessons, by weight, 0 to 1; None without any."""
    if not scored:
        return None
    weights = {lesson: plan.lessons[lesson].weight for lesson in scored}
    points = fsum(weights[lesson] * score for lesson, score in scored.items())
    return round(points / fsum(weights.values()), 9)
