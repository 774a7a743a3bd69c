"""Random credentials of all shapes mean to strangers what they mean here."""

import json
import re
from contextlib import nullcontext
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import Draft201909Validator, ValidationError
from pyoxigraph import Literal, NamedNode, Quad
from tests.open_badges.badges import AWARDED, badges, credentials, ed25519, first_aid

from milepost.credentials.open_badges.documents import encode, plain
from milepost.credentials.open_badges.errors import NotCanonical
from milepost.credentials.open_badges.proof import sign
from milepost.credentials.open_badges.quads import canonical

STRICT = "ob_v3p0_achievementcredential_schema.json"
LAX = "ob_v3p0_achievementcredential_schema.json-ld.json"
MISTAKEN = re.compile("err-(context|credential-subject|evidence|issuer-|type)")
# Nothing is shrunk: PyLD is slow, and the credential says enough.
some = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.fixture(scope="module")
def schemas(standards):
    texts = ((standards / "schemas" / name).read_text("utf-8") for name in (STRICT, LAX))
    return [Draft201909Validator(json.loads(text), validate_formats=True) for text in texts]


def single(value):
    """As others write it: what is alone in a list stands without the list."""
    if isinstance(value, dict):
        return {name: single(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return single(value[0]) if len(value) == 1 else [single(inner) for inner in value]
    return value


@some
@given(credentials)
def test_quads_are_those_of_pyld(stranger, credential):
    document = json.loads(encode(credential))
    ours = canonical(document)
    assert ours.decode() == stranger(document)
    assert canonical(plain(credential)) == ours == canonical(single(document))


@some
@given(badges)
def test_badges_have_the_shape_that_open_badges_asks_for(schemas, badge):
    signed = json.loads(encode(sign(badge, ed25519(), AWARDED)))
    for schema in schemas:
        schema.validate(signed)


def test_the_schemas_can_fail(schemas):
    badge = plain(first_aid())
    del badge["credentialSubject"]["achievement"]["criteria"]
    for schema in schemas:
        with pytest.raises(ValidationError):
            schema.validate(json.loads(msgspec.json.encode(badge)))


def test_what_is_missing_is_left_out():
    text = encode(first_aid())
    assert b"null" not in text
    assert b"[]" not in text
    assert json.loads(text)["credentialSubject"]["type"] == ["AchievementSubject"]


def test_numbers_are_those_of_json():
    whole = msgspec.structs.replace(first_aid().credential_subject, credits_earned=2.0)
    assert b'"creditsEarned":2}' in encode(whole)


def examples(standards):
    """Those in words that are known here; the proof's own faults are the verifier's matter."""
    for path in sorted((standards / "examples").rglob("*.json")):
        document = json.loads(path.read_text("utf-8"))
        old = "2018/credentials/v1" in str(document["@context"])
        if not old and not MISTAKEN.search(path.name):
            yield path, {name: value for name, value in document.items() if name != "proof"}


def test_examples_of_others_mean_what_pyld_reads(standards, stranger):
    read = list(examples(standards))
    assert len(read) >= 20
    for path, document in read:
        assert canonical(document).decode() == stranger(document), path.name


def test_escapes_are_canonical():
    """Each character that must be escaped, as another library has them."""
    text = "".join(map(chr, range(1, 0x20))) + '"\\\x7f\x80\u2028\U0001f600'
    document = {"@context": [*first_aid().context], "id": "urn:a:b", "name": text}
    theirs = Quad(NamedNode("urn:a:b"), NamedNode("https://schema.org/name"), Literal(text))
    assert canonical(document).decode() == f"{theirs} .\n"


@pytest.mark.parametrize(("alike", "refused"), [(4, False), (9, True)])
def test_a_document_made_to_be_labelled_for_hours_is_refused(alike, refused):
    skill = {"type": "Alignment", "targetName": "x"}
    document: dict[str, Any] = {
        "@context": [*first_aid().context],
        "type": ["AchievementSubject"],
        "result": [{"type": "Result", "alignment": [skill] * alike}] * 2,
    }
    with pytest.raises(NotCanonical, match="alike") if refused else nullcontext():
        canonical(document)


@pytest.mark.parametrize(
    "many",
    [
        {"name": [f"{number}" for number in range(10_100)], "description": [{"type": "Criteria"}]},
        {"alignment": [{"type": "Alignment"}] * 1_001},
        {"allowedValue": ["x"] * 900, "type": "ResultDescription"},
    ],
)
def test_what_is_too_large_is_refused(many):
    with pytest.raises(NotCanonical):
        canonical({"@context": [*first_aid().context], **many})


def test_what_is_too_deep_is_refused():
    deep: dict[str, Any] = {"id": "urn:a:0"}
    for number in range(500):
        deep = {"id": f"urn:a:{number}", "endorsement": [deep]}
    with pytest.raises(NotCanonical, match="deeper"):
        canonical({"@context": [*first_aid().context], **deep})
