"""Signatures of Standard Webhooks: by its own vectors, and as strangers check them."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError
from tests.open_badges.conftest import standards

from milepost.subscriptions.webhooks.domain.signing import Secret, headers

__all__ = ["standards"]  # a fixture
BODY = b'{"specversion":"1.0","data":{"grade":0.9}}'
values = st.binary(min_size=32, max_size=32)


def test_it_signs_as_the_standard_vector_says(standards):
    vector = json.loads((standards / "vectors/standard-webhooks/hmac-sha256-v1.json").read_text())
    value = b64decode(vector["secret"].removeprefix("whsec_"))
    secret = Secret("k", "v1", value)
    assert secret.shared == vector["secret"]
    at = datetime.fromtimestamp(vector["webhook-timestamp"], UTC)
    told = headers(vector["webhook-id"], at, vector["payload"].encode(), [secret])
    assert told == {name: str(vector[name]) for name in told}


@given(values, values, st.binary(max_size=200))
def test_while_secrets_overlap_each_receiver_finds_its_own(old, new, body):
    body = body.hex().encode()
    told = headers(
        "msg_1", datetime.now(UTC), body, [Secret("b", "v1", new), Secret("a", "v1", old)]
    )
    for value in (old, new):
        secret = Secret("k", "v1", value).shared
        assert secret is not None
        Webhook(secret).verify(body, told, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(b"someone else's secret, not known").verify(body, told, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body + b"x", told, json_parse=False)


def test_v1a_is_checked_with_the_public_key_alone():
    secret = Secret("k", "v1a", bytes(range(32)))
    told = headers("msg_1", datetime(2026, 3, 4, tzinfo=UTC), BODY, [secret])
    assert secret.shared is None
    assert secret.public_key is not None
    scheme, _, text = told["webhook-signature"].partition(",")
    assert (scheme, secret.public_key[:5]) == ("v1a", "whpk_")
    public = Ed25519PublicKey.from_public_bytes(b64decode(secret.public_key[5:]))
    public.verify(b64decode(text), b"msg_1.1772582400." + BODY)
    with pytest.raises(InvalidSignature):
        public.verify(b64decode(text), b"msg_2.1772582400." + BODY)


def test_both_schemes_may_sign_one_message():
    secrets = [Secret("b", "v1a", bytes(32)), Secret("a", "v1", bytes(32))]
    told = headers("msg_1", datetime.now(UTC), BODY, secrets)
    signatures = told["webhook-signature"].split(" ")
    assert [one.partition(",")[0] for one in signatures] == ["v1a", "v1"]
    assert secrets[1].shared is not None
    Webhook(secrets[1].shared).verify(BODY, told)


def test_a_secret_does_not_show_itself():
    secret = Secret("k", "v1", b"x" * 32)
    assert "x" not in repr(secret)
    assert "x" not in f"{[secret]}"
