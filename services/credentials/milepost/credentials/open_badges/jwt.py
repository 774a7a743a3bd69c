"""Credentials as JWTs, in the two profiles that others read.

`open_badges`  Open Badges 3.0, section 8.2: typ JWT; iss, jti, nbf, sub and exp beside the document
`vc_jose`      W3C VC-JOSE-COSE 1.0: typ vc+jwt; the document is the payload

Signed by ES256 with the nonce of RFC 6979, so the same document has the same JWT.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import AllowedPrivateKeys, ECAlgorithm
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError
from jwt.utils import der_to_raw_signature

from milepost.credentials.open_badges.documents import Credential, encode, plain
from milepost.credentials.open_badges.errors import NotAJwt
from milepost.credentials.open_badges.keys import JwtKey, ResolveKey, VerificationKey
from milepost.credentials.open_badges.proof import issuer_id

MAX_JWT = 2 * 1024 * 1024  # characters
MIN_RSA = 2_048  # bits
ALGORITHMS: Final[Mapping[str, type]] = {
    "ES256": EllipticCurvePublicKey,
    "RS256": RSAPublicKey,
    "EdDSA": Ed25519PublicKey,
}
VC_TYPES = {"vc+jwt", "application/vc+jwt", "vc+ld+json+jwt"}
REGISTERED = {"iss", "jti", "nbf", "sub", "exp", "iat", "aud"}
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


class _ES256(ECAlgorithm):
    """ES256 whose signatures are the same each time."""

    def __init__(self) -> None:
        super().__init__(ECAlgorithm.SHA256)

    def sign(self, msg: bytes, key: AllowedPrivateKeys) -> bytes:
        assert isinstance(key, EllipticCurvePrivateKey)
        signature = key.sign(msg, ECDSA(SHA256(), deterministic_signing=True))
        return der_to_raw_signature(signature, key.curve)


_signer = PyJWS()
_signer.unregister_algorithm("ES256")
_signer.register_algorithm("ES256", _ES256())
_reader = PyJWS()


def open_badges_jwt(document: Credential, key: JwtKey) -> str:
    """Embedded proofs are left out: the JWT is the proof."""
    bare = plain(msgspec.structs.replace(document, proof=()))
    payload = msgspec.json.encode({**bare, **_claims(bare)})
    return _signer.encode(payload, key.private, "ES256", {"typ": "JWT", "kid": key.kid})


def vc_jwt(document: Credential, key: JwtKey) -> str:
    """Embedded proofs are left out: the JWT is the proof."""
    payload = encode(msgspec.structs.replace(document, proof=()))
    header = {"typ": "vc+jwt", "cty": "vc", "kid": key.kid}
    return _signer.encode(payload, key.private, "ES256", header)


def read_jwt(text: str) -> SignedJwt:
    """Raises: NotAJwt."""
    if len(text) > MAX_JWT:
        raise NotAJwt(f"the JWT is longer than {MAX_JWT} characters")
    try:
        parts = _reader.decode_complete(text, options={"verify_signature": False})
        claims = msgspec.json.decode(parts["payload"], type=dict[str, Any])
    except (PyJWTError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotAJwt(f"this is no JWT: {error}") from error
    header = parts["header"]
    if str(header.get("alg")) not in ALGORITHMS:
        raise NotAJwt(f"the algorithm {header.get('alg')!r} is not known here")
    profile: Profile = "vc_jose" if str(header.get("typ")) in VC_TYPES else "open_badges"
    document = claims if profile == "vc_jose" else _document(claims)
    return SignedJwt(
        text=text,
        profile=profile,
        algorithm=header["alg"],
        kid=_kid(header.get("kid"), document),
        document=document,
        claims=claims,
    )


def verify_jwt(jwt: SignedJwt, resolve_key: ResolveKey) -> JwtCheck:
    """ES256, RS256 and EdDSA. The caller looks at the document's times."""
    key = resolve_key(jwt.kid) if jwt.kid else None
    if key is None:
        return JwtCheck(kid=jwt.kid, problem="key_unknown")
    if not _is_signed(jwt, key):
        return JwtCheck(kid=jwt.kid, problem="signature_invalid")
    if key.controller != issuer_id(jwt.document) or not key.asserts:
        detail = f"the key is of {key.controller}"
        return JwtCheck(kid=jwt.kid, problem="key_not_of_issuer", detail=detail)
    if key.compromised:
        return JwtCheck(kid=jwt.kid, problem="key_compromised")
    differing = sorted(
        name
        for name, value in _claims(jwt.document).items()
        if jwt.claims.get(name, value) != value
    )
    if differing:
        return JwtCheck(kid=jwt.kid, problem="claims_differ", detail=", ".join(differing))
    return JwtCheck(kid=jwt.kid)


def _claims(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the document says, as registered claims; nbf and exp in whole seconds."""
    subject = document.get("credentialSubject")
    claims = {
        "iss": issuer_id(document),
        "jti": document.get("id"),
        "nbf": _seconds(document.get("validFrom", document.get("issuanceDate"))),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
        "exp": _seconds(document.get("validUntil", document.get("expirationDate"))),
    }
    return {name: value for name, value in claims.items() if value is not None}


def _seconds(moment: Any) -> int | None:
    try:
        read = datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        return None
    return int(read.timestamp()) if read.tzinfo else None


def _document(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the claims; the data model 1.1 had it in `vc`."""
    inside = claims.get("vc")
    if isinstance(inside, dict):
        return inside
    return {name: value for name, value in claims.items() if name not in REGISTERED}


def _kid(kid: Any, document: Mapping[str, Any]) -> str:
    """The key's whole URL; empty when the header names none."""
    if not isinstance(kid, str):
        return ""
    return (issuer_id(document) or "") + kid if kid.startswith("#") else kid


def _is_signed(jwt: SignedJwt, key: VerificationKey) -> bool:
    if not isinstance(key.public, ALGORITHMS[jwt.algorithm]) or not _is_strong(key):
        return False
    try:
        _reader.decode(jwt.text, key.public, algorithms=[jwt.algorithm])
    except PyJWTError:
        return False
    return True


def _is_strong(key: VerificationKey) -> bool:
    public = key.public
    if isinstance(public, RSAPublicKey):
        return public.key_size >= MIN_RSA
    return not isinstance(public, EllipticCurvePublicKey) or isinstance(public.curve, SECP256R1)
