"""Whatever JSON somebody sends: a verdict or a named fault, never another error."""

import contextlib
import copy
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from tests.open_badges.badges import AWARDED, ed25519, first_aid
from tests.open_badges.changes import changed, leaves

from milepost.credentials.open_badges.documents import encode
from milepost.credentials.open_badges.errors import NotAJwt, NotCanonical
from milepost.credentials.open_badges.jwt import read_jwt, verify_jwt
from milepost.credentials.open_badges.proof import key_urls, sign, verify_proof
from milepost.credentials.open_badges.quads import canonical

KEY = ed25519()
DOCUMENT = json.loads(encode(sign(first_aid(), KEY, AWARDED)))
PATHS = [path for path, _ in leaves(DOCUMENT)]
# Also the paths of what holds the leaves.
PLACES = sorted({path[:length] for path in PATHS for length in range(1, len(path) + 1)}, key=str)
odd: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 0, -1, 2.5, 1e308, 10**400, 2**60, "", "urn:a:b", "_:b0", "\ud800", "@id"),
        *([], {}, [[]], [None], [{}], {"@value": []}, {"@value": "x", "@language": []}),
        *({"id": []}, {"type": {}}, {"@context": {}}, {"@context": None}, {"@list": ["x"]}),
        *({"type": [["Profile"]]}, {"@graph": []}, {"@reverse": {}}, {"": ""}),
    ]
)
NOTHING: tuple[Any, ...] = (None, [], [None])  # the same as to leave the word out
quick = settings(max_examples=300, deadline=None, phases=(Phase.explicit, Phase.generate))


@quick
@given(st.sampled_from(PLACES), odd)
def test_an_odd_value_anywhere_is_a_verdict(path, value):
    document = changed(DOCUMENT, path, copy.deepcopy(value))
    assume(document != DOCUMENT)
    checks = verify_proof(document, KEY.resolve, AWARDED)
    assert all(check.problem is not None for check in checks)
    assert all(isinstance(url, str) for url in key_urls(document))
    with contextlib.suppress(NotCanonical):
        assert canonical(document)


@quick
@given(st.sampled_from(["_sd", "jsonSchema", "id", "previousProof", "expires", "nonce"]), odd)
def test_an_odd_word_in_a_proof_is_a_verdict(word, value):
    document = changed(DOCUMENT, ("proof", 0, word), value)
    (check,) = verify_proof(document, KEY.resolve, AWARDED)
    assert check.problem is not None or value in NOTHING


def jwt_of(header, payload):
    parts = (json.dumps(part).encode() for part in (header, payload))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"x" * 64))


@quick
@given(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "vc", "issuer", "exp"]), odd)
def test_an_odd_word_in_a_jwt_is_a_verdict(word, value):
    text = jwt_of(
        {"alg": "ES256", "typ": "JWT", "kid": KEY.kid, word: value},
        {**first_jwt(), word: value},
    )
    with contextlib.suppress(NotAJwt):
        assert verify_jwt(read_jwt(text), KEY.resolve).problem is not None


def first_jwt():
    return json.loads(encode(first_aid()))


@pytest.mark.parametrize("depth", [40, 900, 100_000])
def test_what_is_nested_without_end_is_refused(depth):
    deep = b"[" * depth + b"]" * depth
    text = ".".join(
        urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (b'{"alg":"ES256","x":' + deep + b"}", b"{}", b"x" * 64)
    )
    with contextlib.suppress(NotAJwt):
        assert verify_jwt(read_jwt(text), KEY.resolve).problem is not None
    nested = list[object]()
    for _ in range(depth):
        nested = [nested]
    with pytest.raises(NotCanonical):
        canonical({"@context": DOCUMENT["@context"], "id": "urn:a:b", "_sd": nested})
