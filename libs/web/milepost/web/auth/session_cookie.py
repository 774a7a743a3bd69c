"""The cookie of a session, and who may change something with it.

    address                name                 why
    ---------------------  -------------------  ------------------------------------------------
    https, or not known    `__Host-milepost`    no sub-domain and no plain page can set it
    http on this machine   `milepost-8400`      Safari keeps no secure cookie of plain localhost;
                                                by port: a browser shares cookies among ports

A browser sends a cookie whoever asked, so a change takes two proofs more: that a page of this
origin asked, as the browser says, and the session's `csrf` value, which only our pages can read.
"""

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from litestar.datastructures import Cookie
from litestar.types import HTTPScope

from milepost.web.auth.session import Sessions
from milepost.web.auth.tokens import Caller
from milepost.web.problems import NotAuthenticated, Problem, RequestFault
from milepost.web.requests.allowed_roles import SAFE_METHODS
from milepost.web.settings import Settings

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_COOKIE_BYTES: Final = 16_384
CSRF: Final = b"milepost-csrf"


class CrossSiteRequest(RequestFault):
    """It came with a cookie, but not, as far as the browser tells, from a page of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def problem(self) -> Problem:
        return Problem(
            status=403,
            name="cross_site_request",
            title="Cross-site request",
            detail=f"{self.reason} Nothing was done. Load the page again, or send a token.",
        )


class SessionCookie:
    """Reads the cookie of requests, and writes it into answers."""

    def __init__(self, settings: Settings, sessions: Sessions | None = None) -> None:
        address = urlsplit(settings.public_origin)
        self.secure = address.scheme == "https" or address.hostname not in LOOPBACK
        self.name = "__Host-milepost" if self.secure else f"milepost-{address.port or 80}"
        self.sessions = sessions or Sessions(settings)
        self.home = f"{settings.public_origin}/"
        self._origin = settings.public_url.encode()

    def caller(self, scope: HTTPScope, headers: Mapping[bytes, bytes]) -> Caller | None:
        """Whose session it is; None without one. Raises `NotAuthenticated`, `CrossSiteRequest`."""
        token = self._value(scope)
        if token is None:
            return None
        caller = self.sessions.read(token)
        if scope["method"] not in SAFE_METHODS:
            self.require_own_page(headers)
            if not hmac.compare_digest(headers.get(CSRF, b""), caller.csrf.encode()):
                raise CrossSiteRequest("The header Milepost-CSRF is not that of this session.")
        return caller

    def visitor(self, scope: HTTPScope) -> Caller | None:
        """For what is shown to everybody: None also when the session has ended."""
        token = self._value(scope)
        try:
            return None if token is None else self.sessions.read(token)
        except NotAuthenticated:
            return None

    def require_own_page(self, headers: Mapping[bytes, bytes]) -> None:
        """That a page of this origin has sent a request. Raises `CrossSiteRequest`."""
        site = headers.get(b"sec-fetch-site")
        if site == b"same-origin":
            return
        if site not in {None, b"none"}:
            raise CrossSiteRequest("Another site's page sent this.")
        origin = headers.get(b"origin")
        if origin is None or not self._is_ours(origin, headers.get(b"host", b"")):
            raise CrossSiteRequest("Nothing says that a page of this site sent this.")

    def set(self, token: str) -> Cookie:
        """That of a session: gone with the browser, if not before."""
        return self.kept(self.name, token)

    def clear(self) -> Cookie:
        return self.kept(self.name, "", 0)

    def kept(self, name: str, value: str, seconds: int | None = None) -> Cookie:
        """Any that only the server reads. Lax: a link from elsewhere finds who follows it known."""
        return Cookie(
            key=name,
            value=value,
            max_age=seconds,
            path="/",
            httponly=True,
            secure=self.secure,
            samesite="lax",
        )

    def _value(self, scope: HTTPScope) -> str | None:
        return cookie_value(scope, self.name)

    def _is_ours(self, origin: bytes, host: bytes) -> bool:
        if self._origin:
            return origin == self._origin
        scheme = b"https://" if self.secure else b"http://"
        return bool(host) and origin == scheme + host


def cookie_value(scope: HTTPScope, name: str) -> str | None:
    """None without it; a name that comes twice is believed in neither place."""
    start = f"{name}="
    lines = (value for key, value in scope["headers"] if key == b"cookie")
    text = b"; ".join(lines)[: MAX_COOKIE_BYTES + 1].decode("latin-1")
    if len(text) > MAX_COOKIE_BYTES:
        return None
    found = [
        part[len(start) :] for one in text.split(";") if (part := one.strip()).startswith(start)
    ]
    return found[0] or None if len(found) == 1 else None
