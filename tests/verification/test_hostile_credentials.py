"""Credentials that were made to deceive or to cost: refused in words, and nobody else waits."""

import base64
import hmac
import json
import zlib
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.loop_lag import loop_free
from tests.verification.issuing import AT, ISSUER, LIST, Issuer, entry, reasons, verified

from milepost.credentials.open_badges.baking import KEYWORD, PNG
from milepost.credentials.verification.presented import MAX_BYTES

SCHOOL = Issuer()
FORGER = Issuer("https://evil.example/1")
SCHOOL_LIST = SCHOOL.status_list()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">'


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def payload() -> Any:
    return jwt.decode(SCHOOL.vc_jwt(), options={"verify_signature": False})


def by_forger(header: dict[str, Any], **changed: Any) -> str:
    """Signed by a key of the forger's, whatever the header says."""
    return jwt.encode({**payload(), **changed}, FORGER.ec, "ES256", header)


def unsigned(algorithm: Any) -> str:
    head = {"alg": algorithm, "typ": "vc+jwt", "kid": SCHOOL.jwt_key.kid}
    return f"{part(head)}.{part(payload())}."


def confused() -> str:
    """HMAC with the public key as the secret: what a careless verifier takes for a signature."""
    head = {"alg": "HS256", "typ": "vc+jwt", "kid": SCHOOL.jwt_key.kid}
    text = f"{part(head)}.{part(payload())}"
    public = SCHOOL.ec.public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return f"{text}.{part(hmac.digest(secret, text.encode(), sha256))}"


def jwk_of(key: Any) -> Any:
    return jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)


OWN_KID = {"typ": "vc+jwt", "kid": SCHOOL.jwt_key.kid}
LIES: dict[str, str] = {
    "none": unsigned("none"),
    "None": unsigned("NONE"),
    "no algorithm": unsigned(None),
    "one that is long": unsigned("\x1b[2J" + "x" * 100_000),
    "a list": unsigned(["ES256"]),
    "hmac": confused(),
    "a key in the header": by_forger({**OWN_KID, "jwk": jwk_of(FORGER.ec)}),
    "keys elsewhere": by_forger({**OWN_KID, "jku": "https://evil.example/keys"}),
    "certificates elsewhere": by_forger({**OWN_KID, "x5u": "https://evil.example/x5c"}),
    "another's key": by_forger({"typ": "vc+jwt", "kid": FORGER.jwt_key.kid}),
    "a key by another name": by_forger({"typ": "vc+jwt", "kid": f"{FORGER.id}#{ISSUER}"}),
    "a fragment alone": by_forger({"typ": "vc+jwt", "kid": "#" + FORGER.jwt_key.kid}),
    "no key": by_forger({"typ": "vc+jwt"}),
    "two issuers": by_forger(
        {"typ": "JWT", "kid": FORGER.jwt_key.kid}, iss=ISSUER, issuer={"id": FORGER.id}
    ),
    "a credential within": by_forger(
        {"typ": "JWT", "kid": FORGER.jwt_key.kid}, iss=FORGER.id, vc=payload()
    ),
}


@pytest.mark.parametrize("lie", LIES)
async def test_no_jwt_of_a_forger_is_valid(lie: str):
    """Though the forger's own documents are at hand; only the school is trusted."""
    report = await verified(LIES[lie], SCHOOL, FORGER, trusted=[ISSUER])
    assert report.verdict != "valid", report
    assert report.summary.isprintable()
    assert len(report.summary) < 2_000
    if lie not in {"no key", "a fragment alone", "a key by another name"}:
        assert report.verdict == "not_valid", report


async def test_claims_beside_the_credential_count_when_they_are_stricter():
    claims = payload() | {"exp": int((AT - timedelta(days=1)).timestamp())}
    text = jwt.encode(claims, SCHOOL.ec, "ES256", OWN_KID)
    assert reasons(await verified(text, SCHOOL)) == {"dates": "expired"}
    differing = {**payload(), "jti": "urn:uuid:another"}
    text = jwt.encode(differing, SCHOOL.ec, "ES256", OWN_KID)
    assert reasons(await verified(text, SCHOOL)) == {"proof": "claims_differ"}


@pytest.mark.parametrize(
    "text",
    [
        '{"issuer": {"id": "https://evil.example"}, "issuer": ',
        json.dumps({"@context": []})[:-1] + ', "@context": []}',
        ".".join((part({"alg": "ES256"}), part(b'{"a":1,"a":2}'), part(b"x"))),
        ".".join((part(b'{"alg":"none","alg":"ES256"}'), part({}), part(b"x"))),
        "eyJ.eyJ", "a.b.c.d", "", "null", "[]", '"x"', "<html></html>", "\x00", "é.é.é",
        '{"type": "VerifiablePresentation", "verifiableCredential": [{}, {}]}',
        '{"type": "EnvelopedVerifiableCredential", "id": "data:text/html,x"}',
        '{"type": "EnvelopedVerifiableCredential", "id": "https://a.example/vc.jwt"}',
        '{"@context":' * 100_000,
    ],
)  # fmt: skip
async def test_what_holds_no_credential_is_told_so(text: str):
    report = await verified(text)
    assert report.verdict == "not_valid"
    assert report.checks[0].check == "format"


@pytest.mark.parametrize(
    "document",
    [
        {}, {"proof": 1}, {"proof": [None]}, {"issuer": []}, {"credentialSubject": 1},
        {"credentialStatus": [1, None, {}]}, {"@context": {"@vocab": "https://a.example/"}},
        {"endorsement": [1, {"proof": {"verificationMethod": 1}}]}, {"type": {"a": 1}},
        {"credentialSubject": {"achievement": {"endorsement": 1, "creator": []}, "identifier": 1}},
        {"issuer": {"id": {"id": 1}, "endorsement": {"endorsement": {}}}}, {"validFrom": 1e300},
        {"proof": {"type": "DataIntegrityProof", "verificationMethod": ["x"], "created": {}}},
        {"proof": [{}] * 5_000}, {"@context": ["https://www.w3.org/ns/credentials/v2"] * 5_000},
    ],
    ids=range(15),
)  # fmt: skip
async def test_a_document_of_any_shape_has_a_report(document: dict[str, Any]):
    for what in (document, SCHOOL.signed() | document):
        report = await verified(what, SCHOOL, recipient="ann@example.org")
        if document:
            assert report.verdict != "valid"
            assert len(report.checks) == 10


async def test_names_that_steer_or_hide_are_shown_as_they_are():
    document = SCHOOL.signed()
    document["name"] = "SQL\x1b[2J\u202egnp"
    document["issuer"]["id"] = "https://badges.example.edu\u200b/issuers/1"
    report = await verified(document, SCHOOL)
    assert report.verdict == "not_valid"
    assert report.credential is not None
    assert report.credential.name == "SQL\\x1b[2J\\u202egnp"
    assert report.credential.issuer == "https://badges.example.edu\\u200b/issuers/1"
    assert all(one.words.isprintable() for one in report.checks)


async def test_an_issuer_that_looks_alike_is_another():
    lookalike = Issuer("https://bаdges.example.edu/issuers/1")
    report = await verified(lookalike.signed(), SCHOOL, trusted=[ISSUER])
    assert report.verdict != "valid"


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png(*chunks: bytes) -> bytes:
    return PNG + chunk(b"IHDR", bytes(13)) + b"".join(chunks) + chunk(b"IEND", b"")


def badges_of(achievement: dict[str, Any], proofs: int = 1) -> dict[str, Any]:
    document = SCHOOL.signed()
    document["credentialSubject"]["achievement"].update(achievement)
    document["proof"] = document["proof"] * proofs
    return document


def alignments(number: int, **more: Any) -> dict[str, Any]:
    """Nodes without an id: canonical labels are what costs."""
    one = {"type": ["Alignment"], "targetUrl": "https://a.example/"}
    return {"alignment": [{**one, "targetName": f"{n}", **more} for n in range(number)]}


def alike(number: int, depth: int) -> dict[str, Any]:
    """A tree of nodes that look all the same: orders upon orders of them."""
    profile: dict[str, Any] = {"type": ["Profile"], "name": "x"}
    for _ in range(depth):
        profile = {"type": ["Profile"], "parentOrg": [profile] * number}
    return {"creator": profile}


COSTLY: dict[str, Callable[[], Any]] = {
    "many nodes, often signed": lambda: badges_of(alignments(900), proofs=16),
    "too many nodes": lambda: badges_of(alignments(3_000)),
    "nodes alike": lambda: badges_of(alike(6, 4)),
    "nodes alike, deep": lambda: badges_of(alike(2, 9)),
    "many tags": lambda: badges_of({"tag": [f"{n}" for n in range(9_900)]}, proofs=16),
    "many types": lambda: badges_of(alignments(900, type=["Alignment", "urn:x:1"])),
    "one long text": lambda: badges_of({"description": "\n" * 450_000}),
    "an image's bytes": lambda: badges_of({"image": {"id": "data:," + "x" * 900_000}}),
    "large": lambda: b" " * (MAX_BYTES + 1),
    "many brackets": lambda: b'{"a":' + b"[" * 900_000,
    "packed": lambda: png(
        chunk(b"iTXt", KEYWORD + b"\0\1\0\0\0" + zlib.compress(bytes(200_000_000), 9))
    ),
    "many chunks": lambda: png(chunk(b"tEXt", b"") * 300_000),
    "many elements": lambda: SVG + b"<a/>" * 350_000 + b"</svg>",
    "deep elements": lambda: SVG + b"<a>" * 400_000,
    "many attributes": lambda: SVG + b"<a " + b" ".join(
        b'a%d=""' % n for n in range(120_000)
    ) + b"/></svg>",
    "entities": lambda: b'<!DOCTYPE svg [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
async def test_what_costs_is_bounded_and_holds_up_nobody(name: str):
    made = COSTLY[name]()
    data = json.dumps(made).encode() if isinstance(made, dict) else made
    async with loop_free():
        report = await verified(data, SCHOOL)
    assert report.verdict != "valid"


async def test_a_packed_status_list_is_bounded():
    packed = zlib.compress(bytes(300_000_000), 9, wbits=31)
    document = json.loads(SCHOOL.status_list())
    document["credentialSubject"]["encodedList"] = "u" + part(packed)
    badge = SCHOOL.signed(credential_status=entry())
    async with loop_free():
        report = await verified(badge, SCHOOL, documents={LIST: json.dumps(document).encode()})
    assert reasons(report) == {"status": "status_unknown"}


PLACES = (
    *(("issuer",), ("credentialSubject",), ("credentialSubject", "achievement"), ("proof", 0)),
    *(("credentialSubject", "identifier"), ("@context",), ()),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PLACES), st.data(), JSON)
async def test_whatever_is_put_in_its_place_it_is_not_valid(place: Any, data: Any, value: Any):
    """Every member can be anything: a report comes of it, and no harm."""
    document: Any = SCHOOL.signed(credential_status=entry())
    where = document
    for name in place:
        where = where[name]
    names = [*where, "another"] if isinstance(where, dict) else [*range(len(where))]
    name = data.draw(st.sampled_from(names))
    unchanged = isinstance(where, list) or name in where
    assume(not (unchanged and where[name] == value))
    where[name] = value
    try:
        text = json.dumps(document).encode()
    except ValueError:
        return
    report = await verified(text, SCHOOL, documents={LIST: SCHOOL_LIST})
    if report.verdict == "valid":  # a member without a value is none
        assert value is None or value in ([], {})
        assert name not in {"proof", "issuer", "validFrom"}
