"""Credentials as JWTs, in both profiles."""

import json
from datetime import UTC, datetime

import jwt as pyjwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.open_badges.badges import AWARDED, ENDS, ISSUER, ed25519, es256, first_aid

from milepost.credentials.open_badges.documents import encode, plain
from milepost.credentials.open_badges.errors import NotAJwt
from milepost.credentials.open_badges.jwt import (
    MAX_JWT,
    SignedJwt,
    open_badges_jwt,
    read_jwt,
    vc_jwt,
    verify_jwt,
)
from milepost.credentials.open_badges.keys import VerificationKey
from milepost.credentials.open_badges.proof import sign

KEY = es256()
BADGE = first_aid()
AS_JSON = json.loads(encode(BADGE))
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PROFILES = [open_badges_jwt, vc_jwt]


def problem(text, resolve=KEY.resolve):
    return verify_jwt(read_jwt(text), resolve).problem


def jwt_of(payload, key=KEY.private, algorithm="ES256", **header):
    return pyjwt.encode(payload, key, algorithm, {"kid": KEY.kid, **header})


def resolve_to(**changes):
    return lambda _: msgspec.structs.replace(KEY.verification, **changes)


def test_open_badges_has_claims_beside_the_credential():
    text = open_badges_jwt(sign(BADGE, ed25519(), AWARDED), KEY)
    assert pyjwt.get_unverified_header(text) == {"alg": "ES256", "typ": "JWT", "kid": KEY.kid}
    claims = pyjwt.decode(text, KEY.private.public_key(), ["ES256"], {"verify_exp": False})
    assert claims == {
        **AS_JSON,
        "iss": ISSUER,
        "jti": BADGE.id,
        "nbf": int(AWARDED.timestamp()),
        "exp": int(ENDS.timestamp()),
    }


def test_the_subject_is_a_claim_where_it_has_an_id():
    subject = msgspec.structs.replace(BADGE.credential_subject, id="did:key:z6Mk")
    jwt = read_jwt(open_badges_jwt(first_aid(credential_subject=subject), KEY))
    assert jwt.claims["sub"] == "did:key:z6Mk"
    assert verify_jwt(jwt, KEY.resolve).problem is None


def test_vc_jose_has_the_credential_alone():
    text = vc_jwt(BADGE, KEY)
    header = {"alg": "ES256", "typ": "vc+jwt", "cty": "vc", "kid": KEY.kid}
    assert pyjwt.get_unverified_header(text) == header
    assert read_jwt(text).claims == AS_JSON


@pytest.mark.parametrize("made", PROFILES)
def test_the_same_badge_has_the_same_jwt_and_is_believed(made):
    text = made(BADGE, KEY)
    assert text == made(BADGE, KEY)
    assert problem(text) is None
    assert read_jwt(text).document == AS_JSON


@pytest.mark.parametrize("made", PROFILES)
@pytest.mark.parametrize(
    ("resolve", "expected"),
    [
        (lambda _: None, "key_unknown"),
        (resolve_to(public=es256(9).private.public_key()), "signature_invalid"),
        (resolve_to(public=ed25519().private.public_key()), "signature_invalid"),
        (resolve_to(controller="https://elsewhere.example"), "key_not_of_issuer"),
        (resolve_to(asserts=False), "key_not_of_issuer"),
        (resolve_to(compromised=True), "key_compromised"),
    ],
)
def test_the_key_must_be_the_issuers(made, resolve, expected):
    assert problem(made(BADGE, KEY), resolve) == expected


@pytest.mark.parametrize("made", PROFILES)
@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_part_of_it_can_be_changed(made, part):
    parts = made(BADGE, KEY).split(".")
    middle = len(parts[part]) // 2
    letter = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + letter + parts[part][middle + 1 :]
    try:
        jwt: SignedJwt | None = read_jwt(".".join(parts))
    except NotAJwt:
        jwt = None
    assert jwt is None or verify_jwt(jwt, KEY.resolve).problem is not None


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://elsewhere.example"),
        ("jti", "urn:uuid:other"),
        ("nbf", 5),
        ("exp", int(ENDS.timestamp()) + 1),
    ],
)
def test_claims_that_contradict_the_credential_are_named(claim, value):
    check = verify_jwt(read_jwt(jwt_of({**AS_JSON, claim: value})), KEY.resolve)
    assert (check.problem, check.detail) == ("claims_differ", claim)


def test_rs256_is_read_as_open_badges_allows_it():
    key = VerificationKey(public=RSA.public_key(), controller=ISSUER)
    text = jwt_of(AS_JSON, RSA, "RS256")
    assert problem(text, lambda _: key) is None
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    weak = msgspec.structs.replace(key, public=short)
    assert problem(text, lambda _: weak) == "signature_invalid"


def test_a_jwt_of_the_data_model_1_1_is_read(standards):
    text = (standards / "examples" / "open-badges-3.0" / "simple.jwt.txt").read_text().strip()
    jwt = read_jwt(text)
    assert (jwt.profile, jwt.algorithm, jwt.kid) == ("open_badges", "RS256", "")
    assert jwt.document["id"] == jwt.claims["jti"] == "http://example.edu/credentials/3732"
    assert verify_jwt(jwt, KEY.resolve).problem == "key_unknown"


def test_a_kid_within_the_issuer_is_made_whole():
    fragment = "#" + KEY.kid.partition("#")[2]
    assert problem(jwt_of(AS_JSON, kid=fragment)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c",
        "....",
        pyjwt.encode({}, "k" * 32, "HS256"),
        pyjwt.encode({}, "", "none"),
        pyjwt.api_jws.encode(b"[]", KEY.private, "ES256"),
        pyjwt.api_jws.encode(b"\xff", KEY.private, "ES256"),
        "a" * (MAX_JWT + 1),
    ],
    ids=range(9),
)
def test_what_is_no_jwt_of_a_credential_is_refused(text):
    with pytest.raises(NotAJwt):
        read_jwt(text)


def test_the_claims_of_moments_are_whole_seconds():
    early = first_aid(valid_from=datetime(2026, 3, 1, 9, 30, 0, 999_999, tzinfo=UTC))
    jwt = read_jwt(open_badges_jwt(early, KEY))
    assert jwt.claims["nbf"] == int(AWARDED.timestamp())
    assert jwt.document == json.loads(msgspec.json.encode(plain(early)))
    assert verify_jwt(jwt, KEY.resolve).problem is None
