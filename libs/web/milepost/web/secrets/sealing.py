"""Seals secrets that rooms keep in tables: AES-256-GCM under one key of the installation.

A room has a key of its own. It comes by a setting (or its file), or is made in `data_dir` for a
laptop. It is not the vault's: that one is destroyed now and then, so that erased learners stay
erased.
"""

import base64
import binascii
import os
from hashlib import sha256
from pathlib import Path

import asyncpg
import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from milepost.events.projections.tables import Connection
from milepost.web import secret_file
from milepost.web.problems import RequestFault
from milepost.web.settings import PREFIX, SettingInvalid, Settings

_log = structlog.get_logger()
KEY_BYTES = 32
NONCE_BYTES = 12


class Locked(RequestFault):
    """What is stored is sealed with a key that this process was not given."""


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """What one key seals.

    setting  `issuer_key`
    folder   of the file in `data_dir`
    used     SQL: the fingerprint of the first key that was used; `use` notes it, if there is none
    sealed   SQL: whether anything was sealed, by whatever key
    """

    setting: str
    folder: str
    used: str
    use: str
    sealed: str
    locked: type[Locked]

    @property
    def variable(self) -> str:
        return PREFIX + self.setting.upper()

    def file(self, settings: Settings) -> Path:
        """Where the key is that was made here, if it was."""
        return Path(settings.data_dir) / self.folder / "sealing.key"

    def key_here(self, settings: Settings) -> "SealingKey | None":
        """The key that was given, or made before: none is made. Raises `SettingInvalid`."""
        return self.key_given(settings) or self.key_in_file(settings)

    def key_given(self, settings: Settings) -> "SealingKey | None":
        """Raises `SettingInvalid`, which names the variable and not the key."""
        text: str = getattr(settings, self.setting)
        return self._key(text, self.variable) if text else None

    def key_in_file(self, settings: Settings) -> "SealingKey | None":
        """Raises `SettingInvalid`."""
        file = self.file(settings)
        try:
            text = file.read_text("ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeError) as fault:
            why = getattr(fault, "strerror", None) or "not text"
            raise SettingInvalid(f"{file}: {why}") from None
        return self._key(text, str(file))

    async def fingerprint_used(self, connection: Connection) -> str | None:
        """Of the key that this database's secrets are sealed with; None: nothing is sealed."""
        value: str | None = await connection.fetchval(self.used)
        return value

    def _key(self, text: str, source: str) -> "SealingKey":
        return SealingKey(_read(text, source), self)


class SealingKey:
    """`id` is its fingerprint, and may be seen."""

    __slots__ = ("_locked", "_secret", "id")

    def __init__(self, secret: bytes, purpose: Purpose) -> None:
        self._secret = secret
        self._locked = purpose.locked
        label = f"milepost {purpose.setting.replace('_', ' ')}".encode()
        self.id = sha256(label + secret).hexdigest()[:16]

    def seal(self, secret: bytes, *bound: str) -> bytes:
        """Opens only for what it is `bound` to: school, issuer, key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._secret).encrypt(nonce, secret, _bound(bound))

    def unseal(self, sealed: bytes, *bound: str) -> bytes:
        """Raises `Locked`."""
        try:
            return AESGCM(self._secret).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(bound)
            )
        except InvalidTag:
            raise self._locked from None


class Sealing:
    """The key of this process, once it is known to be the one that everything is sealed with.

    The database keeps the fingerprint of the first that was used. Whoever has another, or none
    where one was used, opens nothing and makes none: `Locked`.
    """

    def __init__(self, purpose: Purpose, settings: Settings, pool: asyncpg.Pool) -> None:
        """Raises `SettingInvalid`, which names the variable and not the key."""
        self._purpose = purpose
        self._settings = settings
        self._pool = pool
        self._given = purpose.key_given(settings)
        self._known: SealingKey | None = None

    async def key(self) -> SealingKey:
        """Raises `Locked`, `SettingInvalid`."""
        if self._known is None:
            self._known = await self._agreed()
        return self._known

    async def _agreed(self) -> SealingKey:
        purpose = self._purpose
        used = await self._pool.fetchval(purpose.used)
        may_make = used is None and not await self._pool.fetchval(purpose.sealed)
        key = self._given or self._made_here(may_make=may_make)
        if key is None:
            raise purpose.locked
        await self._pool.execute(purpose.use, key.id)
        if await self._pool.fetchval(purpose.used) != key.id:
            raise purpose.locked
        return key

    def _made_here(self, *, may_make: bool) -> SealingKey | None:
        file = self._purpose.file(self._settings)
        if may_make and not file.exists():
            made = base64.urlsafe_b64encode(os.urandom(KEY_BYTES))
            secret_file.create_once(file, made + b"\n")
            _log.warning("sealing_key_made", key=self._purpose.setting, file=str(file))
        return self._purpose.key_in_file(self._settings)


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
