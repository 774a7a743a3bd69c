"""The routes of the dashboards, at `/dashboards`. They read, and change nothing."""

from collections.abc import Callable
from datetime import datetime

import asyncpg
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from milepost.dashboards.api import figures, issuers, own_progress, past, search
from milepost.dashboards.api.at_risk import list_at_risk
from milepost.dashboards.api.attainment import routes as attainment
from milepost.dashboards.api.groups import routes as groups
from milepost.dashboards.api.links import links_of_offering
from milepost.dashboards.api.list_answers import Lists
from milepost.dashboards.api.lists import catalog, credentials, enrollments, offerings
from milepost.dashboards.api.parameters import STAFF, Call, PathKey, Pool, limit_of
from milepost.dashboards.api.responses import (
    NOT_YOUR_OWN,
    answer_not_visible,
    read_answers,
    respond,
)
from milepost.dashboards.api.views import LearnerPage, OfferingPage, OperationsPage
from milepost.dashboards.queries.consistent_read import NotVisibleYet, shows
from milepost.dashboards.queries.learner import LearnerReads
from milepost.dashboards.queries.offering import UnknownOffering, read_offering
from milepost.dashboards.queries.offering_page import stages_of
from milepost.dashboards.queries.operations import read_operations
from milepost.dashboards.read_models import READ_MODELS
from milepost.events.commands.transact import Transactor
from milepost.web.answers.settled import SHOWS
from milepost.web.requests.positions import awaited_position


@get(
    "/learners/{learner:str}",
    summary="A learner's enrollments and credentials",
    answers=read_answers(NOT_YOUR_OWN),
)
async def get_learner_overview(
    request: Call, learner: PathKey, learners: NamedDependency[LearnerReads]
) -> Response[LearnerPage]:
    """Empty for a learner of whom nothing has happened. The learner themselves, or staff;
    instructors are shown what is of own offerings.
    """
    caller, awaited = request.user, awaited_position(request)
    caller.may_act_for(learner, *STAFF)
    found = await learners.read(
        caller.tenant, learner, instructor=limit_of(caller, learner), awaited=awaited
    )
    page = LearnerPage(
        position=found.position,
        as_of=found.as_of,
        learner=found.learner,
        enrollments=found.enrollments,
        credentials=found.credentials,
    )
    return respond(request, page, found)


@get(
    "/offerings/{offering:str}",
    summary="An offering's funnel",
    answers=read_answers(UnknownOffering("data-spring")),
    roles=STAFF,
)
async def get_offering_overview(
    request: Call, offering: PathKey, pool: Pool
) -> Response[OfferingPage]:
    """Roles: registrar, issuer, operator, service, auditor; instructor for own offerings."""
    caller, awaited = request.user, awaited_position(request)
    found = await read_offering(
        pool, caller.tenant, offering, instructor=limit_of(caller), awaited=awaited
    )
    page = OfferingPage(
        position=found.position,
        as_of=found.as_of,
        offering=found.offering,
        stages=stages_of(found.offering),
        links=links_of_offering(offering),
    )
    return respond(request, page, found)


@get(
    "/operations",
    summary="The log's head, and how far the read models are behind it",
    answers=read_answers(),
    roles=("operator", "service", "auditor"),
)
async def get_operations(request: Call, pool: Pool) -> Response[OperationsPage]:
    """Roles: operator, service, auditor."""
    awaited = awaited_position(request)
    found = await read_operations(pool, request.user.tenant, awaited=awaited)
    page = OperationsPage(
        position=found.position, as_of=found.as_of, head=found.head, models=found.models
    )
    return respond(request, page, found)


def routes(pool: asyncpg.Pool, transactor: Transactor, clock: Callable[[], datetime]) -> Router:
    learners, list_reads = LearnerReads(pool), Lists(pool)
    group_reads = groups.Groups(pool, transactor)

    async def all_show(tenant: str, position: int, seconds: float) -> bool:
        return await shows(pool, tenant, READ_MODELS, position, seconds)

    return Router(
        "/dashboards",
        route_handlers=[
            *catalog.HANDLERS,
            *enrollments.HANDLERS,
            *offerings.HANDLERS,
            *credentials.HANDLERS,
            *groups.HANDLERS,
            *attainment.HANDLERS,
            *past.HANDLERS,
            list_at_risk,
            *figures.HANDLERS,
            *own_progress.HANDLERS,
            *issuers.HANDLERS,
            *search.HANDLERS,
            get_learner_overview,
            get_offering_overview,
            get_operations,
        ],
        dependencies={
            "groups": Provide(lambda: group_reads, sync_to_thread=False),
            "now": Provide(clock, sync_to_thread=False),
            "pool": Provide(lambda: pool, sync_to_thread=False),
            "lists": Provide(lambda: list_reads, sync_to_thread=False),
            "learners": Provide(lambda: learners, sync_to_thread=False),
        },
        exception_handlers={NotVisibleYet: answer_not_visible},
        opt={SHOWS: all_show},
        tags=["dashboards"],
    )
