"""One enrollment as its learner sees it: every lesson, what is done, due, next, locked by what."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from milepost.dashboards.queries.consistent_read import Snapshot
from milepost.dashboards.queries.course_progress import CourseProgress, LessonName, LessonStatus
from milepost.events.event import Unknown


@dataclass
class UnknownEnrollment(Unknown):
    enrollment: str


class CourseLesson(msgspec.Struct, frozen=True, kw_only=True):
    """`locked_by`: the lessons that come first and are not done. `unlocks`: so many wait for it.

    `score` (0 to 1) is that of the attempt that counts, less what came off for being late.
    `attempts_left` is null without a limit. `waived`: staff excused the learner.
    """

    lesson: str
    title: str
    kind: str
    required: bool
    weight: float
    status: LessonStatus
    locked_by: list[LessonName]
    unlocks: int
    waived: bool
    due_at: datetime | None
    overdue: bool
    attempts: int
    attempts_left: int | None
    score: float | None
    passed: bool | None


class CoursePage(Snapshot, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    course: str
    course_version: int
    course_title: str | None
    mode: str
    state: str
    entered_at: datetime | None
    last_activity: datetime | None
    completed_at: datetime | None
    withdrawn_at: datetime | None
    progress: CourseProgress | None
    lessons: list[CourseLesson]


async def read_course_page(
    pool: asyncpg.Pool,
    tenant: str,
    enrollment: str,
    *,
    learner: str | None = None,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> CoursePage:
    """Raises `UnknownEnrollment`, also where it is neither the `learner`'s nor the
    `instructor`'s own.
    """
    raise NotImplementedError
