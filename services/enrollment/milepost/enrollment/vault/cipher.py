"""AES-256-GCM: what is sealed opens only with its key, for its own tenant and learner.

A key never shows: it has no repr, and stands in no error.
"""

import base64
import binascii
import os
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
PADDED_BYTES = 256  # so that a sealed text does not tell how long a name is


class Unreadable(Exception):
    """It was not sealed with this key, or not for this learner, or somebody has changed it."""


class Sealed(msgspec.Struct, frozen=True):
    """A text under a key of its own, and that key wrapped by the master key `key_id`."""

    key_id: str
    wrapped_key: bytes
    text: bytes


class MasterKey:
    """Wraps learners' keys. `id` is its fingerprint, and may be seen."""

    __slots__ = ("_secret", "id")

    def __init__(self, secret: bytes) -> None:
        """Raises `ValueError` unless these are 32 bytes."""
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(secret)}")
        self._secret = secret
        self.id = sha256(b"milepost master key" + secret).hexdigest()[:16]

    @classmethod
    def new(cls) -> "MasterKey":
        return cls(os.urandom(KEY_BYTES))

    @classmethod
    def read(cls, text: str) -> "MasterKey":
        """From base64, of either alphabet. Raises `ValueError`."""
        try:
            return cls(base64.b64decode(text.translate(_TO_STANDARD), validate=True))
        except binascii.Error:
            raise ValueError("a master key is written in base64") from None

    def written(self) -> str:
        return base64.urlsafe_b64encode(self._secret).decode()

    def wrap(self, key: bytes, tenant: str, learner: str) -> bytes:
        return _encrypt(self._secret, key, _bound("key", self.id, tenant, learner))

    def unwrap(self, wrapped: bytes, tenant: str, learner: str) -> bytes:
        """Raises `Unreadable`."""
        return _decrypt(self._secret, wrapped, _bound("key", self.id, tenant, learner))


_TO_STANDARD = str.maketrans("-_", "+/")


def seal(master: MasterKey, text: bytes, tenant: str, learner: str) -> Sealed:
    """Each time under a new key."""
    key = os.urandom(KEY_BYTES)
    padded = text + b" " * (-len(text) % PADDED_BYTES)
    sealed = _encrypt(key, padded, _bound("text", tenant, learner))
    return Sealed(master.id, master.wrap(key, tenant, learner), sealed)


def unseal(master: MasterKey, sealed: Sealed, tenant: str, learner: str) -> bytes:
    """The text, padded with blanks. Raises `Unreadable`."""
    key = master.unwrap(sealed.wrapped_key, tenant, learner)
    return _decrypt(key, sealed.text, _bound("text", tenant, learner))


def _encrypt(key: bytes, text: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, bound)


def _decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):  # the latter for what is too short
        raise Unreadable from None


def _bound(*parts: str) -> bytes:
    """Two different lists of parts never give the same bytes."""
    return msgspec.json.encode(parts)
