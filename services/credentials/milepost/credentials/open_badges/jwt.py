"""Credentials as JWTs, in the two profiles that others read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from milepost.credentials.open_badges.documents import Credential
from milepost.credentials.open_badges.keys import JwtKey, ResolveKey

Profile: TypeAlias = Literal["open_badges", "vc_jose"]
JwtProblem: TypeAlias = Literal[
    "key_unknown",
    "key_not_of_issuer",
    "key_compromised",
    "signature_invalid",
    "claims_differ",  # iss, sub, jti, nbf or exp and the credential say different things
]


class SignedJwt(msgspec.Struct, frozen=True, kw_only=True):
    """A JWT that was read, not yet believed. `document`: the credential as JSON values."""

    text: str
    profile: Profile
    algorithm: str
    kid: str
    document: Mapping[str, Any]
    claims: Mapping[str, Any]


class JwtCheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    kid: str
    problem: JwtProblem | None = None
    detail: str | None = None


def open_badges_jwt(document: Credential, key: JwtKey) -> str:
    """As Open Badges 3.0 has it, section 8.2: iss, jti, nbf, sub, exp beside the document."""
    raise NotImplementedError


def vc_jwt(document: Credential, key: JwtKey) -> str:
    """As VC-JOSE-COSE has it: typ `vc+jwt`, the document is the payload."""
    raise NotImplementedError


def read_jwt(text: str) -> SignedJwt:
    """Raises: NotAJwt."""
    raise NotImplementedError


def verify_jwt(jwt: SignedJwt, resolve_key: ResolveKey, at: datetime) -> JwtCheck:
    """ES256, RS256 and EdDSA. Times are the caller's: `at` counts for the key alone."""
    raise NotImplementedError
