"""The authorization request: one sign-in, from a browser's leaving for the provider to its return.

Nothing of it is stored here. The browser keeps a secret in a cookie, `state` carries the rest,
signed, and what only both together give is the PKCE verifier:

    cookie     a random secret of this browser, for ten minutes
    state      where to return to, the nonce, a digest of that secret: signed, for ten minutes
    verifier   made from the nonce and the secret with our key: in no address and in no log

So a `state` that was begun in another browser leads nowhere, and a code that was stolen on its way
is worth nothing to who lacks the cookie. Several tabs may sign in at once: they share the cookie,
so the first that comes back must not clear it.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

import jwt
import msgspec
from litestar.datastructures import Cookie
from litestar.types import HTTPScope

from milepost.web.auth.session_cookie import SessionCookie, cookie_value
from milepost.web.auth.session_keys import SessionKeys
from milepost.web.auth.signed_out import own_path

SECONDS: Final = 600
MAX_STATE: Final = 4_000
_PURPOSE: Final = "milepost-sign-in"
_BROWSER: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Stale(Exception):
    """It was not begun in this browser, or too long ago."""


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """`back`: the page that was asked for."""

    back: str
    nonce: str
    browser: str

    def verifier(self, keys: SessionKeys) -> str:
        return _text(keys.derive("pkce", f"{self.nonce}\0{self.browser}"))

    def challenge(self, keys: SessionKeys) -> str:
        """S256 (RFC 7636, 4.2)."""
        return _text(sha256(self.verifier(keys).encode()).digest())

    def state(self, keys: SessionKeys) -> str:
        claims = {"back": self.back, "nonce": self.nonce, "browser": _digest(self.browser)}
        return keys.sign(_PURPOSE, claims, SECONDS)


def begin(scope: HTTPScope, cookie: SessionCookie, back: str) -> AuthorizationRequest:
    """Further tabs of a browser share its secret."""
    known = cookie_value(scope, _name(cookie))
    browser = known if known and _BROWSER.fullmatch(known) else secrets.token_urlsafe(32)
    return AuthorizationRequest(own_path(back), secrets.token_urlsafe(16), browser)


def resume(scope: HTTPScope, cookie: SessionCookie, state: str) -> AuthorizationRequest:
    """Raises `Stale`."""
    browser = cookie_value(scope, _name(cookie)) or ""
    try:
        claims = cookie.sessions.keys.verify(_PURPOSE, state[:MAX_STATE])
        begun = msgspec.convert(claims, AuthorizationRequest)
    except (jwt.PyJWTError, msgspec.ValidationError, ValueError, TypeError, KeyError) as fault:
        raise Stale from fault
    if not hmac.compare_digest(begun.browser, _digest(browser)):
        raise Stale
    return AuthorizationRequest(own_path(begun.back), begun.nonce, browser)


def kept(cookie: SessionCookie, sent: AuthorizationRequest) -> Cookie:
    """The browser's secret."""
    return cookie.kept(_name(cookie), sent.browser, SECONDS)


def _name(cookie: SessionCookie) -> str:
    return f"{cookie.name}-sign-in"


def _digest(browser: str) -> str:
    return _text(sha256(browser.encode()).digest())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
