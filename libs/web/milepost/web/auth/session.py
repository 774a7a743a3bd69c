"""The session of a browser: a signed token of our own in a cookie, verified without a store.

made      at sign-in, each time anew: what a browser sent before is never carried on
holds     subject, school, roles, an id, and the value that changes must repeat (`csrf`)
ends      after eight hours at most, at sign-out, or when its key is taken away
"""

import secrets
import time
from collections.abc import Iterable
from typing import Annotated, Final

import jwt
import msgspec
from msgspec import Meta

from milepost.events.runtime.lru_cache import LruCache
from milepost.web.auth.claims import ROLES, Role, Subject, Tenant
from milepost.web.auth.session_keys import SessionKeys
from milepost.web.auth.tokens import Caller
from milepost.web.problems import NotAuthenticated
from milepost.web.settings import Settings

LIFETIME_SECONDS: Final = 8 * 3600
# What a browser keeps in one cookie.
MAX_CHARACTERS: Final = 4_000
LEEWAY_SECONDS: Final = 5
# What is forgotten would be let in again: more than sign out in eight hours (some 30 MB at most).
ENDED_AT_MOST: Final = 200_000
# Of an application's state: its `Sessions`, for what goes on for longer than a request.
SESSIONS: Final = "sessions"
ENDED: Final = "Your session has ended: sign in again."

_SESSION: Final = "milepost-session"

Secret = Annotated[str, Meta(min_length=20, max_length=64)]


class _Claims(msgspec.Struct, frozen=True):
    sub: Subject
    tenant: Tenant
    roles: Annotated[list[Role], Meta(max_length=len(ROLES))]
    jti: Secret
    csrf: Secret
    exp: float


class SessionEnds(msgspec.Struct, frozen=True):
    """What is needed to refuse a session until it would have ended anyhow."""

    id: str
    expires_at: float


class Sessions:
    """Makes and reads sessions. Those it has read are remembered, at most `cache_size`."""

    def __init__(self, settings: Settings, *, cache_size: int = 10_000) -> None:
        """Raises `SettingInvalid`, which names the variable and not the key."""
        self.keys = SessionKeys(settings)
        self._read = LruCache[str, Caller](cache_size)
        self._ended = LruCache[str, float](ENDED_AT_MOST)

    def issue(
        self, subject: str, tenant: str, roles: Iterable[str], seconds: int = LIFETIME_SECONDS
    ) -> str:
        """A new session. Roles that are not ours are left out. Raises `SettingInvalid`."""
        claims = {
            "sub": subject,
            "tenant": tenant,
            "roles": sorted({*roles} & {*ROLES}),
            "jti": secrets.token_urlsafe(16),
            "csrf": secrets.token_urlsafe(16),
        }
        return self.keys.sign(_SESSION, claims, min(seconds, LIFETIME_SECONDS))

    def read(self, token: str) -> Caller:
        """Raises `NotAuthenticated` for what is no session, or one that has ended."""
        caller = self._read.get(token)
        if caller is None:
            caller = self._read.put(token, self._verified(token))
        if self.has_ended(caller):
            self._read.discard(token)
            raise NotAuthenticated(ENDED)
        return caller

    def has_ended(self, caller: Caller) -> bool:
        """Whether somebody who was let in by a session no longer would be."""
        return caller.expires_at <= time.time() or self._ended.get(caller.session) is not None

    def end(self, session: SessionEnds) -> None:
        """From now on this process refuses it."""
        self._ended.put(session.id, session.expires_at)

    def _verified(self, token: str) -> Caller:
        if len(token) > MAX_CHARACTERS:
            raise NotAuthenticated(ENDED)
        try:
            claims = msgspec.convert(self.keys.verify(_SESSION, token, LEEWAY_SECONDS), _Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, TypeError, KeyError) as fault:
            raise NotAuthenticated(ENDED) from fault
        return Caller(
            subject=claims.sub,
            tenant=claims.tenant,
            roles=frozenset(claims.roles),
            expires_at=claims.exp + LEEWAY_SECONDS,
            session=claims.jti,
            csrf=claims.csrf,
        )
