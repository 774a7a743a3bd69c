"""Pages of groups: `/sponsor` for their staff, `/office/groups` for the registrar."""

from pathlib import Path
from typing import Annotated, Final, TypeAlias, get_args

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from milepost.contracts.groups.group import GroupKind
from milepost.dashboards.api.parameters import After, Filter, PathKey
from milepost.dashboards.api.responses import answer_not_visible
from milepost.dashboards.live.topics import MOST
from milepost.dashboards.pages.groups.access import Access
from milepost.dashboards.pages.groups.roster import STAGES, Asked, group_screen
from milepost.dashboards.pages.own_writes import own_writes
from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.dashboards.queries.groups.groups import (
    GROUP_LIST,
    GroupsQuery,
    GroupStatus,
    read_own_groups,
)
from milepost.dashboards.queries.groups.members import MemberStage, read_member
from milepost.dashboards.queries.groups.risk import members_page, read_group_risk
from milepost.dashboards.queries.groups.standing import MODELS
from milepost.dashboards.queries.lists.listing import read_page
from milepost.pages.locales import Locale
from milepost.pages.shell import PageRequest, Shell
from milepost.web.auth.own_groups import own_groups
from milepost.web.room import Context

OFFICE: Final = ("registrar",)
OWN: Final = 100
AT_RISK: Final = 50
SHELL: Final = Shell(Path(__file__).parent)
Groups: TypeAlias = NamedDependency[Access]
Stage: TypeAlias = Annotated[MemberStage | None, QueryParameter()]
Status: TypeAlias = Annotated[GroupStatus | None, QueryParameter()]


@get("/sponsor")
async def get_sponsor_page(request: PageRequest, access: Groups) -> Response[bytes]:
    """The groups that the caller is staff of; whoever is signed in may ask."""
    caller = request.user
    known = await read_own_groups(access.pool, caller.tenant, caller.subject)
    own = tuple(await own_groups(access.transactor, caller, known))
    query = GroupsQuery(own=own, limit=OWN, sort="name")
    page = await read_page(access.pool, caller.tenant, GROUP_LIST, query)
    topics = [f"group/{one.group}" for one in page.rows][:MOST]
    return SHELL.render(request, "sponsor.html", area="sponsor", topics=topics, page=page)


@get("/sponsor/groups/{group:str}")
async def get_sponsor_group(
    request: PageRequest,
    group: PathKey,
    access: Groups,
    *,
    stage: Stage = None,
    course: Filter = None,
    cursor: After = None,
) -> Response[bytes]:
    """How a group stands; its staff's, by the log. Raises `UnknownGroup`."""
    asked = Asked(stage=stage, course=course, cursor=cursor)
    screen = await group_screen(access, request.user, group, asked, SHELL.locale(request))
    return SHELL.render(
        request,
        "group.html",
        area="sponsor",
        topics=(f"group/{group}",),
        view=screen,
        stages=STAGES,
    )


@get("/sponsor/groups/{group:str}/at-risk")
async def get_sponsor_risk(
    request: PageRequest, group: PathKey, access: Groups, cursor: After = None
) -> Response[bytes]:
    """Who is at risk: a part of its own, for it takes longer. Raises `UnknownGroup`,
    `CursorUnknown`.
    """
    caller = request.user
    staff = await access.staff(caller, group)
    found = await read_group_risk(
        access.pool,
        caller.tenant,
        group,
        now=access.clock(),
        language=SHELL.locale(request).language,
    )
    page = members_page(found.members, AT_RISK, cursor)
    names = await access.names(caller, staff, [one.learner for one in page.rows])
    return SHELL.render(
        request,
        "at_risk.html",
        area="sponsor",
        topics=(f"group/{group}",),
        group=group,
        view=found,
        page=page,
        cursor=cursor,
        names=names,
    )


@get("/sponsor/groups/{group:str}/members/{learner:str}")
async def get_sponsor_member(
    request: PageRequest, group: PathKey, learner: PathKey, access: Groups
) -> Response[bytes]:
    """One member, as far as staff are told. Raises `UnknownGroup`, `UnknownMember`."""
    caller = request.user
    staff = await access.staff(caller, group)
    language = SHELL.locale(request).language
    found = await read_member(access.pool, caller.tenant, group, learner, language=language)
    names = await access.names(caller, staff, [learner])
    return SHELL.render(
        request,
        "member.html",
        area="sponsor",
        topics=(f"group/{group}",),
        view=found,
        name=names.get(learner),
    )


@get("/office/groups", roles=OFFICE)
async def get_office_groups(
    request: PageRequest, access: Groups, status: Status = None, cursor: After = None
) -> Response[bytes]:
    query = GroupsQuery(status=status, cursor=cursor, sort="name")
    page = await read_page(access.pool, request.user.tenant, GROUP_LIST, query)
    return SHELL.render(
        request,
        "groups.html",
        area="office",
        topics=("school",),
        page=page,
        chosen=status,
        cursor=cursor,
        statuses=get_args(GroupStatus),
        kinds=_kinds(SHELL.locale(request)),
    )


@get("/office/groups/{group:str}", roles=OFFICE)
async def get_office_group(
    request: PageRequest,
    group: PathKey,
    access: Groups,
    *,
    stage: Stage = None,
    course: Filter = None,
    cursor: After = None,
) -> Response[bytes]:
    """What a group is, its members and staff, and what may change of it. Raises `UnknownGroup`."""
    asked = Asked(stage=stage, course=course, cursor=cursor)
    screen = await group_screen(access, request.user, group, asked, SHELL.locale(request))
    return SHELL.render(
        request,
        "office_group.html",
        area="office",
        topics=(f"group/{group}",),
        view=screen,
        stages=STAGES,
        kinds=_kinds(SHELL.locale(request)),
    )


def routes(context: Context) -> Router:
    return SHELL.router(
        (
            get_sponsor_page,
            get_sponsor_group,
            get_sponsor_risk,
            get_sponsor_member,
            get_office_groups,
            get_office_group,
        ),
        {"access": Access(context)},
        exception_handlers={NotVisibleYet: answer_not_visible},
        before_request=own_writes(context.pool, MODELS),
    )


def _kinds(locale: Locale) -> list[tuple[str, str]]:
    return [(one, locale.text(f"kind.{one}")) for one in get_args(GroupKind)]
