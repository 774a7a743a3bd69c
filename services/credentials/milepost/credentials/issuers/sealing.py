"""Seals the private keys of issuers: AES-256-GCM under one key of the installation.

The key comes by `MILEPOST_ISSUER_KEY` (or its file), or is made in `data_dir` for a laptop. It is
not the vault's: that one is destroyed now and then, so that erased learners stay erased.
"""

import base64
import binascii
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from milepost.web import secret_file
from milepost.web.problems import Problem, RequestFault
from milepost.web.settings import SettingInvalid, Settings

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


def sealing_key(settings: Settings) -> SealingKey:
    """Raises `SettingInvalid`."""
    if settings.issuer_key:
        return SealingKey(_read(settings.issuer_key, "MILEPOST_ISSUER_KEY"))
    file = Path(settings.data_dir) / "issuers" / "sealing.key"
    if not file.exists():
        made = base64.urlsafe_b64encode(os.urandom(KEY_BYTES))
        secret_file.create_once(file, made + b"\n")
    return SealingKey(_read(file.read_text("ascii"), str(file)))


def _read(text: str, source: str) -> bytes:
    try:
        secret = base64.urlsafe_b64decode(text.strip().replace("+", "-").replace("/", "_"))
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise SettingInvalid(f"{source}: it must be {KEY_BYTES} bytes in base64")
    return secret


def _bound(parts: tuple[str, ...]) -> bytes:
    return "\0".join(parts).encode()
