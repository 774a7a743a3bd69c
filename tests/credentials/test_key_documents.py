"""Whose key it is: only the issuer's own document, at its own address, can say so."""

from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from milepost.credentials.open_badges.errors import NotAKey
from milepost.credentials.open_badges.multikey import multikey
from milepost.credentials.verification.key_documents import DocumentWanted, address_of, find_key

AT = datetime(2026, 9, 1, tzinfo=UTC)
ED = ed25519.Ed25519PrivateKey.generate()
EC = ec.generate_private_key(ec.SECP256R1())
KEY = multikey(ED.public_key())
ISSUER = "https://badges.example.edu/i/1"
METHOD = f"{ISSUER}#{KEY}"


def profile(issuer: str = ISSUER, **changed: Any) -> dict[str, Any]:
    method = f"{issuer}#{KEY}"
    key = {"id": method, "type": "Multikey", "controller": issuer, "publicKeyMultibase": KEY}
    return {
        "id": issuer,
        "verificationMethod": [{**key, **changed.pop("key", {})}],
        "assertionMethod": [method],
        **changed,
    }


def found(method: str, *documents: dict[str, Any]):
    return find_key(method, {one["id"]: one for one in documents}, AT)


def test_a_did_key_is_its_own_document():
    key = found(f"did:key:{KEY}#{KEY}")
    assert key.public.public_bytes_raw() == ED.public_key().public_bytes_raw()
    assert (key.controller, key.asserts) == (f"did:key:{KEY}", True)


@pytest.mark.parametrize("issuer", [ISSUER, "did:web:badges.example.edu:i:1"])
def test_an_issuer_lists_its_key(issuer: str):
    key = found(f"{issuer}#{KEY}", profile(issuer))
    assert (key.controller, key.asserts) == (issuer, True)


def test_it_may_be_embedded_or_relative():
    relative = profile(key={"id": f"#{KEY}"}, assertionMethod=f"#{KEY}")
    embedded = profile(assertionMethod=profile()["verificationMethod"], verificationMethod=[])
    assert found(METHOD, relative).asserts
    assert found(METHOD, embedded).asserts


def test_a_key_at_an_address_of_its_own_is_whose_document_lists_it():
    own = "https://keys.example.edu/1"
    key = {"id": own, "type": "Multikey", "controller": ISSUER, "publicKeyMultibase": KEY}
    listing = {"id": ISSUER, "assertionMethod": [own]}
    assert found(own, key, listing).controller == ISSUER
    assert found(own, key, listing).asserts
    assert not found(own, key, {"id": ISSUER, "assertionMethod": []}).asserts
    with pytest.raises(DocumentWanted, match=ISSUER):
        found(own, key)


@pytest.mark.parametrize(
    "document",
    [
        profile("https://evil.example/i") | {"id": ISSUER, "assertionMethod": [METHOD]},
        profile(key={"controller": "https://badges.example.edu/i/2"}),
        profile(key={"publicKeyMultibase": "zNonsense"}),
        profile(key={"publicKeyMultibase": "u" + KEY}),
        profile(key={"publicKeyMultibase": None}),
        profile(key={"publicKeyJwk": {"kty": "OKP"}}),
        profile(verificationMethod=[METHOD]),
        profile(verificationMethod={"id": 1}),
        {"id": ISSUER},
    ],
    ids=range(9),
)
def test_what_an_issuer_does_not_list_is_not_its_key(document: dict[str, Any]):
    with pytest.raises(NotAKey):
        found(METHOD, document)


def test_the_document_at_an_address_must_be_about_it():
    with pytest.raises(NotAKey, match="something else"):
        find_key(METHOD, {ISSUER: profile("https://evil.example/i")}, AT)


@pytest.mark.parametrize(
    ("changed", "asserts"),
    [
        ({"assertionMethod": []}, False),
        ({"assertionMethod": None, "authentication": [METHOD]}, False),
        ({"key": {"revoked": "2026-08-31T00:00:00Z"}}, False),
        ({"key": {"expires": "2026-08-31T00:00:00Z"}}, False),
        ({"key": {"expires": "nonsense"}}, False),
        ({"key": {"expires": "2027-01-01T00:00:00Z"}}, True),
    ],
)
def test_a_key_asserts_while_its_issuer_lets_it(changed: dict[str, Any], asserts: bool):
    assert found(METHOD, profile(**changed)).asserts is asserts


def jwk(key: Any) -> Any:
    algorithm: Any = jwt.algorithms.OKPAlgorithm
    if isinstance(key, ec.EllipticCurvePublicKey):
        algorithm = jwt.algorithms.ECAlgorithm
    elif isinstance(key, rsa.RSAPublicKey):
        algorithm = jwt.algorithms.RSAAlgorithm
    return algorithm.to_jwk(key, as_dict=True)


def with_jwk(key: Any) -> dict[str, Any]:
    document = profile()
    del document["verificationMethod"][0]["publicKeyMultibase"]
    document["verificationMethod"][0]["publicKeyJwk"] = jwk(key)
    return document


def test_keys_may_be_jwks():
    strong = rsa.generate_private_key(65537, 2048).public_key()
    for key in (ED.public_key(), EC.public_key(), strong):
        assert found(METHOD, with_jwk(key)).public == key


@pytest.mark.parametrize(
    "key",
    [
        ED,
        rsa.generate_private_key(65537, 1024).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
    ],
    ids=["private", "short", "other curve"],
)
def test_jwks_that_nobody_should_use_are_refused(key: Any):
    with pytest.raises(NotAKey):
        found(METHOD, with_jwk(key))


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("https://a.example/i", "https://a.example/i"),
        ("did:web:a.example", "https://a.example/.well-known/did.json"),
        ("did:web:a.example%3A8443:i:1", "https://a.example:8443/i/1/did.json"),
    ],
)
def test_where_a_document_is(identifier: str, address: str):
    assert address_of(identifier) == address


@pytest.mark.parametrize(
    "identifier",
    ["did:web:", "did:web:a::b", "did:web:a:..:b", "did:web:a%2Fb", "did:example:1", "xxx:1",
     "http://a.example/i", "z6Mk", "", "urn:uuid:1", "did:web:a?b"],
)  # fmt: skip
def test_what_is_nowhere(identifier: str):
    with pytest.raises(NotAKey):
        address_of(identifier)
