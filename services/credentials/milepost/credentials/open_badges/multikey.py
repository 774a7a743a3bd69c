"""Public keys as text: Multikey (Controlled Identifiers 1.0, section 2.2.2) and `did:key`."""

from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from milepost.credentials.open_badges.errors import NotAKey

PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519 = b"\xed\x01"
P256 = b"\x80\x24"
MAX_TEXT = 128  # characters; the longest that is known has 50


def base58(data: bytes) -> str:
    """Multibase base58btc without its `z`."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def unbase58(text: str) -> bytes:
    """Raises: NotAKey, of text that is no base58 or longer than MAX_TEXT."""
    if len(text) > MAX_TEXT or not set(text) <= set(ALPHABET):
        raise NotAKey("this is no base58btc")
    number = 0
    for digit in text:
        number = number * 58 + ALPHABET.index(digit)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def multikey(public: PublicKey) -> str:
    """`z6Mk…` of Ed25519, `zDna…` of P-256."""
    if isinstance(public, Ed25519PublicKey):
        return "z" + base58(ED25519 + public.public_bytes_raw())
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return "z" + base58(P256 + point)


def public_key(text: str) -> PublicKey:
    """The key of a Multikey. Raises: NotAKey."""
    if not text.startswith("z"):
        raise NotAKey("a Multikey begins with z")
    data = unbase58(text[1:])
    try:
        if data[:2] == ED25519:
            return Ed25519PublicKey.from_public_bytes(data[2:])
        if data[:2] == P256:
            return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), data[2:])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAKey(f"this is no key: {error}") from error
    raise NotAKey("the key is neither Ed25519 nor P-256")


def did_key(method: str) -> PublicKey:
    """The key that `did:key:z6Mk…` or `did:key:z6Mk…#z6Mk…` is. Raises: NotAKey."""
    did, _, fragment = method.partition("#")
    text = did.removeprefix("did:key:")
    if text == did or fragment not in {"", text}:
        raise NotAKey("this is no did:key, or its fragment names another key")
    return public_key(text)
