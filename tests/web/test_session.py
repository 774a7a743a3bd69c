"""The session cookie and its CSRF defence, attacked."""

import base64
import json
import os
import time
from typing import Any

import jwt
import msgspec
import pytest
from litestar import Request, Router, get
from tests.clients import connection_to
from tests.web import notes

from milepost.web.app import create_app
from milepost.web.auth.session import LIFETIME_SECONDS, SessionEnds, Sessions
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.signed_out import own_path
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.problems import NotAuthenticated
from milepost.web.room import Service
from milepost.web.settings import SettingInvalid, Settings

ONE = {"lines": [{"score": 0.5}]}
OWN = {"Sec-Fetch-Site": "same-origin"}


def key():
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@get("/page", opt={"page": True, "roles": ("instructor",)}, include_in_schema=False)
async def page() -> str:
    return "page"


@get("/front", opt={"public": True, "visitor": True}, include_in_schema=False)
async def front(request: Request[Any, Any, Any]) -> str:
    return request.user.subject if request.user else "nobody"


PAGES = Service("pages", (Router("/", route_handlers=[page, front]),))


@pytest.fixture
def cookie(settings):
    return SessionCookie(settings)


@pytest.fixture
def app(settings, verifier, transactor, cookie):
    services = [notes.service(transactor, settings), PAGES]
    return create_app(services, settings, verifier, ready={}, cookie=cookie)


@pytest.fixture
def signed_in(cookie):
    """The headers of a browser, and of what its page sends."""

    def signed_in(*roles, tenant="north", **headers):
        token = cookie.sessions.issue("ines", tenant, roles or ("instructor",))
        csrf = cookie.sessions.read(token).csrf
        return {"Cookie": f"{cookie.name}={token}", "Milepost-CSRF": csrf, **OWN, **headers}

    return signed_in


async def change(client, headers):
    return await client.post("/notes/a", json=ONE, headers=headers)


async def test_a_session_is_a_caller_like_any(client, signed_in, log):
    answer = await change(client, signed_in())
    assert answer.status_code == 201
    assert (await client.get("/notes/a", headers=signed_in())).status_code == 200
    (event,) = await log.read("north")
    assert json.loads(event.metadata)["actor"] == "ines"
    assert (await client.get("/notes/a", headers=signed_in(tenant="south"))).status_code == 404


@pytest.mark.parametrize(
    "brought",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # a sub-domain that was taken over
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": None},
        {"Sec-Fetch-Site": None, "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": None, "Origin": "null"},
        {"Sec-Fetch-Site": None, "Origin": "https://127.0.0.1:8400"},
        {"Milepost-CSRF": None},
        {"Milepost-CSRF": ""},
        {"Milepost-CSRF": "another-value-that-is-long"},
        {"Milepost-CSRF": "\xe9".encode("latin-1")},
    ],
)
async def test_what_another_page_sends_changes_nothing(client, signed_in, log, brought):
    headers = {name: value for name, value in (signed_in() | brought).items() if value is not None}
    answer = await change(client, headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:milepost:problem:cross_site_request"
    assert not await log.read("north")


async def test_an_old_browser_says_its_origin(client, signed_in):
    headers = signed_in(Host="127.0.0.1:8400", Origin="http://127.0.0.1:8400")
    del headers["Sec-Fetch-Site"]
    assert (await change(client, headers)).status_code == 201


async def test_the_csrf_value_is_of_one_session(client, signed_in):
    mixed = signed_in() | {"Milepost-CSRF": signed_in()["Milepost-CSRF"]}
    assert (await change(client, mixed)).status_code == 403


async def test_a_token_goes_before_the_cookie(client, signed_in, headers, log):
    both = signed_in() | headers(subject="ben", tenant="south")
    assert (await change(client, {**both, "Sec-Fetch-Site": "cross-site"})).status_code == 201
    assert not await log.read("north")
    wrong = signed_in(Authorization="Bearer wrong")
    assert (await client.get("/notes/a", headers=wrong)).status_code == 401
    assert (await client.get("/page", headers=wrong)).status_code == 401


def forged(cookie, issuer, settings):
    """Sessions that are none, by what is wrong with them."""
    good = cookie.sessions.issue("ines", "north", ["operator"])
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = jwt.get_unverified_header(good)["kid"]
    (secret,) = cookie.sessions.keys._here().values()
    public = base64.urlsafe_b64decode(issuer._key.public["x"] + "=")

    def signed(changed, by=secret, alg="HS256", **more):
        return jwt.encode(claims | changed, by, alg, {"kid": kid, **more})

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    yield "another installation's key", Sessions(Settings(session_key=key())).issue("ines", "n", [])
    yield "another key under our name", signed({}, os.urandom(32))
    yield "alg none", f"{part({'alg': 'none', 'kid': kid})}.{body}."
    yield "alg of another strength", signed({}, secret + bytes(32), "HS512")
    yield "the public key as a secret", signed({}, public, kid="jwks")
    yield "an issuer's token", issuer.issue("ines", "north", ["operator"])
    yield "changed", f"{head}.{part(claims | {'tenant': 'south'})}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "expired", signed({"exp": time.time() - 60})
    yield "for ever", signed({"exp": None})
    yield "no csrf value", signed({"csrf": ""})
    yield "no id", signed({"jti": None})
    yield "of another audience", signed({"aud": settings.token_audience})
    yield "too long", signed({"more": "x" * 5_000})
    yield "garbage", "a.b.c"
    yield "empty", ""


async def test_what_is_forged_or_old_is_nobody(client, cookie, issuer, settings):
    for why, token in forged(cookie, issuer, settings):
        sent = {"Cookie": f"{cookie.name}={token}"}
        assert (await client.get("/notes/a", headers=sent)).status_code == 401, why
        assert (await client.get("/front", headers=sent)).text == "nobody", why


async def test_a_session_is_no_token(client, cookie):
    token = cookie.sessions.issue("ines", "north", ["operator"])
    answer = await client.get("/notes/a", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_a_cookie_that_comes_twice_is_believed_in_neither_place(client, cookie, signed_in):
    await change(client, signed_in())
    token = cookie.sessions.issue("ines", "north", ["instructor"])
    once = f"other=1;{cookie.name}={token} ; x{cookie.name}=2"
    assert (await client.get("/notes/a", headers={"Cookie": once})).status_code == 200
    twice = [("Cookie", f"{cookie.name}={token}"), ("Cookie", f"{cookie.name}={token}")]
    assert (await client.get("/notes/a", headers=twice)).status_code == 401
    long = {"Cookie": f"{once}; y={'y' * 20_000}"}
    assert (await client.get("/notes/a", headers=long)).status_code == 401


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(), "milepost-8400"),
        (Settings(public_url="http://localhost:9000"), "milepost-9000"),
        (Settings(public_url="https://milepost.school.example"), "__Host-milepost"),
        (Settings(host="0.0.0.0"), "__Host-milepost"),
        (Settings(public_url="http://milepost.school.example"), "__Host-milepost"),
    ],
)
def test_no_sub_domain_can_set_the_cookie(settings, name):
    """A browser takes the prefix from the host itself over https, without a domain, or not."""
    cookie = SessionCookie(settings)
    parts = cookie.set("token").to_header(header="").strip().split("; ")
    assert parts[0] == f"{name}=token"
    assert {"Path=/", "HttpOnly", "SameSite=lax"} <= {*parts}
    assert ("Secure" in parts) == name.startswith("__Host-")
    assert not any(part.startswith("Domain") for part in parts)


async def test_behind_https_only_the_prefixed_cookie_counts(settings, transactor):
    public = msgspec.structs.replace(settings, public_url="https://milepost.school.example")
    cookie = SessionCookie(public)
    verifier = TokenVerifier(public)
    app = create_app([notes.service(transactor, public)], public, verifier, ready={}, cookie=cookie)
    token = cookie.sessions.issue("ines", "north", ["instructor"])
    csrf = cookie.sessions.read(token).csrf
    async with connection_to(app) as client:
        planted = {"Cookie": f"milepost={token}"}
        assert (await client.get("/notes/a", headers=planted)).status_code == 401
        own = {"Cookie": f"__Host-milepost={token}", "Milepost-CSRF": csrf}
        origin = {"Origin": "https://milepost.school.example"}
        assert (await change(client, own | origin)).status_code == 201
        host = {"Origin": "https://testserver.local", "Host": "testserver.local"}
        assert (await change(client, own | host)).status_code == 403


def test_each_sign_in_is_a_session_of_its_own(settings):
    """Nothing that a browser had before it is carried on: there is nothing to fix."""
    sessions = Sessions(settings)
    first, second = (sessions.read(sessions.issue("ines", "n", ["learner"])) for _ in range(2))
    assert first.session != second.session
    assert first.csrf != second.csrf
    assert first.csrf not in {first.session, second.session}


def test_a_session_lasts_eight_hours_at_most_and_has_our_roles_alone(settings):
    sessions = Sessions(settings)
    caller = sessions.read(sessions.issue("ines", "n", ["learner", "emperor"], 10**9))
    assert caller.expires_at <= time.time() + LIFETIME_SECONDS + 5
    assert caller.roles == {"learner"}


def test_an_ended_session_is_refused(settings):
    sessions = Sessions(settings)
    token = sessions.issue("ines", "n", ["learner"])
    caller = sessions.read(token)
    sessions.end(SessionEnds(caller.session, caller.expires_at))
    with pytest.raises(NotAuthenticated, match="ended"):
        sessions.read(token)


def test_keys_are_shared_and_rotated():
    old, new = key(), key()
    before, during = (
        Sessions(Settings(session_key=old)),
        Sessions(Settings(session_key=f"{new},{old}")),
    )
    after = Sessions(Settings(session_key=new))
    earlier, later = (one.issue("ines", "n", []) for one in (before, during))
    assert during.read(earlier).subject == after.read(later).subject == "ines"
    with pytest.raises(NotAuthenticated):
        after.read(earlier)


def test_processes_of_one_data_directory_make_one_key(tmp_path):
    one, other = (Sessions(Settings(data_dir=tmp_path)) for _ in range(2))
    with pytest.raises(NotAuthenticated):
        other.read(one.issue("ines", "n", [])[:-2])
    assert other.read(one.issue("ines", "n", [])).subject == "ines"
    assert (tmp_path / "sessions" / "session.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "given",
    ["short", "é", f"{key()},x", ",".join(key() for _ in range(5))],
    ids=["short", "accent", "second", "five"],
)
def test_a_key_that_is_none_is_named_and_not_told(given):
    with pytest.raises(SettingInvalid, match="MILEPOST_SESSION_KEY") as fault:
        Sessions(Settings(session_key=given))
    assert given not in str(fault.value)


async def test_a_page_leads_to_the_sign_in_and_back(client, signed_in):
    answer = await client.get("/page?state=open&q=a%20b")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?return=/page%3Fstate%3Dopen%26q%3Da%2520b"
    part = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/page/1?x=1"}
    answer = await client.get("/page", headers=part)
    assert answer.headers["hx-redirect"] == "/sign-in?return=/page/1%3Fx%3D1"
    part["HX-Current-URL"] = "http://["
    assert (await client.get("/page", headers=part)).headers["hx-redirect"] == "/sign-in"
    assert (await client.get("/page", headers=signed_in())).text == "page"
    assert (await client.get("/page", headers=signed_in("learner"))).status_code == 403
    assert (await client.get("/front", headers=signed_in())).text == "ines"


@pytest.mark.parametrize(
    "address",
    [
        *("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example"),
        *("/%5Cevil.example", "/\t/evil.example", "/%09/evil.example", "javascript:alert(1)"),
        *("", "my", " /my", "/my\r\nSet-Cookie: a=b", "/my%0d%0ax", "/sign-in", "/sign-out"),
        *("///evil.example", "/é", f"/{'x' * 2_000}", "http:/my", "/sign-in/callback?code=1"),
    ],
)
def test_nobody_is_sent_elsewhere(address):
    assert own_path(address) == "/"


@pytest.mark.parametrize("address", ["/my", "/teach/offerings/x?stage=open#top", "/a%20b", "/a//b"])
def test_the_way_back_is_kept(address):
    assert own_path(address) == address


def test_many_who_sign_out_bring_nobody_back(settings):
    sessions = Sessions(settings, cache_size=10)
    token = sessions.issue("ana", "default", ["learner"])
    caller = sessions.read(token)
    sessions.end(SessionEnds(caller.session, caller.expires_at))
    for number in range(20_000):
        sessions.end(SessionEnds(f"of-somebody-else-{number}", caller.expires_at))
    with pytest.raises(NotAuthenticated):
        sessions.read(token)
