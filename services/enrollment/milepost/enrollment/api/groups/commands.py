"""Groups: create, change, archive, read; who is their staff."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from milepost.contracts.groups.group import GROUP, GroupEvent
from milepost.enrollment.api.groups.wire import (
    GROUP_ALREADY_ARCHIVED,
    GROUP_ALREADY_EXISTS,
    TOO_MANY_STAFF,
    UNKNOWN_GROUP,
    DescribeGroup,
    GroupPath,
    GroupView,
    StaffView,
    view_after,
    view_of,
)
from milepost.enrollment.api.instructors import SUBJECT
from milepost.enrollment.api.wiring import ENROLLERS, NOW, When, Wiring
from milepost.enrollment.domain import group as domain
from milepost.web.auth.own_groups import GROUP_READERS
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.positions import created, positioned
from milepost.web.requests.times import occurred

StaffPath = Annotated[
    str,
    PathParameter(
        pattern=SUBJECT,
        description="The subject of their tokens, percent-encoded; it has no `/`",
    ),
]


@put(
    "/groups/{group:str}",
    status_code=201,
    summary="Create a group",
    description="A cohort, a company's contract, a class. 200 instead of 201 when it is there "
    "with these facts; with other facts it stays as it is.",
    answers=command(GROUP_ALREADY_EXISTS, OCCURRED_IN_FUTURE, also=200, creates=True),
    roles=ENROLLERS,
    links=("readGroup",),
)
async def create_group(
    request: Call,
    group: GroupPath,
    data: JSONBody[DescribeGroup],
    wiring: NamedDependency[Wiring],
) -> Response[GroupView]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(
        domain.create_group, description=data.description(), group=group, occurred_at=at
    )
    outcome = await run_command(request, wiring.transactor, GROUP.of(group), decide)
    address = ("enrollment", "groups", group)
    view = view_after(group, outcome)
    return created(view, outcome.position, address, new=bool(outcome.events))


@post(
    "/groups/{group:str}/change",
    status_code=200,
    summary="Change a group",
    description="Its name, kind and courses, as they are from now on.",
    answers=command(UNKNOWN_GROUP, GROUP_ALREADY_ARCHIVED, OCCURRED_IN_FUTURE),
    roles=ENROLLERS,
)
async def change_group(
    request: Call,
    group: GroupPath,
    data: JSONBody[DescribeGroup],
    wiring: NamedDependency[Wiring],
) -> Response[GroupView]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(
        domain.change_group, description=data.description(), group=group, occurred_at=at
    )
    outcome = await run_command(request, wiring.transactor, GROUP.of(group), decide)
    return positioned(view_after(group, outcome), outcome.position)


@post(
    "/groups/{group:str}/archive",
    status_code=200,
    summary="Archive a group",
    description="Its staff see it no longer, with their next request, and nothing of it changes "
    "any more; the registrar still sees it. Repeating it does nothing.",
    answers=command(UNKNOWN_GROUP, OCCURRED_IN_FUTURE),
    roles=ENROLLERS,
)
async def archive_group(
    request: Call,
    group: GroupPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[GroupView]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(domain.archive_group, group=group, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, GROUP.of(group), decide)
    return positioned(view_after(group, outcome), outcome.position)


@put(
    "/groups/{group:str}/staff/{subject:str}",
    status_code=200,
    summary="Assign a group's staff",
    description="Whoever has this subject sees the group and how its members stand, and no other "
    "group; no role is needed for it. Repeating it does nothing.",
    answers=command(UNKNOWN_GROUP, GROUP_ALREADY_ARCHIVED, TOO_MANY_STAFF),
    roles=ENROLLERS,
)
async def assign_group_staff(
    request: Call, group: GroupPath, subject: StaffPath, wiring: NamedDependency[Wiring]
) -> Response[StaffView]:
    return await _change_staff(request, wiring, group, subject, domain.assign_staff)


@delete(
    "/groups/{group:str}/staff/{subject:str}",
    status_code=200,
    summary="Remove one of a group's staff",
    description="Out with their next request. Repeating it does nothing.",
    answers=command(UNKNOWN_GROUP),
    roles=ENROLLERS,
)
async def remove_group_staff(
    request: Call, group: GroupPath, subject: StaffPath, wiring: NamedDependency[Wiring]
) -> Response[StaffView]:
    return await _change_staff(request, wiring, group, subject, domain.remove_staff)


@get(
    "/groups/{group:str}",
    summary="Read a group",
    description="Its facts and its staff. Members: `GET /dashboards/groups/{group}/members`.",
    answers=versioned_query(UNKNOWN_GROUP),
    roles=GROUP_READERS,
)
async def read_group(
    request: Call, group: GroupPath, wiring: NamedDependency[Wiring]
) -> Response[GroupView]:
    version, state = await wiring.transactor.load(request.user.tenant, GROUP.of(group))
    return versioned(request, view_of(group, state), version)


HANDLERS = (
    create_group,
    change_group,
    archive_group,
    assign_group_staff,
    remove_group_staff,
    read_group,
)


async def _change_staff(
    request: Call,
    wiring: Wiring,
    group: str,
    subject: str,
    decide: Callable[..., Sequence[GroupEvent]],
) -> Response[StaffView]:
    decided = partial(decide, group=group, staff=subject, occurred_at=wiring.clock())
    outcome = await run_command(request, wiring.transactor, GROUP.of(group), decided)
    now = subject in outcome.state(GROUP).staff
    view = StaffView(group=group, staff=subject, assigned=now)
    return positioned(view, outcome.position)
