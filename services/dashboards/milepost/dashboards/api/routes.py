"""The routes of the dashboards, at `/dashboards`. They read, and change nothing."""

from dataclasses import dataclass

import asyncpg
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from milepost.dashboards.api import lists
from milepost.dashboards.api.conventions import (
    NOT_STAFF,
    NOT_YOUR_OWN,
    STAFF,
    Call,
    PathKey,
    Pool,
    read_at,
    respond,
    shown,
)
from milepost.dashboards.api.views import LearnerPage, OfferingPage, OperationsPage
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.queries import listings
from milepost.dashboards.queries.consistent_read import ByKey
from milepost.dashboards.read_models import FUNNELS, READ_MODELS
from milepost.events.event import Unknown
from milepost.web.auth.tokens import RoleMissing
from milepost.web.requests.positions import awaited_position


@dataclass
class UnknownOffering(Unknown):
    offering: str


@get(
    "/learners/{learner:str}",
    summary="A learner's enrollments and credentials",
    answers=shown(NOT_YOUR_OWN),
)
async def get_learner(
    request: Call, learner: PathKey, learners: NamedDependency[ByKey]
) -> Response[LearnerPage]:
    """Empty for a learner of whom nothing has happened. The learner themselves, or staff."""
    request.user.may_act_for(learner, *STAFF)
    awaited = awaited_position(request)
    found = await learners.read(request.user.tenant, learner, awaited=awaited)
    enrollments, credentials = found.rows
    page = LearnerPage(
        position=found.position,
        as_of=found.as_of,
        learner=learner,
        enrollments=enrollments,
        credentials=credentials,
    )
    return respond(request, page, found)


@get(
    "/offerings/{offering:str}",
    summary="An offering's funnel",
    answers=shown(NOT_STAFF, UnknownOffering("data-spring")),
)
async def get_offering(request: Call, offering: PathKey, pool: Pool) -> Response[OfferingPage]:
    """Roles: instructor, registrar, issuer, operator, service."""
    request.user.require(*STAFF)
    found = await read_at(request, pool, FUNNELS, (listings.OFFERING,), offering)
    if not found.rows[0]:
        raise UnknownOffering(offering)
    page = OfferingPage(position=found.position, as_of=found.as_of, offering=found.rows[0][0])
    return respond(request, page, found)


@get(
    "/operations",
    summary="The log's head, and how far the read models are behind it",
    answers=shown(RoleMissing(("operator", "service"))),
)
async def get_operations(request: Call, pool: Pool) -> Response[OperationsPage]:
    """Roles: operator, service."""
    request.user.require("operator", "service")
    found = await read_at(request, pool, READ_MODELS, (listings.HEAD, listings.MODELS))
    heads, models = found.rows
    page = OperationsPage(
        position=found.position,
        as_of=found.as_of,
        head=heads[0].head if heads else 0,
        models=models,
    )
    return respond(request, page, found)


def routes(pool: asyncpg.Pool) -> Router:
    of_learners = (listings.LEARNERS_ENROLLMENTS, listings.LEARNERS_CREDENTIALS)
    learners = ByKey(pool, (LEARNER_OVERVIEW, CREDENTIAL_REGISTRY), of_learners)
    return Router(
        "/dashboards",
        route_handlers=[
            *lists.HANDLERS,
            get_learner,
            get_offering,
            get_operations,
        ],
        dependencies={
            "pool": Provide(lambda: pool, sync_to_thread=False),
            "learners": Provide(lambda: learners, sync_to_thread=False),
        },
        tags=["dashboards"],
    )
