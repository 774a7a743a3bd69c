"""A learner's own pages: `/my`, and `/my/courses/{enrollment}`. Nobody is shown another's."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias

import asyncpg
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from milepost.dashboards.api.parameters import PathKey
from milepost.dashboards.api.responses import answer_not_visible
from milepost.dashboards.pages.learner.course import course_view
from milepost.dashboards.pages.learner.home import home_view
from milepost.dashboards.pages.teaching import words
from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.dashboards.queries.course_page import read_course_page
from milepost.dashboards.queries.enrollment.latest_events import read_latest
from milepost.dashboards.queries.home import read_home
from milepost.pages.shell import PageRequest, Shell
from milepost.web.room import Context

# The sentences of a history are those that instructors read.
SHELL: Final = Shell(Path(__file__).parent, words=Path(words.__file__).parent / "catalogs")


class Source(NamedTuple):
    """Where the facts of a page are from. One dependency: several cost each page a task group."""

    pool: asyncpg.Pool
    clock: Callable[[], datetime]


Read: TypeAlias = NamedDependency[Source]
# What a page asks for again when something has changed.
Part: TypeAlias = Annotated[Literal["page"] | None, QueryParameter()]


@get("/my", opt={"roles": ["learner"]})
async def get_home_page(request: PageRequest, source: Read, part: Part = None) -> Response[bytes]:
    caller, language = request.user, SHELL.locale(request).language
    now = source.clock()
    home = await read_home(source.pool, caller.tenant, caller.subject, language=language, now=now)
    return SHELL.render(
        request,
        "home.html",
        area="my",
        part=part,
        topics=(f"learner/{caller.subject}",),
        view=home_view(home, now),
    )


@get("/my/courses/{enrollment:str}", opt={"roles": ["learner"]})
async def get_course_page(
    request: PageRequest, enrollment: PathKey, source: Read, part: Part = None
) -> Response[bytes]:
    """Raises `UnknownEnrollment`, also for another's."""
    caller, locale = request.user, SHELL.locale(request)
    now = source.clock()
    course = await read_course_page(
        source.pool,
        caller.tenant,
        enrollment,
        learner=caller.subject,
        language=locale.language,
        now=now,
    )
    latest = await read_latest(source.pool, caller.tenant, enrollment)
    return SHELL.render(
        request,
        "course.html",
        area="my",
        part=part,
        topics=(f"enrollment/{enrollment}",),
        view=course_view(course, now, latest, locale),
    )


def router(context: Context) -> Router:
    return SHELL.router(
        [get_home_page, get_course_page],
        {"source": Source(context.pool, context.clock)},
        exception_handlers={NotVisibleYet: answer_not_visible},
    )
