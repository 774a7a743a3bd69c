"""A gradebook as a file: a line a learner, a column for the score in each graded lesson."""

from collections.abc import Callable
from typing import Any, Final

from milepost.dashboards.exports.columns import Column, columns_of
from milepost.dashboards.queries.gradebook import GradebookPlan, GradebookRow, GradedLesson

NESTED: Final = ("scores", "waived")


def columns(plan: GradebookPlan) -> tuple[Column, ...]:
    """`score <lesson>`: 0 to 1, by the lesson's id; `waived`: the ids of excused lessons."""
    known = {one.name: one for one in columns_of(GradebookRow)}
    waived = known["waived"]
    plain = (one for name, one in known.items() if name not in NESTED)
    return (*plain, *map(_score, range(len(plan.lessons)), plan.lessons), waived)


def _score(number: int, lesson: GradedLesson) -> Column:
    return Column(f"score {lesson.lesson}", "real", _nth(number))


def _nth(number: int) -> Callable[[Any], float | None]:
    def score(row: GradebookRow) -> float | None:
        return row.scores[number]

    return score
