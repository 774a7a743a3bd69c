"""The catalog as pages: `/catalog`, with its search, and a course with what can be enrolled in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote, urlencode

import asyncpg
import msgspec
from litestar import Response, Router, get
from litestar.params import QueryParameter

from milepost.contracts.ids import TEXT
from milepost.dashboards.api.parameters import After, PathKey, Pool
from milepost.dashboards.api.responses import answer_not_visible
from milepost.dashboards.queries.catalog.search import Found, FoundKind, search_catalog
from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.dashboards.queries.lists.courses import CoursesQuery, read_courses
from milepost.dashboards.queries.lists.runs import RunsQuery, RunState, read_runs
from milepost.dashboards.queries.offerings.course_runs import UnknownCourse
from milepost.pages.shell import PageRequest, Shell

SHELL: Final = Shell(Path(__file__).parent)
KINDS: Final[tuple[FoundKind, ...]] = ("course", "offering", "program", "achievement", "skill")
MOST_RUNS: Final = 100
# What one may still enter, the next to begin first.
ENTERED: Final[tuple[RunState, ...]] = ("open", "announced", "running")

Question = Annotated[str | None, QueryParameter(name="q", max_length=200, pattern=TEXT)]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """`address`: where it leads on; None: nowhere yet."""

    found: Found
    address: str | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    kind: FoundKind
    hits: Sequence[Hit]


@get("/catalog")
async def get_catalog(
    request: PageRequest, pool: Pool, question: Question = None, cursor: After = None
) -> Response[bytes]:
    """Found for a question; without one all published courses, by title."""
    tenant, language = request.user.tenant, SHELL.locale(request).language
    if question and question.strip():
        found = await search_catalog(pool, tenant, question, language=language)
        groups = grouped(found.results)
        return SHELL.render(
            request,
            "catalog.html",
            area="catalog",
            question=question,
            found=found,
            groups=groups,
            courses=None,
        )
    query = CoursesQuery(sort="title", state="published", cursor=cursor, language=language)
    page = await read_courses(pool, tenant, query)
    following = f"?{urlencode({'cursor': page.next})}" if page.next else None
    return SHELL.render(
        request,
        "catalog.html",
        area="catalog",
        question="",
        found=None,
        groups=(),
        courses=page,
        next=following,
        first="/catalog" if cursor else None,
    )


@get("/catalog/courses/{course:str}")
async def get_catalog_course(request: PageRequest, course: PathKey, pool: Pool) -> Response[bytes]:
    """Raises `UnknownCourse`, also for a draft."""
    tenant, language = request.user.tenant, SHELL.locale(request).language
    query = CoursesQuery(course=course, limit=1, language=language)
    found = (await read_courses(pool, tenant, query)).rows
    if not found or found[0].state == "draft":
        raise UnknownCourse(course)
    asked = RunsQuery(
        course=course, states=[*ENTERED], sort="starts", limit=MOST_RUNS, language=language
    )
    runs = await read_runs(pool, tenant, asked)
    return SHELL.render(
        request,
        "catalog_course.html",
        area="catalog",
        course=found[0],
        runs=runs.rows,
        freshness=runs,
        may_enroll="learner" in request.user.roles,
    )


def grouped(results: Sequence[Found]) -> list[Group]:
    """By kind, in a fixed order; within one the best first."""
    return [
        Group(kind=kind, hits=[Hit(found=one, address=address_of(one)) for one in some])
        for kind in KINDS
        if (some := [one for one in results if one.kind == kind])
    ]


def address_of(found: Found) -> str | None:
    match found.kind:
        case "course":
            return f"/catalog/courses/{quote(found.id, safe='')}"
        case "offering":
            return f"/catalog/courses/{quote(found.course or '', safe='')}"
        case "skill":
            return f"/catalog?{urlencode({'q': found.title})}"
        case _:
            return None


def router(pool: asyncpg.Pool) -> Router:
    return SHELL.router(
        [get_catalog, get_catalog_course],
        {"pool": pool},
        exception_handlers={NotVisibleYet: answer_not_visible},
    )
