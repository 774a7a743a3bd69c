"""Lists, page by page: courses, programs, offerings, enrollments, funnels, credentials."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from litestar import Response, get
from litestar.openapi.spec.enums import OpenAPIFormat
from litestar.params import QueryParameter

from milepost.contracts.offerings import Mode, Pace
from milepost.dashboards.api.conventions import (
    CURSOR_UNKNOWN,
    NOT_STAFF,
    NOT_YOUR_OWN,
    STAFF,
    Call,
    Filter,
    Pool,
    between,
    given,
    parse_time,
    read_at,
    respond,
    shown,
    split_page,
)
from milepost.dashboards.api.views import (
    CoursesPage,
    CourseState,
    CredentialsPage,
    CredentialStatus,
    EnrollmentsPage,
    EnrollmentState,
    OfferingsPage,
    ProgramsPage,
    ProgramStatus,
    RunsPage,
    RunState,
)
from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.queries import listings
from milepost.dashboards.queries.keyset import After, Limit, Order, paging
from milepost.dashboards.queries.listings import (
    CourseSort,
    EnrollmentSort,
    OfferingSort,
    ProgramSort,
    RunSort,
)
from milepost.dashboards.read_models import FUNNELS
from milepost.events.event import Invalid

Time: TypeAlias = Annotated[
    str | None, QueryParameter(format=OpenAPIFormat.DATE_TIME, description="With its UTC offset")
]


@dataclass
class SortTooBroad(Invalid):
    """No index has a whole school in this order: name an offering or a learner."""

    sort: str


SORT_TOO_BROAD = SortTooBroad("last_activity")


@get("/catalog/courses", summary="List courses", answers=shown(CURSOR_UNKNOWN))
async def list_courses(
    request: Call,
    pool: Pool,
    *,
    sort: Annotated[CourseSort, QueryParameter()] = "course",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    standing: Annotated[CourseState | None, QueryParameter(name="state")] = None,
    language: Filter = None,
) -> Response[CoursesPage]:
    """Any role."""
    paged = paging(listings.COURSE_SORTS[sort], sort, order, "course", cursor)
    query, arguments = listings.courses(paged, given(state=standing, language=language))
    found = await read_at(request, pool, (CATALOG,), (query,), limit + 1, *arguments)
    rows, following = split_page(found, limit, paged)
    page = CoursesPage(position=found.position, as_of=found.as_of, next=following, courses=rows)
    return respond(request, page, found)


@get("/catalog/programs", summary="List programs", answers=shown(CURSOR_UNKNOWN))
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
) -> Response[ProgramsPage]:
    """Any role. `achievement`: programs of which it is a part."""
    paged = paging(listings.PROGRAM_SORTS[sort], sort, order, "program", cursor)
    where = given(status=status)
    if achievement is not None:
        where[listings.CONTAINS] = achievement
    query, arguments = listings.programs(paged, where)
    found = await read_at(request, pool, (CATALOG,), (query,), limit + 1, *arguments)
    rows, following = split_page(found, limit, paged)
    page = ProgramsPage(position=found.position, as_of=found.as_of, next=following, programs=rows)
    return respond(request, page, found)


@get("/catalog/offerings", summary="List offerings to enroll in", answers=shown(CURSOR_UNKNOWN))
async def list_runs(
    request: Call,
    pool: Pool,
    *,
    sort: Annotated[RunSort, QueryParameter()] = "offering",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    course: Filter = None,
    standing: Annotated[RunState | None, QueryParameter(name="state")] = None,
    pace: Annotated[Pace | None, QueryParameter()] = None,
    has_free_seats: Annotated[bool | None, QueryParameter()] = None,
    starts_from: Time = None,
    starts_before: Time = None,
    ends_from: Time = None,
    ends_before: Time = None,
) -> Response[RunsPage]:
    """Any role. Times are from the one, up to but without the other."""
    paged = paging(listings.RUN_SORTS[sort], sort, order, "offering", cursor)
    where = given(
        course=course, state=standing, pace=pace, has_free_seats=has_free_seats
    ) | between(
        at_or_after={
            "starts": parse_time("starts_from", starts_from),
            "ends": parse_time("ends_from", ends_from),
        },
        before={
            "starts": parse_time("starts_before", starts_before),
            "ends": parse_time("ends_before", ends_before),
        },
    )
    query, arguments = listings.runs(paged, where)
    found = await read_at(request, pool, FUNNELS, (query,), limit + 1, *arguments)
    rows, following = split_page(found, limit, paged)
    page = RunsPage(position=found.position, as_of=found.as_of, next=following, offerings=rows)
    return respond(request, page, found)


@get(
    "/enrollments",
    summary="List enrollments",
    answers=shown(NOT_YOUR_OWN, CURSOR_UNKNOWN, SORT_TOO_BROAD),
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
    standing: Annotated[EnrollmentState | None, QueryParameter(name="state")] = None,
    mode: Annotated[Mode | None, QueryParameter()] = None,
    since: Time = None,
) -> Response[EnrollmentsPage]:
    """`since`: entered then or later. `sort=last_activity` is for an `offering` or a `learner`.
    Roles: instructor, registrar, issuer, operator, service; learners for their own, naming
    themselves as `learner`.
    """
    request.user.may_act_for(learner or "", *STAFF)
    if sort == "last_activity" and offering is None and learner is None:
        raise SortTooBroad(sort)
    paged = paging(listings.ENROLLMENT_SORTS[sort], sort, order, "enrollment", cursor)
    where = given(offering=offering, learner=learner, course=course, state=standing, mode=mode)
    where |= between(at_or_after={"entered_at": parse_time("since", since)}, before={})
    query, arguments = listings.enrollments(paged, where)
    found = await read_at(request, pool, (LEARNER_OVERVIEW,), (query,), limit + 1, *arguments)
    rows, following = split_page(found, limit, paged)
    page = EnrollmentsPage(
        position=found.position, as_of=found.as_of, next=following, enrollments=rows
    )
    return respond(request, page, found)


@get(
    "/offerings",
    summary="Offerings, with their funnels",
    answers=shown(NOT_STAFF, CURSOR_UNKNOWN),
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
) -> Response[OfferingsPage]:
    """Roles: instructor, registrar, issuer, operator, service."""
    request.user.require(*STAFF)
    paged = paging(listings.OFFERING_SORTS[sort], sort, order, "offering", cursor)
    query, arguments = listings.offerings(paged, given(course=course))
    found = await read_at(request, pool, FUNNELS, (query,), limit + 1, *arguments)
    rows, following = split_page(found, limit, paged)
    page = OfferingsPage(position=found.position, as_of=found.as_of, next=following, offerings=rows)
    return respond(request, page, found)


@get(
    "/credentials",
    summary="The register of credentials",
    answers=shown(NOT_YOUR_OWN, CURSOR_UNKNOWN),
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
) -> Response[CredentialsPage]:
    """Roles: instructor, registrar, issuer, operator, service; learners for their own."""
    request.user.may_act_for(learner or "", *STAFF)
    paged = paging(listings.BY_POSITION, "position", order, "credential", cursor)
    where = given(
        learner=learner, achievement=achievement, course=course, offering=offering, status=status
    )
    query, arguments = listings.credentials(paged, where)
    found = await read_at(request, pool, (CREDENTIAL_REGISTRY,), (query,), limit + 1, *arguments)
    rows, following = split_page(found, limit, paged)
    page = CredentialsPage(
        position=found.position, as_of=found.as_of, next=following, credentials=rows
    )
    return respond(request, page, found)


HANDLERS = (
    list_courses,
    list_programs,
    list_runs,
    list_enrollments,
    list_offerings,
    list_credentials,
)
