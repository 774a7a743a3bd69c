"""What became of an issuer's credentials, for who issues."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from milepost.dashboards.api.parameters import Call, Language, Now, PathKey, Pool
from milepost.dashboards.api.responses import read_answers, respond
from milepost.dashboards.queries.issuing.issuers import (
    EndingDay,
    IssuedAchievement,
    IssuedCounts,
    IssuedWeek,
    IssuerListed,
    UnknownIssuer,
    read_issuer,
    read_issuers,
)
from milepost.web.requests.positions import awaited_position

READING = ("issuer", "registrar", "operator", "service", "auditor")


class IssuerFiguresPage(msgspec.Struct, frozen=True, kw_only=True):
    """`achievements`: those with the most awards first, 500 at most. `weeks`: without gaps, this
    one last. `ending`: the days of the next 90 on which something ends.
    """

    position: int
    as_of: datetime | None
    issuer: str
    name: str | None
    total: IssuedCounts
    achievements: list[IssuedAchievement]
    weeks: list[IssuedWeek]
    ending: list[EndingDay]


class IssuersFiguresPage(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    issuers: list[IssuerListed]


@get(
    "/issuers/{issuer:str}",
    summary="An issuer's credentials, counted",
    answers=read_answers(UnknownIssuer("school")),
    roles=READING,
)
async def get_issuer_figures(
    request: Call,
    issuer: PathKey,
    pool: Pool,
    now: Now,
    *,
    weeks: Annotated[int, QueryParameter(ge=1, le=260, description="The last ones")] = 26,
    language: Language = None,
) -> Response[IssuerFiguresPage]:
    """Awarded, accepted, ending soon, expired, suspended, revoked: now, and by week.

    Roles: issuer, registrar, operator, service, auditor.
    """
    found = await read_issuer(
        pool,
        request.user.tenant,
        issuer,
        weeks=weeks,
        language=language,
        now=now,
        awaited=awaited_position(request),
    )
    page = IssuerFiguresPage(
        position=found.position,
        as_of=found.as_of,
        issuer=found.issuer,
        name=found.name,
        total=found.total,
        achievements=found.achievements,
        weeks=found.weeks,
        ending=found.ending,
    )
    return respond(request, page, found)


@get("/issuers", summary="The issuers, with their awards", answers=read_answers(), roles=READING)
async def list_issuer_figures(request: Call, pool: Pool) -> Response[IssuersFiguresPage]:
    """Those that are defined or have awarded, by code, 500 at most.

    Roles: issuer, registrar, operator, service, auditor.
    """
    found = await read_issuers(pool, request.user.tenant, awaited=awaited_position(request))
    page = IssuersFiguresPage(position=found.position, as_of=found.as_of, issuers=found.issuers)
    return respond(request, page, found)


HANDLERS = (get_issuer_figures, list_issuer_figures)
