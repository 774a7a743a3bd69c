"""`/` and `/sign-out`: where everybody begins and ends."""

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import structlog
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from milepost.operations.sign_in.ended_sessions import EndedSessions
from milepost.operations.sign_in.provider import Provider, ProviderAway
from milepost.pages.navigation import home_of
from milepost.pages.shell import PageRequest, Shell
from milepost.web.auth.session import SessionEnds
from milepost.web.auth.session_cookie import CrossSiteRequest, SessionCookie
from milepost.web.auth.signed_out import VISITOR
from milepost.web.auth.tokens import Caller

SHELL: Final = Shell(Path(__file__).parent)
# For everybody; who is signed in is known all the same.
OPEN: Final = {"public": True, VISITOR: True}
MAX_FORM_BYTES: Final = 8_192

_log = structlog.get_logger()


def front_page() -> HTTPRouteHandler:
    @get("/", opt=OPEN)
    async def get_front_page(request: PageRequest) -> Response[bytes]:
        caller: Caller | None = request.scope["user"]
        if caller is None:
            return SHELL.render(request, "front.html")
        if home := home_of(caller.roles):
            return redirect(home)
        return SHELL.render(request, "no_role.html")

    return get_front_page


def sign_out_route(
    cookie: SessionCookie, ended: EndedSessions, provider: Provider | None
) -> HTTPRouteHandler:
    @post("/sign-out", opt=OPEN, status_code=303)
    async def sign_out(request: PageRequest) -> Response[bytes]:
        """Also without a script: it is a form, and its proof is a field."""
        cookie.require_own_page(dict(request.scope["headers"]))
        caller: Caller | None = request.scope["user"]
        if caller is not None:
            given = first(fields_of(await request.body()), "csrf")
            if not hmac.compare_digest(given.encode(), caller.csrf.encode()):
                raise CrossSiteRequest("The field `csrf` is not that of this session.")
            await ended.end(SessionEnds(caller.session, caller.expires_at))
            _log.info("signed_out", tenant=caller.tenant)
        there = await _provider_too(provider, cookie) if provider and caller else None
        if there is None:
            return redirect("/", cookie.clear())
        # No redirect: a browser holds those of a form against the page's `form-action`.
        answer = SHELL.render(
            request, "leaving.html", there=there, headers={"Refresh": f"0; url={there}"}
        )
        answer.set_cookie(cookie.clear())
        return answer

    return sign_out


def redirect(path: str, *cookies: Cookie) -> Response[bytes]:
    """303, kept by nobody."""
    headers = {"Location": path, "Cache-Control": "private, no-store", "Vary": "Cookie"}
    return Response(b"", status_code=303, headers=headers, cookies=cookies)


def fields_of(body: bytes) -> dict[str, list[str]]:
    """The values of each field; nothing of what is no form."""
    if len(body) > MAX_FORM_BYTES:
        return {}
    try:
        return parse_qs(body.decode(), max_num_fields=20)
    except ValueError:
        return {}


def first(fields: Mapping[str, list[str]], name: str, otherwise: str = "") -> str:
    return fields.get(name, [otherwise])[0]


async def _provider_too(provider: Provider, cookie: SessionCookie) -> str | None:
    """OpenID Connect RP-Initiated Logout 1.0; None where the provider has none, or is away."""
    try:
        address = (await provider.metadata()).end_session_endpoint
    except ProviderAway:
        return None
    if not address:
        return None
    query = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": cookie.home})
    return f"{address}{'&' if urlsplit(address).query else '?'}{query}"
