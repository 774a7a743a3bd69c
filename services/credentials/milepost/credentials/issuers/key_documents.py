"""The documents in which an issuer publishes its keys, old ones too. Pure.

A key that was compromised is not published: nothing that it signed is believed.
Source: Controlled Identifiers 1.0, did:web.
"""

from base64 import urlsafe_b64encode
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from milepost.credentials.issuers.addresses import Addresses
from milepost.credentials.issuers.badges import Body, profile_of
from milepost.credentials.issuers.issuer import Issuer, Key, Profile
from milepost.credentials.open_badges.multikey import public_key

CONTEXTS = (
    "https://www.w3.org/ns/cid/v1",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
DID_CONTEXTS = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")


def identifier(tenant: str, code: str, profile: Profile, addresses: Addresses) -> str:
    """By which an issuer of this profile goes in badges."""
    return addresses.did(tenant, code) if profile.did else addresses.issuer(tenant, code)


def profile_document(
    tenant: str, code: str, issuer: Issuer, addresses: Addresses
) -> dict[str, Any]:
    """What is at the issuer's https address: who it is, and its keys."""
    own = addresses.issuer(tenant, code)
    body = Body(code, own, issuer.named(tenant))
    profile: dict[str, Any] = msgspec.to_builtins(profile_of(tenant, body, addresses))
    also = [addresses.did(tenant, code)]
    return {"@context": list(CONTEXTS), **profile, "alsoKnownAs": also, **_methods(own, issuer)}


def did_document(tenant: str, code: str, issuer: Issuer, addresses: Addresses) -> dict[str, Any]:
    did = addresses.did(tenant, code)
    also = [addresses.issuer(tenant, code)]
    return {
        "@context": list(DID_CONTEXTS),
        "id": did,
        "alsoKnownAs": also,
        **_methods(did, issuer),
    }


def _methods(controller: str, issuer: Issuer) -> dict[str, Any]:
    keys = [one for one in issuer.keys if not one.compromised]
    methods = [_method(controller, one) for one in keys]
    return {
        "verificationMethod": methods,
        "assertionMethod": [one["id"] for one in methods],
    }


def _method(controller: str, key: Key) -> dict[str, Any]:
    base = {"id": f"{controller}#{key.key}", "controller": controller}
    if key.algorithm == "Ed25519":
        return {**base, "type": "Multikey", "publicKeyMultibase": key.key}
    return {**base, "type": "JsonWebKey", "publicKeyJwk": jwk(key.key)}


def jwk(key: str) -> dict[str, str]:
    """Of a Multikey."""
    public = public_key(key)
    if isinstance(public, Ed25519PublicKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": _base64(raw), "alg": "EdDSA", "use": "sig"}
    assert isinstance(public, EllipticCurvePublicKey)
    numbers = public.public_numbers()
    x, y = (_base64(one.to_bytes(32)) for one in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "use": "sig"}


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
