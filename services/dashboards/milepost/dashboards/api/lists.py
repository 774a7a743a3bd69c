"""Lists, page by page: courses, programs, offerings, enrollments, funnels, credentials.

A route turns parameters into a query value, and the page that is read into an answer; what a list
is stands in `queries/`.
"""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.ids import LANGUAGE
from milepost.contracts.offerings import Mode, Pace
from milepost.dashboards.api.at_risk import RiskFilter, enrollments_at_risk
from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    STAFF,
    After,
    Call,
    Filter,
    Language,
    Limit,
    Now,
    Pool,
    Time,
    limit_of,
    parse_time,
    whose,
)
from milepost.dashboards.api.responses import NOT_YOUR_OWN
from milepost.dashboards.api.views import (
    CoursesPage,
    CredentialsPage,
    EnrollmentsPage,
    OfferingsPage,
    ProgramsPage,
    RunsPage,
)
from milepost.dashboards.projections.funnel.stages import Departure
from milepost.dashboards.queries.course_progress import Stage
from milepost.dashboards.queries.lists.courses import (
    COURSES,
    CourseSort,
    CoursesQuery,
    CourseState,
)
from milepost.dashboards.queries.lists.credentials import (
    CREDENTIALS,
    CredentialsQuery,
    CredentialStatus,
)
from milepost.dashboards.queries.lists.enrollments import (
    ENROLLMENTS,
    EnrollmentSort,
    EnrollmentsQuery,
    FilterTooBroad,
    LessonCounted,
    SortTooBroad,
    check_sort,
)
from milepost.dashboards.queries.lists.keyset import Order
from milepost.dashboards.queries.lists.offerings import OFFERINGS, OfferingSort, OfferingsQuery
from milepost.dashboards.queries.lists.programs import (
    PROGRAMS,
    ProgramSort,
    ProgramsQuery,
    ProgramStatus,
)
from milepost.dashboards.queries.lists.runs import RUNS, RunSort, RunsQuery, RunState

SORT_TOO_BROAD = SortTooBroad("last_activity")


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


@get(
    "/enrollments",
    summary="List enrollments",
    answers=list_answers(NOT_YOUR_OWN, SORT_TOO_BROAD, FilterTooBroad("lesson")),
)
async def list_enrollments(
    request: Call,
    lists: ListReads,
    pool: Pool,
    now: Now,
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
    risk: RiskFilter = None,
    stage: Annotated[Stage | None, QueryParameter()] = None,
    departure: Annotated[Departure | None, QueryParameter()] = None,
    current: Annotated[bool | None, QueryParameter()] = None,
    active: Annotated[bool | None, QueryParameter()] = None,
    lesson: Filter = None,
    lesson_state: Annotated[LessonCounted | None, QueryParameter()] = None,
    language: Language = None,
    form: Form = None,
) -> Response[EnrollmentsPage]:
    """`since`: entered then or later. `sort=last_activity` is for an `offering` or a `learner`,
    `risk` for an `offering`.

    Those behind a figure: `stage` for the funnel, `departure` for who is gone, `current` for who is
    in, `active` for the last 7 days, `lesson` with `lesson_state`, of an `offering`, for a lesson.

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
        among=await enrollments_at_risk(pool, request, offering, risk, now),
        stage=stage,
        departure=departure,
        current=current,
        active=active,
        lesson=lesson,
        lesson_state=lesson_state,
        language=language,
        instructor=limit_of(request.user, learner),
    )
    check_sort(query)
    return await lists.answer(
        request, ENROLLMENTS, query, EnrollmentsPage, "enrollments", form=form
    )


@get(
    "/offerings",
    summary="Offerings, with their funnels",
    answers=list_answers(),
    roles=STAFF,
)
async def list_offerings(
    request: Call,
    lists: ListReads,
    *,
    sort: Annotated[OfferingSort, QueryParameter()] = "offering",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    course: Filter = None,
    language: Language = None,
    form: Form = None,
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
    return await lists.answer(request, OFFERINGS, query, OfferingsPage, "offerings", form=form)


@get(
    "/credentials",
    summary="The register of credentials",
    answers=list_answers(NOT_YOUR_OWN),
)
async def list_credentials(
    request: Call,
    lists: ListReads,
    *,
    order: Annotated[Order, QueryParameter(description="By the award's position")] = "desc",
    limit: Limit = 50,
    cursor: After = None,
    learner: Filter = None,
    achievement: Filter = None,
    issuer: Filter = None,
    course: Filter = None,
    offering: Filter = None,
    status: Annotated[CredentialStatus | None, QueryParameter()] = None,
    flagged: Annotated[bool | None, QueryParameter()] = None,
    language: Language = None,
    form: Form = None,
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
        issuer=issuer,
        course=course,
        offering=offering,
        status=status,
        flagged=flagged,
        language=language,
        instructor=limit_of(request.user, learner),
    )
    return await lists.answer(
        request, CREDENTIALS, query, CredentialsPage, "credentials", form=form
    )


HANDLERS = (
    list_courses,
    list_programs,
    list_catalog_offerings,
    list_enrollments,
    list_offerings,
    list_credentials,
)
