"""The catalog's lists, page by page: courses, programs, offerings to enroll in."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from milepost.contracts.ids import LANGUAGE
from milepost.contracts.offerings import Pace
from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    After,
    Call,
    Filter,
    Language,
    Limit,
    Time,
    parse_time,
)
from milepost.dashboards.api.views import (
    CoursesPage,
    ProgramsPage,
    RunsPage,
)
from milepost.dashboards.queries.lists.courses import (
    COURSES,
    CourseSort,
    CoursesQuery,
    CourseState,
)
from milepost.dashboards.queries.lists.keyset import Order
from milepost.dashboards.queries.lists.programs import (
    PROGRAMS,
    ProgramSort,
    ProgramsQuery,
    ProgramStatus,
)
from milepost.dashboards.queries.lists.runs import RUNS, RunSort, RunsQuery, RunState


@get("/catalog/courses", summary="List courses", answers=list_answers())
async def list_courses(
    request: Call,
    lists: ListReads,
    *,
    sort: Annotated[CourseSort, QueryParameter()] = "course",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    in_state: Annotated[CourseState | None, QueryParameter(name="state")] = None,
    taught_in: Annotated[
        str | None, QueryParameter(pattern=LANGUAGE, description="The course's own language")
    ] = None,
    language: Language = None,
    form: Form = None,
) -> Response[CoursesPage]:
    """Any role."""
    query = CoursesQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        state=in_state,
        taught_in=taught_in,
        language=language,
    )
    return await lists.answer(request, COURSES, query, CoursesPage, "courses", form=form)


@get("/catalog/programs", summary="List programs", answers=list_answers())
async def list_programs(
    request: Call,
    lists: ListReads,
    *,
    sort: Annotated[ProgramSort, QueryParameter()] = "program",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    status: Annotated[ProgramStatus | None, QueryParameter()] = None,
    achievement: Filter = None,
    language: Language = None,
    form: Form = None,
) -> Response[ProgramsPage]:
    """Any role. `achievement`: programs of which it is a part."""
    query = ProgramsQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        status=status,
        achievement=achievement,
        language=language,
    )
    return await lists.answer(request, PROGRAMS, query, ProgramsPage, "programs", form=form)


@get("/catalog/offerings", summary="List offerings to enroll in", answers=list_answers())
async def list_catalog_offerings(
    request: Call,
    lists: ListReads,
    *,
    sort: Annotated[RunSort, QueryParameter()] = "offering",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    course: Filter = None,
    in_state: Annotated[RunState | None, QueryParameter(name="state")] = None,
    pace: Annotated[Pace | None, QueryParameter()] = None,
    has_free_seats: Annotated[bool | None, QueryParameter()] = None,
    starts_from: Time = None,
    starts_before: Time = None,
    ends_from: Time = None,
    ends_before: Time = None,
    language: Language = None,
    form: Form = None,
) -> Response[RunsPage]:
    """Any role. Times are from the one, up to but without the other."""
    query = RunsQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        course=course,
        state=in_state,
        pace=pace,
        has_free_seats=has_free_seats,
        starts_from=parse_time("starts_from", starts_from),
        starts_before=parse_time("starts_before", starts_before),
        ends_from=parse_time("ends_from", ends_from),
        ends_before=parse_time("ends_before", ends_before),
        language=language,
    )
    return await lists.answer(request, RUNS, query, RunsPage, "offerings", form=form)


HANDLERS = (list_courses, list_programs, list_catalog_offerings)
