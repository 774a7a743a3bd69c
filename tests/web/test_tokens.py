"""Who is believed, and for how long."""

import asyncio
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms
from tests.clocks import Clock
from tests.eventually import eventually

from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.key_set import RETRY_SECONDS, KeySet, KeysUnavailable, UnknownKey
from milepost.web.auth.tokens import Caller, NotYourOwn, RoleMissing, TokenVerifier
from milepost.web.problems import NotAuthenticated
from milepost.web.settings import SettingInvalid, Settings

KEYS: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
}


def jwk(algorithm, kid, private=None):
    public_key = (private or KEYS[algorithm]).public_key()
    public = get_default_algorithms()[algorithm].to_jwk(public_key)
    return {**json.loads(public), "kid": kid, "alg": algorithm, "use": "sig"}


def token(algorithm="EdDSA", kid="EdDSA", **changes):
    claims = {
        "iss": "https://issuer.example",
        "aud": "milepost",
        "sub": "ines",
        "tenant": "north",
        "roles": ["instructor"],
        "exp": time.time() + 60,
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, KEYS[algorithm], algorithm, {"kid": kid} if kid else None)


@pytest.fixture
def jwks(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [jwk(name, name) for name in KEYS]}))
    return path


@pytest.fixture
def settings(jwks):
    return Settings(token_issuer="https://issuer.example", token_keys=str(jwks))


@pytest.fixture
def verifier(settings):
    return TokenVerifier(settings)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
async def test_the_algorithms_that_are_accepted(verifier, algorithm):
    caller = await verifier.authenticate(token(algorithm, algorithm))
    lasting = msgspec.structs.replace(caller, expires_at=math.inf)
    assert lasting == Caller(subject="ines", tenant="north", roles=frozenset({"instructor"}))
    assert 0 < caller.expires_at - time.time() < 86_400


async def test_a_key_of_another_algorithm_in_the_set_is_not_used(verifier):
    with pytest.raises(NotAuthenticated, match="unknown key"):
        await verifier.authenticate(token("ES384", "ES384"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exp": 1}, "expired"),
        ({"nbf": time.time() + 3600}, "not yet valid"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"aud": "elsewhere"}, "[Aa]udience"),
        ({"exp": None}, "exp"),
        ({"aud": None}, "aud"),
        ({"sub": None}, "sub"),
        ({"tenant": None}, "tenant"),
        ({"roles": None}, "roles"),
        ({"tenant": "no.dots"}, "tenant"),
        ({"tenant": "north\n"}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"roles": "instructor"}, "roles"),
        ({"sub": ""}, "sub"),
    ],
)
async def test_a_wrong_claim_is_refused_with_the_reason(verifier, change, reason):
    with pytest.raises(NotAuthenticated, match=reason):
        await verifier.authenticate(token(**change))


async def test_the_key_says_its_algorithm_not_the_token(verifier):
    with pytest.raises(NotAuthenticated):
        await verifier.authenticate(token("ES256", "EdDSA"))


async def test_an_unsigned_token_is_refused(verifier):
    unsigned = jwt.encode({"sub": "ines"}, "", "none", {"kid": "EdDSA"})
    with pytest.raises(NotAuthenticated):
        await verifier.authenticate(unsigned)


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(verifier, jwks):
    secret = jwks.read_bytes()[:64]
    forged = jwt.encode({"sub": "ines", "exp": time.time() + 60}, secret, "HS256", {"kid": "EdDSA"})
    with pytest.raises(NotAuthenticated):
        await verifier.authenticate(forged)


async def test_a_changed_token_is_refused(verifier):
    header, _, signature = token().split(".")
    other = token(tenant="south").split(".")[1]
    with pytest.raises(NotAuthenticated):
        await verifier.authenticate(f"{header}.{other}.{signature}")


async def test_an_endless_token_is_refused_before_it_is_parsed(verifier):
    with pytest.raises(NotAuthenticated, match="too long"):
        await verifier.authenticate("a" * 10_000)


async def test_a_token_without_a_key_id_needs_the_set_to_have_one_key(verifier, jwks, settings):
    with pytest.raises(NotAuthenticated, match="unknown key"):
        await verifier.authenticate(token(kid=None))
    jwks.write_text(json.dumps({"keys": [jwk("EdDSA", "only")]}))
    caller = await TokenVerifier(settings).authenticate(token(kid=None))
    assert caller.subject == "ines"


async def test_a_remembered_token_still_expires(verifier, monkeypatch):
    known = token()
    await verifier.authenticate(known)
    assert verifier.verify(known) is verifier.verify(known)
    later = time.time() + 120
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(NotAuthenticated, match="expired"):
        verifier.verify(known)


async def test_what_is_remembered_is_bounded(settings):
    verifier = TokenVerifier(settings, cache_size=3)
    for number in range(10):
        await verifier.authenticate(token(sub=str(number)))
    assert len(verifier._verified) == 3


def verifier_at(settings):
    """A verifier, and the clock that its keys grow old by."""
    verifier, clock = TokenVerifier(settings), Clock(time.monotonic())
    verifier._keys._clock = clock
    return verifier, clock


async def test_a_new_key_is_found_and_a_withdrawn_one_forgotten(jwks, settings):
    jwks.write_text(json.dumps({"keys": [jwk("EdDSA", "EdDSA")]}))
    verifier, now = verifier_at(settings)
    old, new = token(), token("ES256", "ES256")
    await verifier.authenticate(old)
    jwks.write_text(json.dumps({"keys": [jwk("ES256", "ES256")]}))
    now.now += settings.token_keys_refresh_seconds
    assert (await verifier.authenticate(new)).subject == "ines"
    with pytest.raises(NotAuthenticated):
        await verifier.authenticate(old)


@pytest.mark.parametrize("kid", ["EdDSA", None])
async def test_a_token_of_a_key_that_was_replaced_under_its_name_is_refused(jwks, settings, kid):
    jwks.write_text(json.dumps({"keys": [jwk("EdDSA", kid)]}))
    verifier, now = verifier_at(settings)
    old = token(kid=kid)
    await verifier.authenticate(old)
    replaced = jwk("EdDSA", kid, ed25519.Ed25519PrivateKey.generate())
    jwks.write_text(json.dumps({"keys": [replaced]}))
    now.now += settings.token_keys_refresh_seconds
    with pytest.raises(NotAuthenticated, match="unknown key"):
        await verifier.authenticate(token(kid="made-up"))
    with pytest.raises(NotAuthenticated, match="Signature"):
        await verifier.authenticate(old)


async def test_the_same_keys_read_again_are_no_change(jwks):
    now = [0.0]
    keys = KeySet(str(jwks), refresh_seconds=1, clock=lambda: now[0])
    assert await keys.refresh()
    now[0] = 2.0
    assert not await keys.refresh()


async def test_unknown_keys_do_not_make_it_read_again_and_again(jwks):
    now = [0.0]
    keys = KeySet(str(jwks), refresh_seconds=60, clock=lambda: now[0])
    jwks.write_text(json.dumps({"keys": [jwk("EdDSA", "first")]}))
    assert await keys.refresh()
    jwks.write_text(json.dumps({"keys": [jwk("EdDSA", "second")]}))
    now[0] = 59.0
    assert not await keys.refresh()
    with pytest.raises(UnknownKey):
        keys.get("second")
    now[0] = 61.0
    assert await keys.refresh()
    assert keys.get("second").key_id == "second"


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"keys": []}', '{"keys": [{"kty": "x"}]}'])
async def test_an_unreadable_set_leaves_the_keys_as_they_were(jwks, broken):
    now = [0.0]
    keys = KeySet(str(jwks), refresh_seconds=1, clock=lambda: now[0])
    await keys.refresh()
    jwks.write_text(broken)
    now[0] = 2.0
    assert not await keys.refresh()
    assert keys.get("EdDSA").key_id == "EdDSA"


async def test_while_there_are_no_keys_nobody_is_told_that_their_token_is_wrong(jwks):
    now = [0.0]
    keys = KeySet(str(jwks), refresh_seconds=60, clock=lambda: now[0])
    document = jwks.read_bytes()
    jwks.unlink()
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            await keys.refresh()
    jwks.write_bytes(document)
    now[0] = RETRY_SECONDS
    assert await keys.refresh()


async def test_keys_are_fetched_over_http_without_stopping_the_loop(jwks, settings):
    beats: list[int] = []

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await eventually(lambda: len(beats) > 5)  # never, if the loop stood still
        body = jwks.read_bytes()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async def beat():
        while True:
            beats.append(1)
            await asyncio.sleep(0)

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
        beating = asyncio.create_task(beat())
        verifier = TokenVerifier(msgspec.structs.replace(settings, token_keys=url))
        assert (await verifier.authenticate(token())).subject == "ines"
        beating.cancel()
    assert len(beats) > 5


def test_keys_are_not_fetched_without_encryption():
    with pytest.raises(SettingInvalid, match="https"):
        TokenVerifier(Settings(token_keys="http://issuer.example/jwks"))


async def test_the_development_issuer_is_believed_by_default(tmp_path):
    settings = Settings(data_dir=tmp_path)
    verifier = TokenVerifier(settings)
    issued = DevelopmentIssuer(tmp_path).issue("ines", "north", ["learner"])
    assert (await verifier.authenticate(issued)).subject == "ines"


def test_the_development_key_is_for_its_owner_only(tmp_path):
    DevelopmentIssuer(tmp_path / "data").ensure_keys()
    key = tmp_path / "data" / "tokens" / "key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in key.parent.iterdir()} == {"key.pem", "jwks.json"}
    assert b"PRIVATE" not in (key.parent / "jwks.json").read_bytes()


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    def jwks(_):
        return DevelopmentIssuer(tmp_path).ensure_keys().read_bytes()

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(jwks, range(64)))) == 1


def test_any_of_the_roles_is_enough():
    caller = Caller(subject="ines", tenant="north", roles=frozenset({"registrar"}))
    caller.require("instructor", "registrar")
    with pytest.raises(RoleMissing) as refusal:
        caller.require("issuer")
    assert refusal.value.facts == {"needed": ("issuer",)}


def test_a_learner_acts_only_for_themselves():
    lea = Caller(subject="lea", tenant="north", roles=frozenset({"learner"}))
    lea.may_act_for("lea", "registrar")
    with pytest.raises(NotYourOwn):
        lea.may_act_for("max", "registrar")
    namesake = Caller(subject="lea", tenant="north", roles=frozenset({"operator"}))
    with pytest.raises(NotYourOwn):
        namesake.may_act_for("lea", "registrar")
