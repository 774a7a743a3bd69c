"""Who is calling: a JWT, verified once and remembered until it expires."""

import time
from dataclasses import dataclass
from typing import Annotated, Any

import jwt
import msgspec
from jwt.types import Options
from msgspec import Meta

from milepost.events.event import Forbidden
from milepost.events.log import TENANT_PATTERN
from milepost.events.runtime.lru_cache import LruCache
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.key_set import KeySet, UnknownKey
from milepost.web.problems import NotAuthenticated
from milepost.web.settings import Settings

MAX_TOKEN_CHARACTERS = 8192
LEEWAY_SECONDS = 5
_OPTIONS: Options = {"require": ["sub", "tenant", "roles", "exp", "iss", "aud"]}

Tenant = Annotated[str, Meta(pattern=TENANT_PATTERN)]
Subject = Annotated[str, Meta(min_length=1, max_length=255)]


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
    subject: str
    tenant: str
    roles: frozenset[str]

    def require(self, *roles: str) -> None:
        """Any one of them is enough. Raises `RoleMissing`."""
        if self.roles.isdisjoint(roles):
            raise RoleMissing(roles)

    def may_act_for(self, learner: str, *roles: str) -> None:
        """As `require`, but learners may do it for themselves. Raises `NotYourOwn`."""
        own = "learner" in self.roles and self.subject == learner
        if not own and self.roles.isdisjoint(roles):
            raise NotYourOwn(learner, roles)


class _Claims(msgspec.Struct, frozen=True):
    sub: Subject
    tenant: Tenant
    roles: list[str]
    exp: float


class TokenVerifier:
    """Accepts EdDSA, ES256 and RS256 tokens of one issuer for one audience.

    A signature check takes about 100 us, so callers are remembered, at most `cache_size`,
    until their token expires or the issuer's keys change.
    """

    def __init__(self, settings: Settings, *, cache_size: int = 10_000) -> None:
        self._issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._keys = KeySet(_keys_source(settings), settings.token_keys_refresh_seconds)
        self._verified = LruCache[str, tuple[Caller, float]](cache_size)

    async def authenticate(self, token: str) -> Caller:
        """As `verify`, reading the issuer's keys when they are old or the token's is unknown."""
        if self._keys.stale:
            await self._reread_keys()
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
        verified = self._verified.get(token)
        if verified is None:
            return self._remember(token, self._checked(token))
        caller, expires_at = verified
        if expires_at <= time.time():
            self._verified.discard(token)
            raise NotAuthenticated("The token has expired.")
        return caller

    async def _reread_keys(self) -> None:
        if await self._keys.refresh():
            self._verified.clear()

    def _checked(self, token: str) -> _Claims:
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise NotAuthenticated("The token is too long.")
        try:
            return msgspec.convert(self._decoded(token), _Claims)
        except jwt.ExpiredSignatureError as fault:
            raise NotAuthenticated("The token has expired.") from fault
        except jwt.PyJWTError as fault:
            raise NotAuthenticated(f"The token is not acceptable: {_quotable(fault)}.") from fault
        except msgspec.ValidationError as fault:
            raise NotAuthenticated(f"A claim is wrong: {_quotable(fault)}.") from fault

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

    def _remember(self, token: str, claims: _Claims) -> Caller:
        caller = Caller(subject=claims.sub, tenant=claims.tenant, roles=frozenset(claims.roles))
        self._verified.put(token, (caller, claims.exp + LEEWAY_SECONDS))
        return caller


def _keys_source(settings: Settings) -> str:
    if settings.token_keys:
        return settings.token_keys
    issuer = DevelopmentIssuer(
        settings.data_dir, issuer=settings.token_issuer, audience=settings.token_audience
    )
    return str(issuer.ensure_keys())


def _quotable(fault: Exception) -> str:
    """Fit for a quoted string in a header."""
    return str(fault).replace("\\", "").replace('"', "'").rstrip(".")
