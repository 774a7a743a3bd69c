"""Who is calling: a JWT, verified once and remembered until it expires."""

import asyncio
import contextlib
import math
import re
import time
from dataclasses import dataclass
from typing import Any

import jwt
import msgspec
from jwt.types import Options

from milepost.events.event import Forbidden
from milepost.events.runtime.lru_cache import LruCache
from milepost.web.auth.claims import ClaimMapping, Claims
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.key_set import KeySet, KeysUnavailable, UnknownKey
from milepost.web.problems import NotAuthenticated
from milepost.web.settings import DEVELOPMENT_ISSUER, SettingInvalid, Settings

MAX_TOKEN_CHARACTERS = 8192
LEEWAY_SECONDS = 5
REREAD_SECONDS = 0.25
_OPTIONS: Options = {"require": ["exp", "iss", "aud"]}  # and what `claims` reads

# What libraries make of JSON that a stranger wrote: a header or a claim of another type, a number
# too large, an array in an array in an array …
_UNREADABLE = (
    *(ValueError, TypeError, KeyError, AttributeError),
    *(OverflowError, RecursionError, NotImplementedError),
)


@dataclass
class RoleMissing(Forbidden):
    """It takes one of the needed roles."""

    needed: tuple[str, ...]


@dataclass
class NotYourOwn(Forbidden):
    """A learner sees and changes only what is their own."""

    learner: str
    needed: tuple[str, ...]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """`expires_at`: of the token, in seconds since the epoch; what goes on for long ends then.

    Who is signed in with a browser has a `session` (its id) and its `csrf` value; others have "".
    """

    subject: str
    tenant: str
    roles: frozenset[str]
    expires_at: float = math.inf
    session: str = ""
    csrf: str = ""

    def require(self, *roles: str) -> None:
        """Any one of them is enough. Raises `RoleMissing`."""
        if self.roles.isdisjoint(roles):
            raise RoleMissing(roles)

    def may_act_for(self, learner: str, *roles: str) -> None:
        """As `require`, but learners may do it for themselves. Raises `NotYourOwn`."""
        own = "learner" in self.roles and self.subject == learner
        if not own and self.roles.isdisjoint(roles):
            raise NotYourOwn(learner, roles)


class TokenVerifier:
    """Accepts EdDSA, ES256 and RS256 tokens of one issuer for one audience.

    A signature check takes about 100 us, so callers are remembered, at most `cache_size`,
    until their token expires or the issuer's keys change.
    """

    def __init__(self, settings: Settings, *, cache_size: int = 10_000) -> None:
        self._issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._claims = ClaimMapping.of(settings)
        self._keys = KeySet(_keys_source(settings), settings.token_keys_refresh_seconds)
        self._rereading: asyncio.Task[None] | None = None
        self._verified = LruCache[str, Caller](cache_size)

    async def authenticate(self, token: str) -> Caller:
        """As `verify`, reading the issuer's keys when they are old or the token's is unknown."""
        if self._keys.stale:
            await self._reread_meanwhile()
        try:
            return self.verify(token)
        except UnknownKey:
            await self._reread_keys()
        try:
            return self.verify(token)
        except UnknownKey as fault:
            raise NotAuthenticated("The token is signed with an unknown key.") from fault

    def verify(self, token: str) -> Caller:
        """Raises `NotAuthenticated`; `UnknownKey` if the keys at hand are not enough."""
        caller = self._verified.get(token)
        if caller is None:
            return self._remember(token, self._checked(token))
        if caller.expires_at <= time.time():
            self._verified.discard(token)
            raise NotAuthenticated("The token has expired.")
        return caller

    async def _reread_meanwhile(self) -> None:
        """Whose key is known does not wait for an issuer that is slow."""

        async def reread() -> None:
            with contextlib.suppress(KeysUnavailable):  # an unknown key asks again, and says so
                await self._reread_keys()

        self._rereading = asyncio.create_task(reread())
        await asyncio.wait({self._rereading}, timeout=REREAD_SECONDS)

    async def _reread_keys(self) -> None:
        if await self._keys.refresh():
            self._verified.clear()

    def _checked(self, token: str) -> Claims:
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise NotAuthenticated("The token is too long.")
        try:
            return self._claims.read(self._decoded(token))
        except jwt.ExpiredSignatureError as fault:
            raise NotAuthenticated("The token has expired.") from fault
        except jwt.PyJWTError as fault:
            raise NotAuthenticated(f"The token is not acceptable: {_quotable(fault)}.") from fault
        except msgspec.ValidationError as fault:
            raise NotAuthenticated(f"A claim is wrong: {_quotable(fault)}.") from fault
        except _UNREADABLE as fault:
            raise NotAuthenticated("The token cannot be read.") from fault

    def _decoded(self, token: str) -> dict[str, Any]:
        key = self._keys.get(jwt.get_unverified_header(token).get("kid"))
        # The key says its algorithm, never the token.
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options=_OPTIONS,
        )

    def _remember(self, token: str, claims: Claims) -> Caller:
        caller = Caller(
            subject=claims.sub,
            tenant=claims.tenant,
            roles=frozenset(claims.roles),
            expires_at=claims.exp + LEEWAY_SECONDS,
        )
        return self._verified.put(token, caller)


def _keys_source(settings: Settings) -> str:
    if settings.token_keys:
        return settings.token_keys
    if settings.token_issuer != DEVELOPMENT_ISSUER:
        raise SettingInvalid(
            f"MILEPOST_TOKEN_ISSUER={settings.token_issuer!r}: set MILEPOST_TOKEN_KEYS too, to the"
            " path or https address of its keys (a JWKS)"
        )
    issuer = DevelopmentIssuer(
        settings.data_dir, issuer=settings.token_issuer, audience=settings.token_audience
    )
    return str(issuer.ensure_keys())


def _quotable(fault: Exception) -> str:
    """Fit for a quoted string in a header: printable ASCII."""
    plain = re.sub(r"[^\x20-\x7e]", "?", str(fault))
    return plain.replace("\\", "").replace('"', "'").rstrip(".")
