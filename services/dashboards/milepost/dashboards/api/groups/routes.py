"""Groups, as their staff and the registrar see them."""

from datetime import datetime
from typing import Annotated, TypeAlias

import asyncpg
import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from milepost.contracts.groups.group import GroupKind
from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    After,
    Call,
    Filter,
    Language,
    Limit,
    Now,
    PathKey,
)
from milepost.dashboards.api.responses import NOT_YOUR_OWN, read_answers, respond
from milepost.dashboards.api.views import ListBody
from milepost.dashboards.queries.groups.group import (
    GroupCourse,
    GroupFigures,
    GroupRates,
    UnknownGroup,
    read_group,
)
from milepost.dashboards.queries.groups.groups import (
    GROUP_LIST,
    GroupListed,
    GroupSort,
    GroupsQuery,
    GroupStatus,
    read_own_groups,
)
from milepost.dashboards.queries.groups.members import (
    GroupMember,
    MemberCourse,
    MemberCredential,
    MemberSort,
    MembersQuery,
    MemberStage,
    UnknownMember,
    members_of,
    read_member,
)
from milepost.dashboards.queries.groups.risk import MemberAtRisk, read_group_risk
from milepost.dashboards.queries.lists.keyset import Order
from milepost.events.commands.transact import Transactor
from milepost.web.auth.own_groups import (
    GROUP_READERS,
    has_group_access,
    own_groups,
    sees_all_groups,
)
from milepost.web.requests.positions import awaited_position

UNKNOWN_GROUP = UnknownGroup("acme-2026")
UNKNOWN_MEMBER = UnknownMember("acme-2026", "learner-4711")


class GroupsPage(ListBody, frozen=True, kw_only=True):
    groups: list[GroupListed]


class GroupPage(msgspec.Struct, frozen=True, kw_only=True):
    """`courses`: those that members are in, most enrolled first, at most 200."""

    position: int
    as_of: datetime | None
    group: GroupListed
    figures: GroupFigures
    rates: GroupRates
    courses: list[GroupCourse]


class MembersPage(ListBody, frozen=True, kw_only=True):
    members: list[GroupMember]


class MemberPage(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    group: str
    learner: str
    added_at: datetime
    enrollments: list[MemberCourse]
    credentials: list[MemberCredential]


class Groups:
    """What the caller may see: staff by what the log says at this moment."""

    def __init__(self, pool: asyncpg.Pool, transactor: Transactor) -> None:
        self.pool = pool
        self._transactor = transactor

    async def require(self, request: Call, group: str) -> None:
        """Raises `UnknownGroup`, whether it is not there or not the caller's."""
        if not await has_group_access(self._transactor, request.user, group):
            raise UnknownGroup(group)

    async def own(self, request: Call, learner: str | None) -> tuple[str, ...] | None:
        """Of which groups the caller is staff; None: they see all, or ask in which they are.

        Raises `NotYourOwn`, `NotVisibleYet`.
        """
        caller = request.user
        if learner is not None:
            caller.may_act_for(learner, *GROUP_READERS)
        if learner is not None or sees_all_groups(caller):
            return None
        awaited = awaited_position(request)
        known = await read_own_groups(self.pool, caller.tenant, caller.subject, awaited=awaited)
        return tuple(await own_groups(self._transactor, caller, known))


GroupReads: TypeAlias = NamedDependency[Groups]


class GroupRiskPage(msgspec.Struct, frozen=True, kw_only=True):
    """`at_risk` of `judged`: members who are in a running offering and have not completed it, each
    counted once. `whole`: all their offerings were judged; else the 20 with most members.
    """

    position: int
    as_of: datetime | None
    group: str
    judged: int
    at_risk: int
    whole: bool
    members: list[MemberAtRisk]


@get("/groups", summary="List groups", answers=list_answers(NOT_YOUR_OWN))
async def list_groups(
    request: Call,
    lists: ListReads,
    groups: GroupReads,
    *,
    sort: Annotated[GroupSort, QueryParameter()] = "group",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    status: Annotated[GroupStatus | None, QueryParameter()] = None,
    kind: Annotated[GroupKind | None, QueryParameter()] = None,
    learner: Filter = None,
    form: Form = None,
) -> Response[GroupsPage]:
    """Any role: those that the caller is staff of. Roles: registrar, operator, service, auditor:
    all. `learner`: the groups that they are in; learners ask for their own.
    """
    query = GroupsQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        status=status,
        kind=kind,
        learner=learner,
        own=await groups.own(request, learner),
    )
    return await lists.answer(request, GROUP_LIST, query, GroupsPage, "groups", form=form)


@get(
    "/groups/{group:str}",
    summary="A group's members, and how far they have come",
    answers=read_answers(UNKNOWN_GROUP),
)
async def get_group(
    request: Call,
    group: PathKey,
    groups: GroupReads,
    language: Language = None,
) -> Response[GroupPage]:
    """Its staff, whatever their roles, by what the log says now; roles: registrar, operator,
    service, auditor.
    """
    await groups.require(request, group)
    awaited = awaited_position(request)
    found = await read_group(
        groups.pool, request.user.tenant, group, language=language, awaited=awaited
    )
    page = GroupPage(
        position=found.position,
        as_of=found.as_of,
        group=found.group,
        figures=found.figures,
        rates=found.rates,
        courses=found.courses,
    )
    return respond(request, page, found)


@get(
    "/groups/{group:str}/members",
    summary="The members behind each of a group's figures",
    answers=list_answers(UNKNOWN_GROUP),
)
async def list_group_members(
    request: Call,
    group: PathKey,
    lists: ListReads,
    groups: GroupReads,
    *,
    sort: Annotated[MemberSort, QueryParameter()] = "learner",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    stage: Annotated[MemberStage | None, QueryParameter()] = None,
    course: Filter = None,
    form: Form = None,
) -> Response[MembersPage]:
    """For whom the group is. `stage`: the members whom that figure counts, in `course` if it is
    asked for. Empty for a group that was created a moment ago.
    """
    await groups.require(request, group)
    query = MembersQuery(
        group=group,
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        stage=stage,
        course=course,
    )
    return await lists.answer(request, members_of(query), query, MembersPage, "members", form=form)


@get(
    "/groups/{group:str}/members/{learner:str}",
    summary="A member's enrollments and credentials, as a group's staff are told",
    answers=read_answers(UNKNOWN_GROUP, UNKNOWN_MEMBER),
)
async def get_group_member(
    request: Call,
    group: PathKey,
    learner: PathKey,
    groups: GroupReads,
    language: Language = None,
) -> Response[MemberPage]:
    """For whom the group is; in the courses that it shows. No grade, no score, no reason."""
    await groups.require(request, group)
    tenant, awaited = request.user.tenant, awaited_position(request)
    found = await read_member(
        groups.pool, tenant, group, learner, language=language, awaited=awaited
    )
    page = MemberPage(
        position=found.position,
        as_of=found.as_of,
        group=group,
        learner=learner,
        added_at=found.added_at,
        enrollments=found.enrollments,
        credentials=found.credentials,
    )
    return respond(request, page, found)


@get(
    "/groups/{group:str}/at-risk",
    summary="Which members of a group are at risk",
    answers=read_answers(UNKNOWN_GROUP),
)
async def get_group_at_risk(
    request: Call, group: PathKey, groups: GroupReads, now: Now, language: Language = None
) -> Response[GroupRiskPage]:
    """For whom the group is; in the courses that it shows, and without the reasons."""
    await groups.require(request, group)
    tenant, awaited = request.user.tenant, awaited_position(request)
    found = await read_group_risk(
        groups.pool, tenant, group, now=now, language=language, awaited=awaited
    )
    page = GroupRiskPage(
        position=found.position,
        as_of=found.as_of,
        group=group,
        judged=found.judged,
        at_risk=found.at_risk,
        whole=found.whole,
        members=found.members,
    )
    return respond(request, page, found)


HANDLERS = (list_groups, get_group, list_group_members, get_group_member, get_group_at_risk)
