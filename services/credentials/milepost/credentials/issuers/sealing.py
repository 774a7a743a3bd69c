"""Seals the private keys of issuers: AES-256-GCM under one key of the installation.

The key comes by `MILEPOST_ISSUER_KEY` (or its file), or is made in `data_dir` for a laptop. It is
not the vault's: that one is destroyed now and then, so that erased learners stay erased.
"""

import base64
import binascii
import os
from hashlib import sha256
from pathlib import Path

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from milepost.events.projections.tables import Connection
from milepost.web import secret_file
from milepost.web.problems import Problem, RequestFault
from milepost.web.settings import SettingInvalid, Settings

_log = structlog.get_logger()
KEY_BYTES = 32
NONCE_BYTES = 12


class KeysLocked(RequestFault):
    """The issuers' keys are sealed with a key that this process was not given."""

    def problem(self) -> Problem:
        return Problem(
            status=503,
            name="keys_locked",
            title="Keys locked",
            detail="The issuer's key cannot be opened here: MILEPOST_ISSUER_KEY is another one "
            "than it was sealed with. Nothing is lost: try again later.",
            headers={"Retry-After": "60"},
        )


class SealingKey:
    """`id` is its fingerprint, and may be seen."""

    __slots__ = ("_secret", "id")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.id = sha256(b"milepost issuer key" + secret).hexdigest()[:16]

    def seal(self, secret: bytes, *bound: str) -> bytes:
        """Opens only for what it is `bound` to: school, issuer, key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._secret).encrypt(nonce, secret, _bound(bound))

    def unseal(self, sealed: bytes, *bound: str) -> bytes:
        """Raises `KeysLocked`."""
        try:
            return AESGCM(self._secret).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(bound)
            )
        except InvalidTag:
            raise KeysLocked from None


class Sealing:
    """The key of this process, once it is known to be the one that everything is sealed with.

    The database keeps the fingerprint of the first that was used. Whoever has another, or none
    where one was used, opens nothing and makes none: `KeysLocked`.
    """

    def __init__(self, settings: Settings, pool: asyncpg.Pool) -> None:
        """Raises `SettingInvalid`, which names the variable and not the key."""
        self._file = file_of(settings)
        self._pool = pool
        self._given = _key_given(settings)
        self._known: SealingKey | None = None

    async def key(self) -> SealingKey:
        """Raises `KeysLocked`, `SettingInvalid`."""
        if self._known is None:
            self._known = await self._agreed()
        return self._known

    async def _agreed(self) -> SealingKey:
        used = await self._pool.fetchval(_USED)
        may_make = used is None and not await self._pool.fetchval(_SEALED)
        key = self._given or self._made_here(may_make=may_make)
        if key is None:
            raise KeysLocked
        await self._pool.execute(_USE, key.id)
        if await self._pool.fetchval(_USED) != key.id:
            raise KeysLocked
        return key

    def _made_here(self, *, may_make: bool) -> SealingKey | None:
        if may_make and not self._file.exists():
            made = base64.urlsafe_b64encode(os.urandom(KEY_BYTES))
            secret_file.create_once(self._file, made + b"\n")
            _log.warning("issuer_key_made", file=str(self._file))
        return _of_file(self._file)


def file_of(settings: Settings) -> Path:
    """Where the key is that was made here, if it was."""
    return Path(settings.data_dir) / "issuers" / "sealing.key"


def key_here(settings: Settings) -> SealingKey | None:
    """The key that was given, or made before: none is made. Raises `SettingInvalid`."""
    return _key_given(settings) or _of_file(file_of(settings))


async def fingerprint_used(connection: Connection) -> str | None:
    """Of the key that this database's issuers are sealed with; None: nothing is sealed."""
    value: str | None = await connection.fetchval(_USED)
    return value


def _key_given(settings: Settings) -> SealingKey | None:
    text = settings.issuer_key
    return SealingKey(_read(text, "MILEPOST_ISSUER_KEY")) if text else None


def _of_file(file: Path) -> SealingKey | None:
    try:
        text = file.read_text("ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as fault:
        why = getattr(fault, "strerror", None) or "not text"
        raise SettingInvalid(f"{file}: {why}") from None
    return SealingKey(_read(text, str(file)))


_USED = "select fingerprint from credentials.sealing_key"
_SEALED = """select exists (select from credentials.issuer_keys)
    or exists (select from credentials.secrets)"""
_USE = "insert into credentials.sealing_key (fingerprint) values ($1) on conflict do nothing"
_TO_STANDARD = str.maketrans("-_", "+/")


def _read(text: str, source: str) -> bytes:
    try:
        secret = base64.b64decode(text.strip().translate(_TO_STANDARD), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise SettingInvalid(f"{source}: it must be {KEY_BYTES} bytes in base64")
    return secret


def _bound(parts: tuple[str, ...]) -> bytes:
    return "\0".join(parts).encode()
