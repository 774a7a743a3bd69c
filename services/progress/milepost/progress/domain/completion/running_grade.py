"""A weighted grade that is kept up to date score by score, for whoever asks often. Pure."""

from bisect import bisect_left, insort
from collections.abc import Collection
from math import fsum

from milepost.contracts.rules.learning.plan import Plan, grade, grade_suffices


class RunningGrade:
    """The weighted grade, kept up to date score by score. `grade` is what it must come to."""

    def __init__(self, plan: Plan, waived: Collection[str]) -> None:
        counted = [rule for rule in plan.weighted if rule.id not in waived]
        self._plan, self._waived = plan, waived
        self._weights = {rule.id: rule.weight for rule in counted}
        self._scores: dict[str, float] = {}
        self._points, self._total = 0.0, fsum(self._weights.values())
        self._drop = max(0, min(plan.drop_lowest, len(counted) - 1))
        self._lowest = sorted((0.0, -rule.weight) for rule in counted) if self._drop else []

    def score(self, lesson: str, score: float) -> None:
        weight, before = self._weights.get(lesson), self._scores.get(lesson, 0.0)
        if weight is None:
            return
        self._scores[lesson] = score
        self._points += weight * (score - before)
        if self._drop:
            del self._lowest[bisect_left(self._lowest, (before, -weight))]
            insort(self._lowest, (score, -weight))

    def exact(self) -> float | None:
        return grade(self._plan, self._scores, waived=self._waived)

    def suffices(self) -> bool:
        """Computes the exact grade only where the running one is too near to tell."""
        dropped = self._lowest[: self._drop]
        total = self._total + sum(weight for _, weight in dropped)
        if total <= 0:
            return grade_suffices(self._plan, self.exact())
        about = (self._points + sum(score * weight for score, weight in dropped)) / total
        # Grades have 9 places. Thousands of sums are off by less than 1e-12 of all weights.
        unsure = 1e-9 + 1e-12 * self._total / total
        if abs(about - self._plan.passing_grade) > unsure:
            return about > self._plan.passing_grade
        return grade_suffices(self._plan, self.exact())
