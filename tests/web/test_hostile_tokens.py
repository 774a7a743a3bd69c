"""Tokens and key sets that somebody made up: 401, never 500, and nobody else waits for them."""

import asyncio
import contextlib
import json
import time

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from jwt.utils import base64url_encode
from prometheus_client import CollectorRegistry
from tests.clocks import Clock
from tests.eventually import eventually
from tests.web.test_tokens import KEYS, jwk, token

from milepost.web.auth import key_set
from milepost.web.auth.key_set import KeysUnavailable
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.problems import NotAuthenticated, problem_of
from milepost.web.settings import SettingInvalid, Settings
from milepost.web.telemetry.metrics import HttpMetrics

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "crit", "typ", "b64", "zip", "jwk", "x"]), ANYTHING, max_size=4
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "aud", "sub", "tenant", "roles", "exp", "nbf", "iat", "jti"]),
    ANYTHING,
    max_size=4,
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps({"keys": [jwk("EdDSA", "EdDSA")]}))
    return Settings(token_issuer="https://issuer.example", token_keys=str(path))


@pytest.fixture(scope="module")
def verifier(settings):
    return TokenVerifier(settings)


def signed(header, claims):
    """By the issuer itself, whatever it says."""
    parts = [base64url_encode(json.dumps(part).encode()) for part in (header, claims)]
    signature = KEYS["EdDSA"].sign(b".".join(parts))
    return b".".join([*parts, base64url_encode(signature)]).decode()


def claims(**changes):
    return {
        "iss": "https://issuer.example",
        "aud": "milepost",
        "sub": "ines",
        "tenant": "north",
        "roles": ["instructor"],
        "exp": int(time.time()) + 60,
        **changes,
    }


async def refused(verifier, some):
    """None when it was accepted; its problem can be sent."""
    try:
        await verifier.authenticate(some)
    except NotAuthenticated as refusal:
        problem = problem_of(refusal)
        for value in problem.headers.values():
            assert value.isascii(), value
            assert value.isprintable(), value
        return problem
    return None


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(header=HEADERS, changes=CLAIMS)
async def test_whatever_a_token_says_is_a_caller_or_401(verifier, header, changes):
    made = signed({"alg": "EdDSA", "kid": "EdDSA", **header}, claims(**changes))
    problem = await refused(verifier, made)
    assert problem is None or problem.status == 401


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(parts=st.lists(st.binary(max_size=60), max_size=4), text=st.text(max_size=60))
async def test_bytes_that_are_no_token_are_401(verifier, parts, text):
    for made in (b".".join(map(base64url_encode, parts)).decode(), text):
        problem = await refused(verifier, made)
        assert problem is not None
        assert problem.status == 401


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({"crit": ["exp"]}, {}),
        ({"crit": "exp"}, {}),
        ({"crit": [], "b64": False}, {}),
        ({"kid": ["EdDSA"]}, {}),
        ({"kid": {}}, {}),
        ({"alg": 7}, {}),
        ({}, {"sub": "i\x00nes"}),
        ({}, {"sub": "i\ud800nes"}),
        ({}, {"sub": "ines\n"}),
        ({}, {"sub": 7}),
        ({}, {"sub": ""}),
        ({}, {"tenant": "north\n"}),
        ({}, {"tenant": None}),
        ({}, {"roles": "instructor"}),
        ({}, {"roles": ["x" * 65]}),
        ({}, {"roles": ["x"] * 101}),
        ({}, {"exp": "soon"}),
        ({}, {"exp": float("inf")}),
        ({}, {"exp": float("nan")}),
        ({}, {"exp": 10**400}),
        ({}, {"nbf": [1]}),
        ({}, {"aud": {}}),
        ({}, {"iss": ["https://issuer.example"]}),
    ],
)
async def test_a_token_of_the_right_key_and_a_wrong_shape_is_401(verifier, header, changes):
    made = signed({"alg": "EdDSA", "kid": "EdDSA", **header}, claims(**changes))
    problem = await refused(verifier, made)
    assert problem is not None
    assert problem.status == 401


async def test_a_token_nested_without_end_is_401(verifier):
    deep = base64url_encode(b"[" * 5000).decode()
    assert await refused(verifier, f"{deep}.{deep}.{deep}") is not None


@pytest.mark.parametrize("header", [{"crit": ["x"]}, {"kid": 7}])
async def test_over_http_it_is_401_too(client, header):
    made = signed({"alg": "EdDSA", **header}, claims())
    answer = await client.post("/notes/a", json={}, headers={"Authorization": f"Bearer {made}"})
    assert answer.status_code == 401


def test_an_issuer_without_keys_does_not_start(tmp_path):
    given_issuer = Settings(token_issuer="https://id.example.org", data_dir=tmp_path)
    with pytest.raises(SettingInvalid, match="MILEPOST_TOKEN_KEYS"):
        TokenVerifier(given_issuer)
    assert not list(tmp_path.iterdir()), "no development key was made"


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b"[]", b"{}", b'{"keys":5}', b'{"keys":[5]}', b'{"keys":[{"kty":7}]}'),
        *(b'{"keys":[{"kty":"OKP","crv":"Ed25519","x":"!"}]}', b'{"keys":[null]}', b"\xff"),
    ],
)
async def test_a_document_that_is_no_key_set_makes_nobody_a_caller(settings, tmp_path, document):
    path = tmp_path / "jwks.json"
    path.write_bytes(document)
    verifier = TokenVerifier(msgspec.structs.replace(settings, token_keys=str(path)))
    with pytest.raises(KeysUnavailable):
        await verifier.authenticate(token())


class Issuer:
    """Answers with its keys at once, then in drops for ever."""

    def __init__(self, document):
        self.document = document
        self.drips = False
        self.asked = 0

    async def answer(self, reader, writer):
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.document)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode())
        with contextlib.suppress(ConnectionError):
            if not self.drips:
                writer.write(self.document)
            while self.drips:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()


async def test_keys_that_drip_keep_nobody_waiting(settings, monkeypatch):
    monkeypatch.setattr(key_set, "FETCH_SECONDS", 3.0)
    issuer = Issuer(json.dumps({"keys": [jwk("EdDSA", "EdDSA")]}).encode())
    async with await asyncio.start_server(issuer.answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
        verifier = TokenVerifier(msgspec.structs.replace(settings, token_keys=url))
        clock = Clock(time.monotonic())
        verifier._keys._clock = clock
        await verifier.authenticate(token())
        issuer.drips = True
        clock.now += 3600
        unknown = asyncio.create_task(refused(verifier, token("ES256", "ES256")))
        await eventually(lambda: issuer.asked > 1)
        for number in range(20):
            assert (await verifier.authenticate(token(sub=f"l-{number}"))).subject == f"l-{number}"
        assert not unknown.done(), "it waits for the keys, and the others did not"
        assert (await unknown).status == 401
        issuer.drips = False


async def test_a_document_without_end_is_not_read(settings, monkeypatch):
    monkeypatch.setattr(key_set, "MAX_BYTES", 1000)
    issuer = Issuer(b" " * 10_000)
    async with await asyncio.start_server(issuer.answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
        verifier = TokenVerifier(msgspec.structs.replace(settings, token_keys=url))
        with pytest.raises(KeysUnavailable):
            await verifier.authenticate(token())


async def test_made_up_methods_and_paths_make_no_metric(client):
    for number in range(50):
        await client.request(f"MADE{number}", "/notes/a")
        await client.request("GET", f"/made/up/{number}")
    text = (await client.get("/metrics")).text
    assert "MADE" not in text
    assert "made/up" not in text
    assert 'method="other"' in text


async def test_whatever_the_method_is_the_label_is_known():
    metrics = HttpMetrics(CollectorRegistry())
    for number in range(100):
        metrics.observe(f"M{number}", "unrouted", 405, 0.0)
    lines = (await metrics.exposition()).decode().splitlines()
    assert len([line for line in lines if line.startswith("milepost_http_requests_total{")]) == 1


async def test_who_reads_metrics_in_a_thread_is_not_stopped_by_new_ones():
    class Status(int):
        """Counts another, as the loop may while this is being read."""

        def __str__(self):
            metrics.observe("PUT", f"/{len(metrics._answers)}", 200, 0.1)
            return super().__str__()

    metrics = HttpMetrics(CollectorRegistry())
    for number in range(3):
        metrics.observe("GET", f"/{number}", Status(200), 0.1)
    text = (await metrics.exposition()).decode()
    assert text.count("milepost_http_requests_total{") == 3
    assert text.count("milepost_http_request_seconds_count{") == 3
    assert len(metrics._answers) == 6
