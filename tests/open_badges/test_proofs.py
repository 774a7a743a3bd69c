"""A signed document is believed as it is, and not otherwise."""

import copy
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.open_badges.badges import AWARDED, ISSUER, ed25519, es256, first_aid, status_list
from tests.open_badges.changes import single_changes

from milepost.credentials.open_badges import bitstring
from milepost.credentials.open_badges.documents import encode
from milepost.credentials.open_badges.errors import NotCanonical
from milepost.credentials.open_badges.proof import key_urls, sign, verify_proof

KEY = ed25519()
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SIGNED = sign(first_aid(), KEY, AWARDED)
DOCUMENT = json.loads(encode(SIGNED))


def problem(document, resolve=KEY.resolve):
    (check,) = verify_proof(document, resolve, NOW)
    return check.problem


def without(path):
    document = copy.deepcopy(DOCUMENT)
    place = document
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return document


def test_a_signed_badge_is_believed():
    assert problem(DOCUMENT) is None
    assert key_urls(DOCUMENT) == (KEY.kid,)


def test_the_same_badge_has_the_same_bytes():
    assert encode(sign(first_aid(), KEY, AWARDED)) == encode(SIGNED)
    later = sign(first_aid(), KEY, AWARDED + timedelta(seconds=1))
    assert encode(later) != encode(SIGNED)


def test_no_single_field_can_be_changed_or_left_out():
    changes = list(single_changes(DOCUMENT))
    assert len(changes) > 60
    assert [one.path for one in changes if problem(one.document) is None] == []
    assert [one.path for one in changes if problem(without(one.path)) is None] == []


def test_a_status_list_is_signed_in_the_same_way():
    signed = sign(status_list(bitstring.encode(bitstring.bitstring([3]))), KEY, AWARDED)
    assert problem(json.loads(encode(signed))) is None


def test_a_second_proof_stands_beside_the_first():
    other = ed25519(8)
    twice = json.loads(encode(sign(SIGNED, other, AWARDED)))
    checks = verify_proof(twice, lambda url: KEY.resolve(url) or other.resolve(url), NOW)
    assert [(check.method, check.problem) for check in checks] == [
        (KEY.kid, None),
        (other.kid, None),
    ]


def test_no_proof_is_no_check():
    assert verify_proof(without(("proof",)), KEY.resolve, NOW) == ()


def altered_key(**changes):
    return lambda _: msgspec.structs.replace(KEY.verification, **changes)


@pytest.mark.parametrize(
    ("resolve", "expected"),
    [
        (lambda _: None, "key_unknown"),
        (altered_key(public=ed25519(8).private.public_key()), "signature_invalid"),
        (altered_key(public=es256().private.public_key()), "unsupported_suite"),
        (altered_key(controller="https://elsewhere.example"), "key_not_of_issuer"),
        (altered_key(asserts=False), "key_not_of_issuer"),
        (altered_key(compromised=True), "key_compromised"),
    ],
)
def test_the_key_must_be_the_issuers(resolve, expected):
    assert problem(DOCUMENT, resolve) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "Ed25519Signature2020"}, "unsupported_suite"),
        ({"cryptosuite": "ecdsa-sd-2023"}, "unsupported_suite"),
        ({"cryptosuite": ["eddsa-rdfc-2022"]}, "unsupported_suite"),
        ({"proofPurpose": "authentication"}, "wrong_purpose"),
        ({"expires": "2026-05-31T00:00:00Z"}, "proof_expired"),
        ({"expires": "2026-05-31T00:00:00"}, "proof_malformed"),
        ({"expires": 5}, "proof_malformed"),
        ({"previousProof": "urn:uuid:none"}, "proof_malformed"),
        ({"previousProof": 5}, "proof_malformed"),
        ({"proofValue": "mAAAA"}, "proof_malformed"),
        ({"proofValue": "z0OIl"}, "proof_malformed"),
        ({"proofValue": None}, "proof_malformed"),
        ({"proofValue": "z1"}, "signature_invalid"),
        ({"verificationMethod": 5}, "key_unknown"),
        ({"@context": "https://www.w3.org/ns/credentials/v2"}, "proof_malformed"),
        ({"colour": "red"}, "not_canonical"),
    ],
)
def test_a_proof_of_another_kind_is_named(change, expected):
    document = copy.deepcopy(DOCUMENT)
    document["proof"][0].update(change)
    assert problem(document) == expected


@pytest.mark.parametrize("proof", [5, "text", [[]], [None] * 17])
def test_what_is_no_proof_is_malformed(proof):
    checks = verify_proof({**DOCUMENT, "proof": proof}, KEY.resolve, NOW)
    assert {check.problem for check in checks} == {"proof_malformed"}
    assert len(checks) <= 17


@pytest.mark.parametrize("issuer", [None, 5, {"id": 5}, [ISSUER]])
def test_an_issuer_that_is_none_controls_no_key(issuer):
    assert problem({**DOCUMENT, "issuer": issuer}) is not None


def test_an_address_that_is_none_cannot_be_signed():
    with pytest.raises(NotCanonical) as refused:
        sign(first_aid(id="not an address"), KEY, AWARDED)
    assert refused.value.path == "id"
