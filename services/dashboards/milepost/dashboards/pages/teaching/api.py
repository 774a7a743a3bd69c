"""The instructor's pages: own offerings, one of them, its gradebook, one learner and their events.

They only read; their forms are commands of the API. The registrar may open them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, TypeAlias, get_args

import asyncpg
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from milepost.dashboards.api.parameters import After, Filter, PathKey, ScoreBucket, limit_of
from milepost.dashboards.live.topics import MOST
from milepost.dashboards.pages.teaching import words
from milepost.dashboards.pages.teaching.access import TEACHING, check_offering
from milepost.dashboards.pages.teaching.enrollment import enrollment_facts, read_story
from milepost.dashboards.pages.teaching.grading import maximum_of, reasons_in, rows_for
from milepost.dashboards.pages.teaching.learners import Behind, Choice, heading, read_learners
from milepost.dashboards.pages.teaching.lessons import lesson_titles, lessons_shown
from milepost.dashboards.pages.teaching.offering import offering_screen, risk_lines
from milepost.dashboards.pages.teaching.taught import read_taught
from milepost.dashboards.queries.catalog.run import read_run
from milepost.dashboards.queries.gradebook import read_gradebook, read_gradebook_plan
from milepost.dashboards.queries.lists.enrollments import LessonCounted
from milepost.dashboards.queries.offerings.at_risk import read_at_risk
from milepost.dashboards.queries.offerings.risk_pages import page_of
from milepost.events.commands.transact import Transactor
from milepost.events.event import Unknown
from milepost.events.ids import new_id
from milepost.pages.shell import PageRequest, Shell
from milepost.web.room import Context

HERE: Final = Path(__file__).parent
SHELL: Final = Shell(HERE)
RISK_ROWS: Final = 50
ATTEMPTS: Final = 20

Pool: TypeAlias = NamedDependency[asyncpg.Pool]
Log: TypeAlias = NamedDependency[Transactor]
Clock: TypeAlias = Callable[[], datetime]
Before: TypeAlias = Annotated[
    int | None, QueryParameter(ge=1, le=2**63 - 1, description="Events before this position")
]

LessonPage: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=1_000, description="Page of lessons")
]


@dataclass
class UnknownLesson(Unknown):
    """The course has no such lesson."""

    lesson: str


@get("/teach", roles=TEACHING)
async def get_taught(request: PageRequest, pool: Pool, cursor: After = None) -> Response[bytes]:
    """Own offerings; the registrar's are all."""
    own = limit_of(request.user)
    page = await read_taught(
        pool,
        request.user.tenant,
        instructor=own,
        cursor=cursor,
        language=SHELL.locale(request).language,
    )
    return SHELL.render(
        request,
        "offerings.html",
        area="teach",
        topics=[f"offering/{one.offering}" for one in page.rows][:MOST] if own else ("school",),
        page=page,
        own=own is not None,
        cursor=cursor,
    )


@get("/teach/offerings/{offering:str}", roles=TEACHING)
async def get_taught_offering(
    request: PageRequest,
    offering: PathKey,
    pool: Pool,
    transactor: Log,
    clock: NamedDependency[Clock],
    *,
    lessons: LessonPage = 1,
) -> Response[bytes]:
    """Its figures, each with what it is of and who they are."""
    await check_offering(transactor, request.user, offering)
    locale = SHELL.locale(request)
    tenant = request.user.tenant
    screen = await offering_screen(pool, tenant, offering, locale, now=clock(), lessons=lessons)
    return SHELL.render(
        request,
        "offering.html",
        area="teach",
        topics=(f"offering/{offering}",),
        one=screen,
        lesson_page=lessons,
    )


@get("/teach/offerings/{offering:str}/learners", roles=TEACHING)
async def get_taught_learners(
    request: PageRequest,
    offering: PathKey,
    pool: Pool,
    transactor: Log,
    *,
    show: Annotated[Choice | None, QueryParameter(description="Who is shown")] = None,
    lesson: Filter = None,
    lesson_state: Annotated[LessonCounted | None, QueryParameter()] = None,
    score_bucket: ScoreBucket = None,
    cursor: After = None,
) -> Response[bytes]:
    """Who is behind a figure, of the offering or of a lesson."""
    await check_offering(transactor, request.user, offering)
    tenant, locale = request.user.tenant, SHELL.locale(request)
    run = (await read_run(pool, tenant, offering, language=locale.language)).run
    behind = Behind(show=show, lesson=lesson, lesson_state=lesson_state, score_bucket=score_bucket)
    page = await read_learners(pool, tenant, offering, behind, cursor=cursor)
    titles: Mapping[str, str] = {}
    if lesson is not None:
        titles = await lesson_titles(transactor, tenant, run.course, run.course_version, locale)
    return SHELL.render(
        request,
        "learners.html",
        area="teach",
        run=run,
        page=page,
        behind=behind,
        heading=heading(behind, locale, titles),
        choices=get_args(Choice),
        cursor=cursor,
        words=words,
    )


@get("/teach/offerings/{offering:str}/at-risk", roles=TEACHING)
async def get_learners_at_risk(
    request: PageRequest,
    offering: PathKey,
    pool: Pool,
    transactor: Log,
    clock: NamedDependency[Clock],
    *,
    cursor: After = None,
) -> Response[bytes]:
    """Who is at risk, each with the reasons: those with the most of them first."""
    await check_offering(transactor, request.user, offering)
    tenant, locale = request.user.tenant, SHELL.locale(request)
    run = (await read_run(pool, tenant, offering, language=locale.language)).run
    risk = await read_at_risk(pool, tenant, offering, now=clock(), risk="any")
    page = page_of(risk.rows, RISK_ROWS, cursor)
    titles = await lesson_titles(transactor, tenant, run.course, run.course_version, locale)
    return SHELL.render(
        request,
        "at_risk.html",
        area="teach",
        run=run,
        risk=risk,
        page=page,
        rows=risk_lines(page.rows, locale, titles),
        cursor=cursor,
    )


@get("/teach/offerings/{offering:str}/gradebook", roles=TEACHING)
async def get_gradebook(
    request: PageRequest, offering: PathKey, pool: Pool, transactor: Log, cursor: After = None
) -> Response[bytes]:
    """Learners by graded lessons: the scores that count."""
    await check_offering(transactor, request.user, offering)
    tenant, language = request.user.tenant, SHELL.locale(request).language
    run = (await read_run(pool, tenant, offering, language=language)).run
    columns = len((await read_gradebook_plan(pool, tenant, offering)).lessons)
    book = await read_gradebook(
        pool, tenant, offering, limit=rows_for(columns), cursor=cursor, language=language
    )
    return SHELL.render(
        request,
        "gradebook.html",
        area="teach",
        run=run,
        book=book,
        cursor=cursor,
    )


@get("/teach/enrollments/{enrollment:str}", roles=TEACHING)
async def get_taught_enrollment(
    request: PageRequest,
    enrollment: PathKey,
    pool: Pool,
    transactor: Log,
    *,
    lessons: LessonPage = 1,
    before: Before = None,
) -> Response[bytes]:
    """How one learner stands, and the events behind it, the newest first."""
    locale = SHELL.locale(request)
    facts = await enrollment_facts(
        pool, transactor, request.user, enrollment, language=locale.language
    )
    story = await read_story(pool, request.user.tenant, facts, locale, before)
    shown, more = lessons_shown(facts.lessons, lessons, lambda one: one.required)
    return SHELL.render(
        request,
        "enrollment.html",
        area="teach",
        topics=(f"enrollment/{enrollment}",),
        one=facts,
        page=facts.page,
        lessons=shown,
        lesson_page=lessons,
        next_lessons=more,
        story=story,
        before=before,
        words=words,
    )


@get("/teach/enrollments/{enrollment:str}/lessons/{lesson:str}", roles=TEACHING)
async def get_grading(
    request: PageRequest,
    enrollment: PathKey,
    lesson: PathKey,
    *,
    pool: Pool,
    transactor: Log,
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """Enter a score, revise one, waive the lesson."""
    locale = SHELL.locale(request)
    facts = await enrollment_facts(
        pool, transactor, request.user, enrollment, language=locale.language
    )
    one = facts.lesson(lesson)
    if one is None:
        raise UnknownLesson(lesson)
    return SHELL.render(
        request,
        "grade.html",
        area="teach",
        page=facts.page,
        lesson=one,
        attempts=one.attempts[-ATTEMPTS:],
        reasons=reasons_in(locale),
        maximum=maximum_of(one),
        report=new_id().hex,
        now=clock().isoformat(),
        words=words,
    )


def routes(context: Context) -> Router:
    return SHELL.router(
        (
            get_taught,
            get_taught_offering,
            get_taught_learners,
            get_learners_at_risk,
            get_gradebook,
            get_taught_enrollment,
            get_grading,
        ),
        {"pool": context.pool, "transactor": context.transactor, "clock": context.clock},
    )
