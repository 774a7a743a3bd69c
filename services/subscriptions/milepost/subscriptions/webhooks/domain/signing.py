"""Signatures of Standard Webhooks 1.0: over `id.timestamp.body`, one for each secret. Pure.

v1   HMAC-SHA256; both sides have the secret, `whsec_` and base64
v1a  Ed25519; the receiver has the public key only, `whpk_` and base64 of its 32 bytes
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from milepost.subscriptions.webhooks.events import Scheme

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what secrets begin with
PRIVATE_PREFIX: Final = "whsk_"
PUBLIC_PREFIX: Final = "whpk_"
SECRET_BYTES: Final = 32  # the standard allows 24 to 64


class Secret(msgspec.Struct, frozen=True):
    """`value`: of v1 the shared secret, of v1a the private key, 32 bytes. Not for any log."""

    key: str
    scheme: Scheme
    value: bytes

    def __repr__(self) -> str:
        return f"Secret({self.key!r}, {self.scheme!r})"

    @property
    def shared(self) -> str | None:
        """What the receiver of v1 is given."""
        return SECRET_PREFIX + _text(self.value) if self.scheme == "v1" else None

    @property
    def public_key(self) -> str | None:
        """What the receiver of v1a is given."""
        if self.scheme == "v1":
            return None
        return PUBLIC_PREFIX + _text(_private(self.value).public_key().public_bytes_raw())


def headers(
    message_id: str, timestamp: datetime, body: bytes, secrets: Sequence[Secret]
) -> dict[str, str]:
    """`timestamp`: of this attempt. Several signatures while secrets overlap, a blank between."""
    seconds = str(int(timestamp.timestamp()))
    signed = _signed(message_id, seconds, body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_signature(one, signed) for one in secrets),
    }


def _signed(message_id: str, seconds: str, body: bytes) -> bytes:
    return f"{message_id}.{seconds}.".encode("ascii") + body


def _signature(secret: Secret, signed: bytes) -> str:
    if secret.scheme == "v1":
        return "v1," + _text(hmac.digest(secret.value, signed, "sha256"))
    return "v1a," + _text(_private(secret.value).sign(signed))


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _text(value: bytes) -> str:
    return b64encode(value).decode("ascii")
