"""One learner in one offering: how it stands, lesson by lesson, and the events behind it all.

How they stand is the read model's; of the log a page is read, however much they have done.
"""

import asyncio
from collections.abc import Mapping, Sequence
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
from milepost.dashboards.queries.enrollment.latest_events import (
    Latest,
    read_judged,
    read_latest,
)
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.log import Recorded
from milepost.pages.locales import Locale
from milepost.web.auth.own_offerings import has_access
from milepost.web.auth.tokens import Caller

GRADED: Final = ("quiz", "assignment", "exam")
LINES: Final = 60
UNKNOWN_REASON: Final = "other"  # of a waiver long before the latest events

Entry: TypeAlias = EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled
_ENTRIES: Final[Codec[Entry]] = Codec(Entry)


class LessonLine(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is the one that counts, 0 to 1; `waived` the reason why staff excused the learner.
    `attempts` are the latest, in their order, of so many that were `made`.
    """

    id: str
    title: str
    status: LessonStatus
    required: bool
    graded: bool
    score: float | None
    passed: bool | None
    waived: str | None
    attempts: Sequence[AttemptLine]
    made: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    event: Happened
    text: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first. `older`: the position before which the next page lies; None: it is the
    last.
    """

    lines: Sequence[Line]
    older: int | None


class EnrollmentFacts(msgspec.Struct, frozen=True, kw_only=True):
    page: CoursePage
    lessons: Sequence[LessonLine]

    @property
    def seconds_spent(self) -> float:
        return self.page.milliseconds_spent / 1000

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
    tenant = caller.tenant
    entry = _entry(await transactor.log.read_stream(tenant, streams.enrollment(enrollment)))
    # Also asked of what is not there: it shall not be answered sooner.
    allowed = await has_access(
        transactor, caller, TEACHING, offering=entry.offering if entry else ""
    )
    if entry is None or not allowed:
        raise UnknownEnrollment(enrollment)
    judged, page = await asyncio.gather(
        read_judged(pool, tenant, enrollment),
        read_course_page(pool, tenant, enrollment, language=language, awaited=awaited),
    )
    work = work_at(judged)
    return EnrollmentFacts(
        page=page, lessons=[_lesson(one, work[one.lesson]) for one in page.lessons]
    )


async def read_story(
    pool: asyncpg.Pool, tenant: str, facts: EnrollmentFacts, locale: Locale, before: int | None
) -> Story:
    """`before`: only what stands before this position."""
    latest = await read_latest(pool, tenant, facts.page.enrollment, before=before)
    # Others are not kept waiting.
    return await asyncio.to_thread(story_of, latest, facts, locale)


def story_of(latest: Latest, facts: EnrollmentFacts, locale: Locale) -> Story:
    told = timeline(latest.events, facts.page.learner)[::-1]
    if latest.cut and len(told) > 1:
        told.pop()  # a day of visits may have been cut in two
    shown, titles = told[:LINES], facts.titles
    more = latest.cut or len(told) > LINES
    return Story(
        lines=[Line(event=one, text=sentence(one, locale, titles)) for one in shown],
        older=shown[-1].first if shown and more else None,
    )


def _entry(recorded: Sequence[Recorded]) -> Entry | None:
    return next((_ENTRIES.read(one) for one in recorded if one.type in _ENTRIES.classes), None)


def _lesson(lesson: CourseLesson, work: Work) -> LessonLine:
    return LessonLine(
        id=lesson.lesson,
        title=lesson.title,
        status=lesson.status,
        required=lesson.required,
        graded=lesson.weight > 0 or lesson.attempts > 0 or lesson.kind in GRADED,
        score=lesson.score,
        passed=lesson.passed,
        waived=work.waived or (UNKNOWN_REASON if lesson.waived else None),
        attempts=work.attempts,
        made=max(lesson.attempts, len(work.attempts)),
    )
