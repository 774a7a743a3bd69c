"""Who is signed in with a browser: a token of our own in a cookie, verified as cheaply as any.

    made      at sign-in, each time anew: what a browser sent before is never carried on
    holds     subject, school, roles, an id, and the value that changes must repeat (`csrf`)
    ends      after eight hours at most, at sign-out, or when its key is taken away

It is signed with a secret of the installation and no other key: no token of an issuer is a session,
and no session is a token. The secret is `MILEPOST_SESSION_KEY`, which all processes share; without
it, a file in the data directory, made at the first sign-in. Two keys, separated by a comma, are a
rotation: the first signs, both verify.
"""

import base64
import binascii
import os
import secrets
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated, Final

import jwt
import msgspec
from msgspec import Meta

from milepost.events.runtime.lru_cache import LruCache
from milepost.web import secret_file
from milepost.web.auth.claims import ROLES, Role, Subject, Tenant
from milepost.web.auth.tokens import Caller
from milepost.web.problems import NotAuthenticated
from milepost.web.settings import SettingInvalid, Settings

LIFETIME_SECONDS: Final = 8 * 3600
KEY_BYTES: Final = 32
MAX_KEYS: Final = 4
# What a browser keeps in one cookie.
MAX_CHARACTERS: Final = 4_000
LEEWAY_SECONDS: Final = 5
ENDED: Final = "Your session has ended: sign in again."

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "milepost-session"
_REQUIRED: Final = ("exp", "iat", "iss", "aud", "sub", "jti")

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
        self._file = settings.data_dir / "sessions" / "session.key"
        self._given = _keys(settings.session_key, "MILEPOST_SESSION_KEY")
        self._made: Mapping[str, bytes] = {}
        self._read = LruCache[str, Caller](cache_size)
        self._ended = LruCache[str, float](cache_size)

    def issue(
        self, subject: str, tenant: str, roles: Iterable[str], seconds: int = LIFETIME_SECONDS
    ) -> str:
        """A new session. Roles that are not ours are left out. Raises `SettingInvalid`."""
        kid, key = next(iter(self._keys_here(make=True).items()))
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "aud": _ISSUER,
            "sub": subject,
            "tenant": tenant,
            "roles": sorted({*roles} & {*ROLES}),
            "jti": secrets.token_urlsafe(16),
            "csrf": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + min(seconds, LIFETIME_SECONDS),
        }
        return jwt.encode(claims, key, _ALGORITHM, {"kid": kid})

    def read(self, token: str) -> Caller:
        """Raises `NotAuthenticated` for what is no session, or one that has ended."""
        caller = self._read.get(token)
        if caller is None:
            caller = self._read.put(token, self._verified(token))
        if caller.expires_at <= time.time() or self._ended.get(caller.session) is not None:
            self._read.discard(token)
            raise NotAuthenticated(ENDED)
        return caller

    def end(self, session: SessionEnds) -> None:
        """From now on this process refuses it."""
        self._ended.put(session.id, session.expires_at)

    def _verified(self, token: str) -> Caller:
        if len(token) > MAX_CHARACTERS:
            raise NotAuthenticated(ENDED)
        try:
            claims = msgspec.convert(self._decoded(token), _Claims)
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

    def _decoded(self, token: str) -> dict[str, object]:
        """Raises `KeyError` for a key that is not ours."""
        key = self._keys_here()[str(jwt.get_unverified_header(token).get("kid"))]
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],  # never the token's own word
            audience=_ISSUER,
            issuer=_ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": [*_REQUIRED]},
        )

    def _keys_here(self, *, make: bool = False) -> Mapping[str, bytes]:
        """By id. Without `make` none is made: where nobody ever signed in there are none."""
        if self._given or self._made:
            return self._given or self._made
        if make:
            made = base64.urlsafe_b64encode(os.urandom(KEY_BYTES))
            secret_file.create_once(self._file, made + b"\n")
        if self._file.exists():
            self._made = _keys(self._file.read_text("ascii"), str(self._file))
        return self._made


def _keys(text: str, source: str) -> Mapping[str, bytes]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MAX_KEYS:
        raise SettingInvalid(f"{source}: at most {MAX_KEYS} keys")
    return {_name(key): key for key in (_key(part, source) for part in parts)}


def _key(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingInvalid(f"{source}: each key must be {KEY_BYTES} bytes in base64")
    return key


def _name(key: bytes) -> str:
    return sha256(b"milepost session key" + key).hexdigest()[:16]
