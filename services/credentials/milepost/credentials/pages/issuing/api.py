"""Pages of who issues: `/issue/achievements`, a credential of `/issue/register`, `/issue/keys`.

They only read; their forms are commands of the API.
"""

from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from milepost.credentials.api.wire import KnownAchievement, KnownLearner, PathCredential
from milepost.credentials.api.wiring import ISSUING
from milepost.credentials.issuers.api import KEY_HOLDING
from milepost.credentials.pages.issuing.achievements import (
    change_of,
    list_achievements,
    one_achievement,
)
from milepost.credentials.pages.issuing.credential import one_credential
from milepost.credentials.pages.issuing.keys import list_issuers
from milepost.credentials.pages.issuing.wiring import SHELL, Issuance
from milepost.credentials.queries.impact import ImpactCursor
from milepost.pages.shell import PageRequest

ROLES: Final = ("issuer", "registrar", "operator", "auditor")
MOST_NUMBERS: Final = 256

Wiring: TypeAlias = NamedDependency[Issuance]
Count = Annotated[int | None, QueryParameter(ge=0, le=2**53)]


@get("/issue/achievements", roles=ROLES)
async def get_achievements(request: PageRequest, wiring: Wiring) -> Response[bytes]:
    language = SHELL.locale(request).language
    listed = await list_achievements(wiring, request.user.tenant, language)
    return _page(request, "achievements.html", "achievements", achievements=listed)


@get("/issue/achievements/{achievement:str}", roles=ROLES)
async def get_achievement_page(
    request: PageRequest, achievement: KnownAchievement, wiring: Wiring
) -> Response[bytes]:
    language = SHELL.locale(request).language
    one = await one_achievement(wiring, request.user.tenant, achievement, language)
    return _page(request, "achievement.html", "achievements", one=one, view=one.view)


@get("/issue/achievements/{achievement:str}/impact", roles=ISSUING)
async def get_impact_page(
    request: PageRequest,
    achievement: KnownAchievement,
    wiring: Wiring,
    *,
    number: Annotated[
        list[float] | None, QueryParameter(max_items=MOST_NUMBERS, description="Thresholds")
    ] = None,
    after: Count = None,
    position: Count = None,
) -> Response[bytes]:
    """Of other numbers in the criteria; without any, of what is defined now."""
    tenant, language = request.user.tenant, SHELL.locale(request).language
    one = await one_achievement(wiring, tenant, achievement, language)
    cursor = None
    if after is not None and position is not None:
        cursor = ImpactCursor(after=min(after, 2**32), position=position)
    change = await change_of(wiring, tenant, one, number, cursor, language=language)
    facts: dict[str, Any] = {"one": one, "view": one.view, "change": change}
    return _page(request, "impact.html", "achievements", **facts)


@get("/issue/register/{learner:str}/{credential:str}", roles=ROLES)
async def get_credential_of_register(
    request: PageRequest, learner: KnownLearner, credential: PathCredential, wiring: Wiring
) -> Response[bytes]:
    tenant, language = request.user.tenant, SHELL.locale(request).language
    one = await one_credential(wiring, tenant, learner, credential, language)
    topics = (f"learner/{learner}",)
    return _page(request, "issued_credential.html", "register", one=one, topics=topics)


@get("/issue/keys", roles=ROLES)
async def get_keys(request: PageRequest, wiring: Wiring) -> Response[bytes]:
    issuers = await list_issuers(wiring, request.user.tenant)
    holds_keys = not request.user.roles.isdisjoint(KEY_HOLDING)
    return _page(request, "keys.html", "keys", issuers=issuers, holds_keys=holds_keys)


def _page(request: PageRequest, template: str, tab: str, **facts: Any) -> Response[bytes]:
    """`may_change`: whether the API would take this person's commands."""
    may_change = not request.user.roles.isdisjoint(ISSUING)
    return SHELL.render(request, template, area="issue", tab=tab, may_change=may_change, **facts)


def router(wiring: Issuance) -> Router:
    handlers = [
        get_achievements,
        get_achievement_page,
        get_impact_page,
        get_credential_of_register,
        get_keys,
    ]
    return SHELL.router(handlers, {"wiring": wiring})
