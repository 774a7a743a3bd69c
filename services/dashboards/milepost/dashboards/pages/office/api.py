"""The registrar's pages: offerings, one offering, a course's runs, learners. They only read;
their forms are commands of the API.
"""

from typing import Annotated, Final, TypeAlias, get_args
from urllib.parse import quote

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from milepost.contracts.enrollments import EnrollmentState
from milepost.dashboards.api.parameters import After, Filter, PathKey
from milepost.dashboards.pages.office import forms
from milepost.dashboards.pages.office.course import bars, finding
from milepost.dashboards.pages.office.home import office_facts
from milepost.dashboards.pages.office.learner import learner_facts
from milepost.dashboards.pages.office.offering import RosterQuery, offering_facts
from milepost.dashboards.pages.office.wiring import OFFICE, SHELL, Pool
from milepost.dashboards.pages.own_writes import own_writes
from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.lists.enrollments import EnrollmentsQuery, read_enrollments
from milepost.dashboards.queries.lists.runs import RunState
from milepost.dashboards.queries.offerings.course_runs import read_course_runs
from milepost.pages.shell import PageRequest
from milepost.web.room import Context, PersonalName

LATEST: Final = 20
# What a roster is filtered by, the most asked for first.
SHOWN_STATES: Final[tuple[EnrollmentState, ...]] = (
    "enrolled",
    "active",
    "completed",
    "suspended",
    "withdrawn",
    "transferred",
)

# What a form changes, its page shows.
MODELS: Final = (CATALOG, OFFERING_SUMMARY, LEARNER_OVERVIEW)

Names: TypeAlias = NamedDependency[PersonalName | None]
Further: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        pattern=r"^[A-Za-z0-9_=-]{1,2000}(?![\s\S])",
        description="Of this list: `next` of the page before",
    ),
]
InState: TypeAlias = Annotated[EnrollmentState | None, QueryParameter(name="state")]


@get("/office", roles=OFFICE)
async def get_office(
    request: PageRequest,
    pool: Pool,
    *,
    run_state: Annotated[RunState | None, QueryParameter(name="state")] = None,
    course: Filter = None,
    cursor: After = None,
    asking: Further = None,
) -> Response[bytes]:
    """Who waits for a decision, and the offerings."""
    facts = await office_facts(
        pool,
        request.user.tenant,
        state=run_state,
        course=course,
        cursor=cursor,
        asking=asking,
        language=SHELL.locale(request).language,
    )
    return SHELL.render(
        request,
        "home.html",
        area="office",
        page=facts,
        state=run_state,
        states=get_args(RunState),
        cursor=cursor,
        asking=asking,
    )


@get("/office/offerings/{offering:str}", roles=OFFICE)
async def get_office_offering(
    request: PageRequest,
    offering: PathKey,
    pool: Pool,
    *,
    in_state: InState = None,
    cursor: After = None,
    asking: Further = None,
    waiting: Further = None,
) -> Response[bytes]:
    """Seats, requests, the waitlist, the roster; enroll one, change the seats, close."""
    wanted = RosterQuery(state=in_state, cursor=cursor, asking=asking, waiting=waiting)
    language = SHELL.locale(request).language
    facts = await offering_facts(pool, request.user.tenant, offering, wanted, language=language)
    return SHELL.render(
        request,
        "offering.html",
        area="office",
        topics=(f"offering/{offering}",),
        page=facts,
        state=in_state,
        states=SHOWN_STATES,
        cursor=cursor,
        asking=asking,
        waiting=waiting,
    )


@get("/office/courses/{course:str}", roles=OFFICE)
async def get_office_course(request: PageRequest, course: PathKey, pool: Pool) -> Response[bytes]:
    """A course's runs side by side."""
    locale = SHELL.locale(request)
    page = await read_course_runs(pool, request.user.tenant, course, language=locale.language)
    return SHELL.render(
        request,
        "course.html",
        area="office",
        page=page,
        bars=bars(page, locale),
        finding=finding(page.runs, locale),
    )


@get("/office/learners", roles=OFFICE)
async def get_office_learners(
    request: PageRequest, pool: Pool, learner: Filter = None
) -> Response[bytes]:
    """Find one by id; without one, who came last."""
    if learner is not None:
        return Response(
            b"",
            status_code=303,
            headers={"Location": f"/office/learners/{quote(learner, safe='')}"},
        )
    language = SHELL.locale(request).language
    query = EnrollmentsQuery(limit=LATEST, language=language)
    page = await read_enrollments(pool, request.user.tenant, query)
    return SHELL.render(request, "learners.html", area="office", page=page)


@get("/office/learners/{learner:str}", roles=OFFICE)
async def get_office_learner(
    request: PageRequest, learner: PathKey, pool: Pool, names: Names
) -> Response[bytes]:
    """Their enrollments and credentials; who they are stands on the vault's page."""
    tenant, language = request.user.tenant, SHELL.locale(request).language
    facts = await learner_facts(pool, tenant, learner, language=language)
    name = await names(tenant, learner) if names is not None else None
    return SHELL.render(
        request,
        "learner.html",
        area="office",
        page=facts,
        name=name,
    )


def routes(context: Context) -> Router:
    return SHELL.router(
        (
            get_office,
            get_office_offering,
            get_office_course,
            get_office_learners,
            get_office_learner,
            *forms.HANDLERS,
        ),
        {"pool": context.pool, "names": context.personal_name},
        before_request=own_writes(context.pool, MODELS),
    )
