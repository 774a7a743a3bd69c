"""The keys of issuers, out of the documents in which they publish them. Pure.

    key's URL           document                              belongs to
    did:key:z6Mk…       none: the URL is the key              itself
    did:web:a.example#k https://a.example/.well-known/did.json  the DID
    https://a.example/i#k  https://a.example/i                  that address
    https://a.example/k    the same, a key that names `controller`: whose document must list it

A key belongs to whose own document lists it, found at the address that is its id: anybody can
write another's name into a document. Source: Controlled Identifiers 1.0, sections 3.3 and 3.4.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from milepost.credentials.open_badges.errors import NotAKey
from milepost.credentials.open_badges.keys import VerificationKey
from milepost.credentials.open_badges.multikey import PublicKey, did_key, public_key
from milepost.credentials.verification.checks.shape import many
from milepost.credentials.verification.texts.times import parse_time

RSA_BITS: Final = range(2_048, 8_193)
MAX_METHODS: Final = 1_000
_WEB: Final = "did:web:"


class NotListed(NotAKey):
    """The issuer's own document is at hand, and does not list the key."""


class DocumentWanted(Exception):
    """The document with this id was not handed in: it may be ours, or at `address_of(id)`."""

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier


def address_of(identifier: str) -> str:
    """Where the document with this id is. Raises `NotAKey` for ids of a kind not known here."""
    if identifier.startswith("https://"):
        return identifier
    if not identifier.startswith(_WEB):
        raise NotAKey("its address is neither https, did:web nor did:key")
    host, *path = identifier.removeprefix(_WEB).split(":")
    parts = [unquote(host), *(path or [".well-known"]), "did.json"]
    if any(not part or "/" in part or "?" in part or part in {".", ".."} for part in parts):
        raise NotAKey("its did:web is malformed")
    return "https://" + "/".join(parts)


def find_key(
    method: str, documents: Mapping[str, Mapping[str, Any]], at: datetime
) -> VerificationKey:
    """`documents` by their ids. Raises `NotAKey`, `DocumentWanted`."""
    identifier = method.partition("#")[0]
    if identifier.startswith("did:key:"):
        return VerificationKey(public=did_key(method), controller=identifier)
    document = _document(identifier, documents)
    if method == document.get("id") and "controller" in document and _is_key(document):
        controller, entry = str(document["controller"]), document
        owner = _document(controller, documents)
    else:
        controller, owner = identifier, document
        entry = _entry(method, document)
        if entry.get("controller", identifier) != identifier:
            raise NotAKey("it is controlled by somebody other than who publishes it")
    ended = any(name in entry and not _is_later(entry[name], at) for name in ("revoked", "expires"))
    return VerificationKey(
        public=_public(entry), controller=controller, asserts=_asserts(method, owner) and not ended
    )


def _document(identifier: str, documents: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    if identifier not in documents:
        raise DocumentWanted(identifier)
    document = documents[identifier]
    if document.get("id") != identifier:
        raise NotAKey("the document at its address is about something else")
    return document


def _entry(method: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    for one in (*_listed(document, "verificationMethod"), *_listed(document, "assertionMethod")):
        if isinstance(one, dict) and _absolute(one.get("id"), document) == method:
            return one
    raise NotListed("its issuer's document does not list it")


def _asserts(method: str, document: Mapping[str, Any]) -> bool:
    return any(
        _absolute(one.get("id") if isinstance(one, dict) else one, document) == method
        for one in _listed(document, "assertionMethod")
    )


def _listed(document: Mapping[str, Any], relation: str) -> Iterator[Any]:
    yield from many(document.get(relation))[:MAX_METHODS]


def _absolute(reference: Any, document: Mapping[str, Any]) -> Any:
    if isinstance(reference, str) and reference.startswith("#"):
        return f"{document.get('id')}{reference}"
    return reference


def _is_key(document: Mapping[str, Any]) -> bool:
    return "publicKeyMultibase" in document or "publicKeyJwk" in document


def _is_later(value: Any, at: datetime) -> bool:
    found = parse_time(value)
    return found is not None and found > at


def _public(entry: Mapping[str, Any]) -> PublicKey | RSAPublicKey:
    text, jwk = entry.get("publicKeyMultibase"), entry.get("publicKeyJwk")
    if isinstance(text, str) and jwk is None:
        return public_key(text)
    if isinstance(jwk, dict) and text is None:
        return _of_jwk(jwk)
    raise NotAKey("it is in a form that is not known here")


def _of_jwk(jwk: Mapping[str, Any]) -> PublicKey | RSAPublicKey:
    """A JWK of what is known here; one with a private part was given away. Raises `NotAKey`."""
    if "d" in jwk:
        raise NotAKey("its private part is published")
    kinds: Mapping[str, Any] = {"OKP": OKPAlgorithm, "EC": ECAlgorithm, "RSA": RSAAlgorithm}
    algorithm = kinds.get(str(jwk.get("kty")))
    if algorithm is None:
        raise NotAKey("it is of a kind that is not known here")
    try:
        key = algorithm.from_jwk(dict(jwk))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotAKey("its JWK is malformed") from error
    match key:
        case Ed25519PublicKey():
            return key
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return key
        case RSAPublicKey() if key.key_size in RSA_BITS:
            return key
    raise NotAKey("it is of a kind that is not known here")
