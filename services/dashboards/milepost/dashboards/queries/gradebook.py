"""The gradebook of an offering: a page of learners, a column for each graded lesson."""

from datetime import datetime

import asyncpg
import msgspec

from milepost.dashboards.queries.consistent_read import Snapshot


class GradedLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A column. `mastery_score` (0 to 1) passes it, where that is asked."""

    lesson: str
    title: str
    kind: str
    weight: float
    mastery_score: float | None


class GradebookRow(msgspec.Struct, frozen=True, kw_only=True):
    """`scores`, 0 to 1, in the order of the columns: the one that counts, null without any.

    `waived`: the lessons of which staff excused the learner.
    """

    enrollment: str
    learner: str
    mode: str
    state: str
    percent_done: float | None
    grade_so_far: float | None
    final_grade: float | None
    last_activity: datetime | None
    scores: list[float | None]
    waived: list[str]


class Gradebook(Snapshot, frozen=True, kw_only=True):
    """Learners in the order of their ids; `next` is the cursor of the page that follows."""

    offering: str
    course: str
    lessons: list[GradedLesson]
    rows: list[GradebookRow]
    next: str | None


async def read_gradebook(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    limit: int = 50,
    cursor: str | None = None,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> Gradebook:
    """Of who has a seat, or had one. Raises `UnknownOffering`, `CursorUnknown`."""
    raise NotImplementedError
