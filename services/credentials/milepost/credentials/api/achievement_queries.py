"""Achievements as they are read: all of them, one, its versions."""

from datetime import datetime
from itertools import islice
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from milepost.contracts.ids import KEY
from milepost.credentials.api.definition_wire import AchievementView
from milepost.credentials.api.wire import KnownAchievement
from milepost.credentials.api.wiring import UNKNOWN_ACHIEVEMENT, Wiring, defined
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.domain.achievements.european import EuropeanReport, european_report
from milepost.credentials.domain.refusals import UnknownAchievementVersion
from milepost.credentials.issuers.issuer import ISSUER
from milepost.web.openapi.documented_answers import query, versioned_query
from milepost.web.requests.commands import Call
from milepost.web.requests.etags import digested, versioned

UNKNOWN_VERSION = UnknownAchievementVersion("data-analyst", 3, 2)


class AchievementLine(msgspec.Struct, frozen=True, kw_only=True):
    achievement: str
    version: int
    retired: bool
    defined_at: datetime
    name: str
    achievement_type: str
    issuer: str | None


class AchievementsPage(msgspec.Struct, frozen=True, kw_only=True):
    """By their codes. `next`: hand it in as `after`; null: these were the last."""

    achievements: tuple[AchievementLine, ...]
    next: str | None


class AchievementVersion(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    defined_at: datetime
    name: str


class AchievementVersions(msgspec.Struct, frozen=True, kw_only=True):
    achievement: str
    retired: bool
    versions: tuple[AchievementVersion, ...]


class EuropeanView(EuropeanReport, frozen=True, kw_only=True):
    """`complete`: no mandatory element is missing. `missing`: those, in the order of the annex."""

    achievement: str
    version: int


@get("/achievements", summary="List the achievements", answers=versioned_query())
async def list_achievements(
    request: Call,
    wiring: NamedDependency[Wiring],
    after: Annotated[
        str, QueryParameter(pattern=rf"^(?![\s\S])|{KEY}", description="`next` of the page before")
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Response[AchievementsPage]:
    """Each as it is defined now, retired ones too.

    Any role.
    """
    catalog = await wiring.achievements.latest(request.user.tenant)
    codes = sorted(code for code in catalog.achievements if code > after)
    lines = tuple(
        AchievementLine(
            achievement=code,
            version=one.version,
            retired=one.retired,
            defined_at=one.defined_at[-1],
            name=one.definition.name,
            achievement_type=one.definition.achievement_type,
            issuer=one.definition.issuer,
        )
        for code in islice(codes, limit)
        for one in (catalog.achievements[code],)
    )
    more = len(codes) > limit
    page = AchievementsPage(achievements=lines, next=codes[limit - 1] if more else None)
    return digested(request, page)


@get(
    "/achievements/{achievement:str}",
    summary="An achievement as it is defined now",
    answers=versioned_query(UNKNOWN_ACHIEVEMENT),
)
async def get_achievement(
    request: Call, achievement: KnownAchievement, wiring: NamedDependency[Wiring]
) -> Response[AchievementView]:
    """Any role."""
    written, state = await defined(request, wiring.transactor, achievement)
    return versioned(request, AchievementView.of(state), written)


@get(
    "/achievements/{achievement:str}/versions",
    summary="List the versions of an achievement",
    answers=versioned_query(UNKNOWN_ACHIEVEMENT),
)
async def list_achievement_versions(
    request: Call, achievement: KnownAchievement, wiring: NamedDependency[Wiring]
) -> Response[AchievementVersions]:
    """All of them, the first one first.

    Any role.
    """
    written, state = await defined(request, wiring.transactor, achievement)
    lines = tuple(
        AchievementVersion(version=number, defined_at=at, name=state.definition_of(number).name)
        for number, at in enumerate(state.defined_at, 1)
    )
    view = AchievementVersions(achievement=achievement, retired=state.retired, versions=lines)
    return versioned(request, view, written)


@get(
    "/achievements/{achievement:str}/versions/{version:int}",
    summary="An achievement as it was defined",
    answers=versioned_query(UNKNOWN_ACHIEVEMENT, UNKNOWN_VERSION),
)
async def get_achievement_version(
    request: Call,
    achievement: KnownAchievement,
    version: Annotated[int, PathParameter(ge=0, le=1_000_000, description="From 1")],
    wiring: NamedDependency[Wiring],
) -> Response[AchievementView]:
    """Credentials keep the version by which they were awarded.

    Any role.
    """
    written, state = await defined(request, wiring.transactor, achievement)
    if not 1 <= version <= state.version:
        raise UnknownAchievementVersion(achievement, version, state.version)
    return versioned(request, AchievementView.of(state, version), written)


@get(
    "/achievements/{achievement:str}/european",
    summary="What is missing for a European micro-credential",
    answers=query(UNKNOWN_ACHIEVEMENT),
)
async def get_european_report(
    request: Call, achievement: KnownAchievement, wiring: NamedDependency[Wiring]
) -> Response[EuropeanView]:
    """Every element of the Council Recommendation of 16 June 2022, Annex I, as the achievement is
    defined now: given, missing, or said by each credential.

    Any role.
    """
    _, state = await defined(request, wiring.transactor, achievement)
    code = state.definition.issuer or DEFAULT_ISSUER
    _, issuer = await wiring.transactor.load(request.user.tenant, ISSUER.of(code))
    country = issuer.profile.country if issuer.profile else None
    report = european_report(state.definition, country)
    return Response(
        EuropeanView(
            achievement=achievement, version=state.version, **msgspec.structs.asdict(report)
        )
    )


HANDLERS = (
    get_european_report,
    list_achievements,
    get_achievement,
    list_achievement_versions,
    get_achievement_version,
)
