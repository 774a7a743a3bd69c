"""How far a learner has come in one enrollment: what home, course page and gradebook share."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

Stage: TypeAlias = Literal[
    "enrolled", "started", "reached_25", "reached_50", "reached_75", "completed", "awarded"
]
LessonStatus: TypeAlias = Literal["locked", "open", "started", "done"]
PaceStatus: TypeAlias = Literal["ahead", "on_track", "behind", "unknown"]
NextReason: TypeAlias = Literal[
    "started",
    "required",
    "due_soonest",
    "unlocks_most",
    "failed",
    "weakest_skill",
    "grade",
    "optional",
]


class LessonName(msgspec.Struct, frozen=True):
    """`title` is in the language asked for where there is one."""

    lesson: str
    title: str


class NextLesson(msgspec.Struct, frozen=True, kw_only=True):
    """`reason`: why this one; the words stand in `docs/concepts/figures.md`."""

    lesson: str
    title: str
    kind: str
    reason: NextReason
    due_at: datetime | None


class CourseProgress(msgspec.Struct, frozen=True, kw_only=True):
    """`lessons_done` of `lessons` is `percent_done` (0 to 100, one place; null while it is not
    known by which lessons the enrollment is judged). Grades are 0 to 1.

    grade_so_far   the average of what is scored, by weight; null while nothing is
    final_grade    that of the completion, as it is by now; null before, and where nothing is graded
    needed_average what all that can still be scored must reach to pass; null: nothing needed or
                   nothing helps
    overdue        lessons that were due and are not done
    """

    lessons_done: int
    lessons: int
    percent_done: float | None
    grade_so_far: float | None
    passing_grade: float | None
    needed_average: float | None
    final_grade: float | None
    pace: PaceStatus
    overdue: list[LessonName]
    next_due_at: datetime | None
    next: NextLesson | None
