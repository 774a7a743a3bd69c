"""The pages of who issues: `/issue` and the register. They read, and change nothing."""

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import asyncpg
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from milepost.contracts.ids import READ_MODEL_KEY
from milepost.dashboards.api.responses import answer_not_visible
from milepost.dashboards.pages.issuing.overview import overview_of
from milepost.dashboards.pages.issuing.register import Asked, read_register
from milepost.dashboards.projections.catalog_achievements import DEFAULT_ISSUER
from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.dashboards.queries.issuing.issuers import read_issuer, read_issuers
from milepost.dashboards.queries.lists.credentials import (
    CredentialsQuery,
    CredentialStatus,
    read_credentials,
)
from milepost.events.integrity.results import read_integrity
from milepost.pages.shell import PageRequest, Shell
from milepost.web.requests.positions import awaited_position

SHELL: Final = Shell(Path(__file__).parent)
ROLES: Final = ("issuer", "registrar", "operator", "auditor")
WEEKS: Final = 26
LATEST: Final = 8

Pool: TypeAlias = NamedDependency[asyncpg.Pool]
# What a field of a form that was left empty sends.
Wanted: TypeAlias = Annotated[str | None, QueryParameter(pattern=rf"^(?![\s\S])|{READ_MODEL_KEY}")]


@get("/issue", opt={"roles": ROLES})
async def get_issue(request: PageRequest, pool: Pool, issuer: Wanted = None) -> Response[bytes]:
    """By week, what ends, what was revoked; of the school's own issuer unless another is named."""
    tenant, locale = request.user.tenant, SHELL.locale(request)
    known = await read_issuers(pool, tenant)
    code = issuer or _usual([one.issuer for one in known.issuers if one.awarded])
    awaited, language = awaited_position(request), locale.language
    figures = await read_issuer(pool, tenant, code, weeks=WEEKS, language=language, awaited=awaited)
    ended = CredentialsQuery(issuer=code, status="revoked", limit=LATEST, language=language)
    flagged = CredentialsQuery(issuer=code, flagged=True, limit=LATEST, language=language)
    return SHELL.render(
        request,
        "issue.html",
        area="issue",
        tab="overview",
        topics=(f"issuer/{code}",),
        figures=figures,
        issuers=known.issuers,
        integrity=await read_integrity(pool, tenant),
        view=overview_of(figures, locale),
        revoked=(await read_credentials(pool, tenant, ended)).rows,
        flagged=(await read_credentials(pool, tenant, flagged)).rows,
    )


@get("/issue/register", opt={"roles": ROLES})
async def get_register(
    request: PageRequest,
    pool: Pool,
    *,
    learner: Wanted = None,
    achievement: Wanted = None,
    issuer: Wanted = None,
    status: Annotated[CredentialStatus | Literal[""] | None, QueryParameter()] = None,
    flagged: Annotated[Literal["", "true", "false"] | None, QueryParameter()] = None,
    cursor: Annotated[
        str | None, QueryParameter(pattern=r"^[A-Za-z0-9_=-]{1,2000}(?![\s\S])")
    ] = None,
) -> Response[bytes]:
    """The latest award first."""
    asked = Asked(
        learner=learner or None,
        achievement=achievement or None,
        issuer=issuer or None,
        status=status or None,
        flagged=None if not flagged else flagged == "true",
    )
    locale = SHELL.locale(request)
    register = await read_register(
        pool,
        request.user.tenant,
        asked,
        cursor=cursor,
        language=locale.language,
        awaited=awaited_position(request),
    )
    return SHELL.render(
        request,
        "register.html",
        area="issue",
        tab="register",
        topics=(f"issuer/{asked.issuer}",) if asked.issuer else ("school",),
        register=register,
    )


def _usual(awarding: list[str]) -> str:
    """The only one that has awarded; else the one that every school has."""
    return awarding[0] if len(awarding) == 1 else DEFAULT_ISSUER


HANDLERS: Final[tuple[HTTPRouteHandler, ...]] = (get_issue, get_register)


def router(pool: asyncpg.Pool) -> Router:
    return SHELL.router(
        HANDLERS, {"pool": pool}, exception_handlers={NotVisibleYet: answer_not_visible}
    )
