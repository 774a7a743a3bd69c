"""One enrollment as its learner sees it: every lesson, what is done, due, next, locked by what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.rules.learning.outline import LessonView
from milepost.dashboards.queries.consistent_read import Select, Snapshot, etag_of, read
from milepost.dashboards.queries.course_progress import CourseProgress, LessonName, LessonStatus
from milepost.dashboards.queries.lists.titles import COURSE_TITLE, tags_of
from milepost.dashboards.queries.member_work import MEMBERS, MODELS, work
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for
from milepost.dashboards.queries.progress_view import MemberWork, View, view_of
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


class EnrollmentShown(msgspec.Struct, frozen=True, kw_only=True):
    """`withdrawn_at` is that of this stay. `course_version`: the one it was entered by."""

    enrollment: str
    learner: str
    offering: str
    course: str
    course_version: int
    course_title: str | None
    mode: str
    state: str
    entered_at: datetime | None
    started_at: datetime | None
    last_activity: datetime | None
    milliseconds_spent: int
    completed_at: datetime | None
    withdrawn_at: datetime | None


class CoursePage(Snapshot, frozen=True, kw_only=True):
    """`progress` is null while there is no seat yet; `lessons` are in the order of the plan."""

    enrollment: str
    learner: str
    offering: str
    course: str
    course_version: int
    course_title: str | None
    mode: str
    state: str
    entered_at: datetime | None
    started_at: datetime | None
    last_activity: datetime | None
    milliseconds_spent: int
    completed_at: datetime | None
    withdrawn_at: datetime | None
    progress: CourseProgress | None
    lessons: list[CourseLesson]


class _Row(EnrollmentShown, frozen=True, kw_only=True):
    work: MemberWork | None


_SHOWN: Final = ", ".join(
    f"x.{name}" for name in EnrollmentShown.__struct_fields__ if name != "course_title"
)
_ROW: Final = f"""select {_SHOWN}, {COURSE_TITLE}, {work("true")} from {MEMBERS}
    where x.tenant = :tenant and x.enrollment = :enrollment"""
_OF_LEARNER: Final = "x.learner = :learner"
_OWN: Final = f"x.{IN_OWN_OFFERINGS}"


async def read_course_page(
    pool: asyncpg.Pool,
    tenant: str,
    enrollment: str,
    *,
    learner: str | None = None,
    instructor: str | None = None,
    language: str | None = None,
    now: datetime | None = None,
    awaited: int | None = None,
) -> CoursePage:
    """Of a `learner`'s own, or of an `instructor`'s own offerings; of either, where both are
    named. Raises `UnknownEnrollment`.
    """
    arguments: dict[str, object] = {"enrollment": enrollment, "languages": tags_of(language)}
    allowed = []
    for name, value, condition in (
        ("learner", learner, _OF_LEARNER),
        ("instructor", instructor, _OWN),
    ):
        if value is not None:
            arguments[name] = value
            allowed.append(condition)
    limit = f" and ({' or '.join(allowed)})" if allowed else ""
    select = Select(Decoder(list[_Row]), _ROW + limit)
    models = models_for(MODELS, instructor)
    found = await read(pool, tenant, models, (select,), arguments, awaited=awaited)
    if not found.rows[0]:
        raise UnknownEnrollment(enrollment)
    [row] = found.rows[0]
    view = view_of(row.work, now or datetime.now(UTC), language) if row.work else None
    shown = {name: getattr(row, name) for name in EnrollmentShown.__struct_fields__}
    progress, lessons = (view.progress, _lessons(view)) if view else (None, [])
    return CoursePage(
        position=found.position,
        as_of=found.as_of,
        etag=etag_of((shown, progress, lessons)),
        progress=progress,
        lessons=lessons,
        **shown,
    )


def _lessons(view: View) -> list[CourseLesson]:
    return [_lesson(one, view.titles) for one in view.lessons]


def _lesson(one: LessonView, titles: Mapping[str, str]) -> CourseLesson:
    return CourseLesson(
        lesson=one.id,
        title=titles[one.id],
        kind=one.kind,
        required=one.required,
        weight=one.weight,
        status=one.status,
        locked_by=[LessonName(name, titles[name]) for name in one.missing],
        unlocks=one.unlocks,
        waived=one.waived,
        due_at=one.due_at,
        overdue=one.overdue,
        attempts=one.attempts,
        attempts_left=one.attempts_left,
        score=one.score,
        passed=one.passed,
    )
