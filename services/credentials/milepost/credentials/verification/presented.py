"""What was handed in: a document, a JWT, or either inside of a picture or a presentation. Pure."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from milepost.credentials.open_badges.baking import PNG, unbake
from milepost.credentials.open_badges.errors import NotAJwt, NotBaked
from milepost.credentials.open_badges.jwt import SignedJwt, read_jwt
from milepost.credentials.verification.checks.shape import many, types_of
from milepost.credentials.verification.report import Format
from milepost.credentials.verification.texts.strict_json import NotStrictJson, strict_object

MAX_BYTES: Final = 4 * 1024 * 1024
ENVELOPE: Final = "EnvelopedVerifiableCredential"
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_DATA: Final = ("data:application/vc+jwt,", "data:application/jwt,")


class Unreadable(ValueError):
    """No credential that can be read; the message says why, in words."""


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """`document` is the credential as JSON values, also out of `jwt`.

    digest        the SHA-256 in hex of the bytes that were handed in
    presentation  it came in one, whose own proof is not judged
    """

    format: Format
    digest: str
    document: Mapping[str, Any]
    jwt: SignedJwt | None = None
    presentation: bool = False


def read(data: bytes) -> Presented:
    """Raises `Unreadable`."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"It is larger than {MAX_BYTES} bytes.")
    digest = sha256(data).hexdigest()
    try:
        kind, text = _text(data)
        document, jwt, presentation = _credential(text)
    except (NotBaked, NotStrictJson, NotAJwt) as error:
        raise Unreadable(f"It cannot be read: {error}.") from error
    found = kind or ("jwt" if jwt else "json")
    return Presented(
        format=found, digest=digest, document=document, jwt=jwt, presentation=presentation
    )


def _text(data: bytes) -> tuple[Format | None, bytes | str]:
    """Out of its picture, if it is in one."""
    if data.startswith(PNG):
        return "png", unbake(data)
    if data.lstrip()[:1] == b"<":
        return "svg", unbake(data)
    return None, data


def _credential(text: bytes | str) -> tuple[Mapping[str, Any], SignedJwt | None, bool]:
    """The document, the JWT that it was in, and whether it came in a presentation."""
    bare = text.strip()
    if bare[:1] in {b"{", "{"}:
        document = strict_object(bare)
        if "VerifiablePresentation" in types_of(document):
            return *_presented(document), True
        return *_enveloped(document), False
    jwt = _jwt(bare)
    return jwt.document, jwt, False


def _presented(presentation: Mapping[str, Any]) -> tuple[Mapping[str, Any], SignedJwt | None]:
    inside = many(presentation.get("verifiableCredential"))
    if len(inside) != 1 or not isinstance(inside[0], dict):
        raise NotStrictJson(f"the presentation holds {len(inside)} credentials instead of one")
    return _enveloped(inside[0])


def _enveloped(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], SignedJwt | None]:
    """VC Data Model 2.0, section 4.13: a `data:` address with the JWT in it."""
    if ENVELOPE not in types_of(document):
        return document, None
    address = document.get("id")
    head = next((one for one in _DATA if isinstance(address, str) and address.startswith(one)), "")
    if not head:
        raise NotStrictJson("the envelope holds no JWT")
    jwt = _jwt(str(address)[len(head) :])
    return jwt.document, jwt


def _jwt(text: bytes | str) -> SignedJwt:
    """Raises `NotAJwt`, `NotStrictJson`: no part of it may be read in two ways."""
    try:
        compact = text.decode("ascii") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise NotAJwt("it is neither JSON, a JWT, a PNG nor an SVG") from error
    parts = compact.split(".")
    if len(parts) != 3:
        raise NotAJwt("it is neither JSON, a JWT, a PNG nor an SVG")
    for part in parts[:2]:
        strict_object(_decoded(part))
    return read_jwt(compact)


def _decoded(part: str) -> bytes:
    if not _BASE64URL.fullmatch(part) or len(part) % 4 == 1:
        raise NotAJwt("one of its parts is no base64url")
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
