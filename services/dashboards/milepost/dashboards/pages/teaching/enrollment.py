"""One learner in one offering: how it stands, lesson by lesson, and the events behind it all."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
import msgspec

from milepost.contracts import streams
from milepost.contracts.enrollments import EnrollmentRequested, LearnerEnrolled, LearnerWaitlisted
from milepost.dashboards.pages.teaching.access import TEACHING
from milepost.dashboards.pages.teaching.timeline import Happened, timeline
from milepost.dashboards.pages.teaching.words import sentence
from milepost.dashboards.pages.teaching.work import AttemptLine, Work, work_at
from milepost.dashboards.queries.course_page import (
    CourseLesson,
    CoursePage,
    UnknownEnrollment,
    read_course_page,
)
from milepost.dashboards.queries.course_progress import LessonStatus
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.log import Recorded
from milepost.pages.locales import Locale
from milepost.web.auth.own_offerings import has_access
from milepost.web.auth.tokens import Caller

GRADED: Final = ("quiz", "assignment", "exam")
LINES: Final = 60
MANY: Final = 500

Entry: TypeAlias = EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled
_ENTRIES: Final[Codec[Entry]] = Codec(Entry)


class LessonLine(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is the one that counts, 0 to 1; `waived` the reason why staff excused the learner."""

    id: str
    title: str
    status: LessonStatus
    required: bool
    graded: bool
    score: float | None
    passed: bool | None
    waived: str | None
    seconds_spent: float
    attempts: Sequence[AttemptLine]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    event: Happened
    text: str


class EnrollmentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`story`: the log's events, the newest first."""

    page: CoursePage
    lessons: Sequence[LessonLine]
    seconds_spent: float
    started_at: datetime | None
    story: Sequence[Happened]

    @property
    def titles(self) -> Mapping[str, str]:
        return {one.id: one.title for one in self.lessons}

    def lesson(self, lesson: str) -> LessonLine | None:
        return next((one for one in self.lessons if one.id == lesson), None)


async def enrollment_facts(
    pool: asyncpg.Pool,
    transactor: Transactor,
    caller: Caller,
    enrollment: str,
    *,
    language: str,
    awaited: int | None = None,
) -> EnrollmentFacts:
    """Raises `UnknownEnrollment`, also to who instructs another offering."""
    log, tenant = transactor.log, caller.tenant
    entered = await log.read_stream(tenant, streams.enrollment(enrollment))
    entry = _entry(entered)
    # Also asked of what is not there: it shall not be answered sooner.
    allowed = await has_access(
        transactor, caller, TEACHING, offering=entry.offering if entry else ""
    )
    if entry is None or not allowed:
        raise UnknownEnrollment(enrollment)
    learnt = await log.read_stream(tenant, streams.progress(enrollment))
    page = await read_course_page(pool, tenant, enrollment, language=language, awaited=awaited)
    recorded = [*entered, *learnt]
    if len(recorded) <= MANY:
        return facts_of(page, recorded)
    return await asyncio.to_thread(facts_of, page, recorded)  # others are not kept waiting


def facts_of(page: CoursePage, recorded: Sequence[Recorded]) -> EnrollmentFacts:
    work = work_at(recorded)
    lessons = [_lesson(one, work[one.lesson]) for one in page.lessons]
    story = timeline(recorded, page.learner)
    begun = [one.occurred_at for one in story if one.tag == "lesson_started"]
    return EnrollmentFacts(
        page=page,
        lessons=lessons,
        seconds_spent=sum(one.seconds_spent for one in work.values()),
        started_at=min(begun, default=None),
        story=story[::-1],
    )


def lines(
    facts: EnrollmentFacts, locale: Locale, before: int | None
) -> tuple[list[Line], int | None]:
    """A page of the story, and the position before which the next one lies; None: it is the last.

    `before`: only what stands before this position.
    """
    older = [one for one in facts.story if before is None or one.first < before]
    shown = older[:LINES]
    following = shown[-1].first if len(older) > LINES else None
    titles = facts.titles
    return [Line(event=one, text=sentence(one, locale, titles)) for one in shown], following


def _entry(recorded: Sequence[Recorded]) -> Entry | None:
    return next((_ENTRIES.read(one) for one in recorded if one.type in _ENTRIES.classes), None)


def _lesson(lesson: CourseLesson, work: Work) -> LessonLine:
    return LessonLine(
        id=lesson.lesson,
        title=lesson.title,
        status=lesson.status,
        required=lesson.required,
        graded=lesson.weight > 0 or bool(work.attempts) or lesson.kind in GRADED,
        score=lesson.score,
        passed=lesson.passed,
        waived=work.waived,
        seconds_spent=work.seconds_spent,
        attempts=work.attempts,
    )
