"""What the pages that grade offer: codes of reasons, points, and how many learners at once."""

from collections.abc import Mapping, Sequence
from typing import Final

from milepost.dashboards.pages.teaching.enrollment import LessonLine
from milepost.dashboards.pages.teaching.words import code
from milepost.pages.locales import Locale

# What is stored is the code; others can be given over the API.
REASONS: Final[Mapping[str, Sequence[str]]] = {
    "score_revised": ("regraded", "appeal", "mistake", "technical_failure", "other"),
    "lesson_waived": ("illness", "prior_learning", "technical_failure", "other"),
    "waiver_withdrawn": ("mistake", "other"),
}
POINTS: Final = 100
ROWS: Final = 50
CELLS: Final = 500


def reasons_in(locale: Locale) -> Mapping[str, list[tuple[str, str]]]:
    """Code and text, by what it is a reason for."""
    return {
        what: [(one, code("reason", one, locale)) for one in codes]
        for what, codes in REASONS.items()
    }


def maximum_of(lesson: LessonLine) -> float:
    """The points that the last attempt was given out of; 100 where nobody said so."""
    given = [one.maximum for one in lesson.attempts if one.maximum]
    return given[-1] if given else POINTS


def rows_for(columns: int) -> int:
    """Of a gradebook with so many lessons, on a page: each cell is a link."""
    return max(5, min(ROWS, CELLS // max(1, columns)))
