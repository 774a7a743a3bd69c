"""Wiring of `/`, `/sign-in` and `/sign-out`: by a provider, for development, or not at all."""

import asyncpg
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from milepost.operations.sign_in import development, openid
from milepost.operations.sign_in.ended_sessions import EndedSessions
from milepost.operations.sign_in.front import OPEN, SHELL, front_page, sign_out_route
from milepost.operations.sign_in.people import Schools
from milepost.operations.sign_in.provider import Provider
from milepost.operations.sign_in.rules import TOKENS, Rules, front_ends, why_not
from milepost.pages.shell import PageRequest
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.room import Service
from milepost.web.settings import SettingInvalid, Settings


def service(
    settings: Settings,
    pool: asyncpg.Pool,
    cookie: SessionCookie,
    *,
    develops: str = "",
    rules: Rules | None = None,
) -> Service:
    """`develops`: that `milepost up` has it here; `tokens`: for front ends, too.

    Raises `SettingInvalid` where it must not be.
    """
    provider = Provider(settings) if settings.sign_in_client_id and not develops else None
    ended = EndedSessions(pool, cookie.sessions)
    handlers: tuple[HTTPRouteHandler, ...]
    if develops:
        handlers = development.routes(
            _development(settings, pool, cookie, rules or Rules(), develops)
        )
    elif provider:
        handlers = openid.routes(openid.OpenId(settings, cookie, provider))
    else:
        handlers = (_without_sign_in(),)
    routes = SHELL.router([front_page(), sign_out_route(cookie, ended, provider), *handlers])
    return Service(name="sign_in", routes=(routes,))


def _development(
    settings: Settings, pool: asyncpg.Pool, cookie: SessionCookie, rules: Rules, develops: str
) -> development.Development:
    if why := why_not(settings):
        raise SettingInvalid(f"milepost up --sign-in: {why}")
    issuer = DevelopmentIssuer(settings.data_dir, audience=settings.token_audience)
    registered = front_ends(settings) if develops == TOKENS else None
    return development.Development(issuer, cookie, Schools(pool), rules, registered)


def _without_sign_in() -> HTTPRouteHandler:
    @get("/sign-in", opt=OPEN)
    async def get_sign_in(request: PageRequest) -> Response[bytes]:
        return SHELL.render(request, "no_sign_in.html", status=501)

    return get_sign_in
