"""Lists, page by page: courses, programs, offerings, enrollments, funnels, credentials.

A route turns parameters into a query value, and the page that is read into an answer; what a list
is stands in `queries/`.
"""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.ids import LANGUAGE
from milepost.contracts.offerings import Mode, Pace
from milepost.dashboards.api.parameters import (
    STAFF,
    After,
    Call,
    Filter,
    Language,
    Limit,
    Pool,
    Time,
    limit_of,
    parse_time,
    whose,
)
from milepost.dashboards.api.responses import (
    CURSOR_UNKNOWN,
    NOT_YOUR_OWN,
    read_answers,
    respond,
)
from milepost.dashboards.api.views import (
    CoursesPage,
    CredentialsPage,
    EnrollmentsPage,
    OfferingsPage,
    ProgramsPage,
    RunsPage,
)
from milepost.dashboards.queries.lists.courses import (
    CourseSort,
    CoursesQuery,
    CourseState,
    read_courses,
)
from milepost.dashboards.queries.lists.credentials import (
    CredentialsQuery,
    CredentialStatus,
    read_credentials,
)
from milepost.dashboards.queries.lists.enrollments import (
    EnrollmentSort,
    EnrollmentsQuery,
    SortTooBroad,
    read_enrollments,
)
from milepost.dashboards.queries.lists.keyset import Order
from milepost.dashboards.queries.lists.listing import Page
from milepost.dashboards.queries.lists.offerings import OfferingSort, OfferingsQuery, read_offerings
from milepost.dashboards.queries.lists.programs import (
    ProgramSort,
    ProgramsQuery,
    ProgramStatus,
    read_programs,
)
from milepost.dashboards.queries.lists.runs import RunSort, RunsQuery, RunState, read_runs
from milepost.web.requests.positions import awaited_position

SORT_TOO_BROAD = SortTooBroad("last_activity")


@get("/catalog/courses", summary="List courses", answers=read_answers(CURSOR_UNKNOWN))
async def list_courses(
    request: Call,
    pool: Pool,
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
    awaited = awaited_position(request)
    page = await read_courses(pool, request.user.tenant, query, awaited=awaited)
    return respond(request, CoursesPage(**_head(page), courses=page.rows), page)


@get("/catalog/programs", summary="List programs", answers=read_answers(CURSOR_UNKNOWN))
async def list_programs(
    request: Call,
    pool: Pool,
    *,
    sort: Annotated[ProgramSort, QueryParameter()] = "program",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    status: Annotated[ProgramStatus | None, QueryParameter()] = None,
    achievement: Filter = None,
    language: Language = None,
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
    awaited = awaited_position(request)
    page = await read_programs(pool, request.user.tenant, query, awaited=awaited)
    return respond(request, ProgramsPage(**_head(page), programs=page.rows), page)


@get(
    "/catalog/offerings",
    summary="List offerings to enroll in",
    answers=read_answers(CURSOR_UNKNOWN),
)
async def list_catalog_offerings(
    request: Call,
    pool: Pool,
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
    awaited = awaited_position(request)
    page = await read_runs(pool, request.user.tenant, query, awaited=awaited)
    return respond(request, RunsPage(**_head(page), offerings=page.rows), page)


@get(
    "/enrollments",
    summary="List enrollments",
    answers=read_answers(NOT_YOUR_OWN, CURSOR_UNKNOWN, SORT_TOO_BROAD),
)
async def list_enrollments(
    request: Call,
    pool: Pool,
    *,
    sort: Annotated[EnrollmentSort, QueryParameter()] = "entered_at",
    order: Annotated[Order, QueryParameter()] = "desc",
    limit: Limit = 50,
    cursor: After = None,
    offering: Filter = None,
    learner: Filter = None,
    course: Filter = None,
    in_state: Annotated[EnrollmentState | None, QueryParameter(name="state")] = None,
    mode: Annotated[Mode | None, QueryParameter()] = None,
    since: Time = None,
    language: Language = None,
) -> Response[EnrollmentsPage]:
    """`since`: entered then or later. `sort=last_activity` is for an `offering` or a `learner`.
    Roles: registrar, issuer, operator, service, auditor; instructor for own offerings, learners for
    their own.
    """
    learner = whose(request.user, learner)
    query = EnrollmentsQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        offering=offering,
        learner=learner,
        course=course,
        state=in_state,
        mode=mode,
        since=parse_time("since", since),
        language=language,
        instructor=limit_of(request.user, learner),
    )
    awaited = awaited_position(request)
    page = await read_enrollments(pool, request.user.tenant, query, awaited=awaited)
    return respond(request, EnrollmentsPage(**_head(page), enrollments=page.rows), page)


@get(
    "/offerings",
    summary="Offerings, with their funnels",
    answers=read_answers(CURSOR_UNKNOWN),
    roles=STAFF,
)
async def list_offerings(
    request: Call,
    pool: Pool,
    *,
    sort: Annotated[OfferingSort, QueryParameter()] = "offering",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    course: Filter = None,
    language: Language = None,
) -> Response[OfferingsPage]:
    """Roles: registrar, issuer, operator, service, auditor; instructor for own offerings."""
    query = OfferingsQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        course=course,
        language=language,
        instructor=limit_of(request.user),
    )
    awaited = awaited_position(request)
    page = await read_offerings(pool, request.user.tenant, query, awaited=awaited)
    return respond(request, OfferingsPage(**_head(page), offerings=page.rows), page)


@get(
    "/credentials",
    summary="The register of credentials",
    answers=read_answers(NOT_YOUR_OWN, CURSOR_UNKNOWN),
)
async def list_credentials(
    request: Call,
    pool: Pool,
    *,
    order: Annotated[Order, QueryParameter(description="By the award's position")] = "desc",
    limit: Limit = 50,
    cursor: After = None,
    learner: Filter = None,
    achievement: Filter = None,
    course: Filter = None,
    offering: Filter = None,
    status: Annotated[CredentialStatus | None, QueryParameter()] = None,
    flagged: Annotated[bool | None, QueryParameter()] = None,
) -> Response[CredentialsPage]:
    """`flagged=true`: those that wait for a person's decision, since what they rest on holds no
    longer.

    Roles: registrar, issuer, operator, service, auditor; instructor for what was first earned in
    own offerings, learners for their own.
    """
    learner = whose(request.user, learner)
    query = CredentialsQuery(
        order=order,
        limit=limit,
        cursor=cursor,
        learner=learner,
        achievement=achievement,
        course=course,
        offering=offering,
        status=status,
        flagged=flagged,
        instructor=limit_of(request.user, learner),
    )
    awaited = awaited_position(request)
    page = await read_credentials(pool, request.user.tenant, query, awaited=awaited)
    return respond(request, CredentialsPage(**_head(page), credentials=page.rows), page)


def _head(page: Page[Any]) -> dict[str, Any]:
    return {"position": page.position, "as_of": page.as_of, "next": page.next}


HANDLERS = (
    list_courses,
    list_programs,
    list_catalog_offerings,
    list_enrollments,
    list_offerings,
    list_credentials,
)
