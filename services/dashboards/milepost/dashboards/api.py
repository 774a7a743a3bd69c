"""The routes of the dashboards, at `/dashboards`. They read, and change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import asyncpg
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter

from milepost.dashboards import queries
from milepost.dashboards.paging import After, Cursor, CursorUnknown, Limit, Order, cursor_from
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries import OfferingSort
from milepost.dashboards.read_models import READ_MODELS
from milepost.dashboards.reading import BeyondTheLog, NotVisibleYet, Query, Seen, read
from milepost.dashboards.views import (
    CredentialsPage,
    CredentialStatus,
    LearnerPage,
    OfferingPage,
    OfferingsPage,
    OperationsPage,
)
from milepost.events.event import Unknown
from milepost.events.projection import ReadModel
from milepost.process.answers import AWAITED_POSITION, POSITION, Answers
from milepost.process.requests import awaited_position, positioned
from milepost.process.tokens import Caller, NotYourOwn, RoleMissing

STAFF = ("instructor", "registrar", "issuer", "operator", "service")
# No control characters: Postgres has no NUL, and nobody should read the others.
_KEY = r"^[^\x00-\x1f\x7f]{1,255}(?![\s\S])"

Call: TypeAlias = Request[Caller, None, State]
Pool: TypeAlias = NamedDependency[asyncpg.Pool]
PathKey: TypeAlias = Annotated[str, PathParameter(pattern=_KEY)]
Filter: TypeAlias = Annotated[str | None, QueryParameter(pattern=_KEY)]


@dataclass
class UnknownOffering(Unknown):
    offering: str


NOT_STAFF = RoleMissing(STAFF)
NOT_YOUR_OWN = NotYourOwn("learner-4711", STAFF)
CURSOR_UNKNOWN = CursorUnknown("position", "desc")


def shown(*refusals: Exception) -> Answers:
    """A read that can wait for a position, and says the one it is true for."""
    return Answers(
        refusals=(*refusals, NotVisibleYet(4711, 4709), BeyondTheLog(9999, 4711)),
        asks=(AWAITED_POSITION,),
        tells=(POSITION,),
    )


@get(
    "/learners/{learner:str}",
    summary="A learner's enrollments and credentials",
    answers=shown(NOT_YOUR_OWN),
)
async def get_learner(request: Call, learner: PathKey, pool: Pool) -> Response[LearnerPage]:
    """Empty for a learner of whom nothing has happened. The learner themselves, or staff."""
    request.user.may_act_for(learner, *STAFF)
    asked = (queries.LEARNERS_ENROLLMENTS, queries.LEARNERS_CREDENTIALS)
    seen = await _seen(request, pool, (LEARNER_OVERVIEW, CREDENTIAL_REGISTRY), asked, learner)
    enrollments, credentials = seen.rows
    page = LearnerPage(
        position=seen.position,
        as_of=seen.as_of,
        learner=learner,
        enrollments=enrollments,
        credentials=credentials,
    )
    return positioned(page, seen.position)


@get(
    "/offerings", summary="Offerings, with their funnels", answers=shown(NOT_STAFF, CURSOR_UNKNOWN)
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
    after = cursor_from(cursor, sort, order)
    query, arguments = queries.offerings(sort, order, after, _given(course=course))
    seen = await _seen(request, pool, (OFFERING_SUMMARY,), (query,), limit + 1, *arguments)
    rows, last = _cut(seen, limit)
    value = 0 if sort == "offering" or last is None else getattr(last, sort)
    page = OfferingsPage(
        position=seen.position,
        as_of=seen.as_of,
        next=str(Cursor(sort, order, value, last.offering)) if last else None,
        offerings=rows,
    )
    return positioned(page, seen.position)


@get(
    "/offerings/{offering:str}",
    summary="An offering's funnel",
    answers=shown(NOT_STAFF, UnknownOffering("data-spring")),
)
async def get_offering(request: Call, offering: PathKey, pool: Pool) -> Response[OfferingPage]:
    """Roles: instructor, registrar, issuer, operator, service."""
    request.user.require(*STAFF)
    seen = await _seen(request, pool, (OFFERING_SUMMARY,), (queries.OFFERING,), offering)
    if not seen.rows[0]:
        raise UnknownOffering(offering)
    page = OfferingPage(position=seen.position, as_of=seen.as_of, offering=seen.rows[0][0])
    return positioned(page, seen.position)


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
    after = cursor_from(cursor, "position", order)
    equal = _given(
        learner=learner, achievement=achievement, course=course, offering=offering, status=status
    )
    query, arguments = queries.credentials(order, after, equal)
    seen = await _seen(request, pool, (CREDENTIAL_REGISTRY,), (query,), limit + 1, *arguments)
    rows, last = _cut(seen, limit)
    page = CredentialsPage(
        position=seen.position,
        as_of=seen.as_of,
        next=str(Cursor("position", order, last.position, last.credential)) if last else None,
        credentials=rows,
    )
    return positioned(page, seen.position)


@get(
    "/operations",
    summary="The log's head, and how far the read models are behind it",
    answers=shown(RoleMissing(("operator", "service"))),
)
async def get_operations(request: Call, pool: Pool) -> Response[OperationsPage]:
    """Roles: operator, service."""
    request.user.require("operator", "service")
    seen = await _seen(request, pool, READ_MODELS, (queries.HEAD, queries.MODELS))
    heads, models = seen.rows
    page = OperationsPage(
        position=seen.position, as_of=seen.as_of, head=heads[0].head if heads else 0, models=models
    )
    return positioned(page, seen.position)


async def _seen(
    request: Call,
    pool: asyncpg.Pool,
    models: Sequence[ReadModel],
    asked: Sequence[Query],
    *arguments: object,
) -> Seen:
    awaited = awaited_position(request)
    return await read(pool, request.user.tenant, models, asked, *arguments, awaited=awaited)


def _given(**filters: str | None) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}


def _cut(seen: Seen, limit: int) -> tuple[list[Any], Any]:
    """The page, of which one row more was read; its last row, if the next page is not empty."""
    rows = seen.rows[0]
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None


def routes(pool: asyncpg.Pool) -> Router:
    return Router(
        "/dashboards",
        route_handlers=[
            get_learner,
            list_offerings,
            get_offering,
            list_credentials,
            get_operations,
        ],
        dependencies={"pool": Provide(lambda: pool, sync_to_thread=False)},
        tags=["dashboards"],
    )
