"""The secret that sessions are signed with, and nothing else: no token of an issuer is a session.

It is `MILEPOST_SESSION_KEY`, which all processes share; without it, a file in the data directory,
made at the first sign-in. Two keys, separated by a comma, are a rotation: the first signs, both
verify.
"""

import base64
import binascii
import hmac
import os
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import jwt

from milepost.web import secret_file
from milepost.web.settings import SettingInvalid, Settings

KEY_BYTES: Final = 32
MAX_KEYS: Final = 4

_ALGORITHM: Final = "HS256"
_REQUIRED: Final = ("exp", "iat", "iss", "aud")


class SessionKeys:
    """Signs claims for one `purpose`, and verifies them for no other."""

    def __init__(self, settings: Settings) -> None:
        """Raises `SettingInvalid`, which names the variable and not the key."""
        self._file = settings.data_dir / "sessions" / "session.key"
        self._given = _keys(settings.session_key, "MILEPOST_SESSION_KEY")
        self._made: Mapping[str, bytes] = {}

    def sign(self, purpose: str, claims: Mapping[str, Any], seconds: int) -> str:
        """A JWT that ends after `seconds`. Raises `SettingInvalid`."""
        kid, key = self._first()
        now = int(time.time())
        meant = {"iss": purpose, "aud": purpose, "iat": now, "exp": now + seconds}
        return jwt.encode({**claims, **meant}, key, _ALGORITHM, {"kid": kid})

    def verify(self, purpose: str, token: str, leeway_seconds: int = 0) -> dict[str, Any]:
        """Raises `PyJWTError`, and `KeyError` for a key that is not ours."""
        key = self._here()[str(jwt.get_unverified_header(token).get("kid"))]
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],  # never the token's own word
            audience=purpose,
            issuer=purpose,
            leeway=leeway_seconds,
            options={"require": [*_REQUIRED]},
        )

    def derive(self, purpose: str, of: str) -> bytes:
        """32 bytes that whoever has not the key cannot tell. Raises `SettingInvalid`."""
        _, key = self._first()
        return hmac.digest(key, f"{purpose}\0{of}".encode(), "sha256")

    def _first(self) -> tuple[str, bytes]:
        return next(iter(self._here(make=True).items()))

    def _here(self, *, make: bool = False) -> Mapping[str, bytes]:
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
