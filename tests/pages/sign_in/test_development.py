"""The development sign-in: on this machine alone, and for its own pages."""

import os
import socket
from urllib.parse import urlencode

import msgspec
import pytest
from tests.clients import connection_to
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered, teaches

from milepost.operations.commands.installation import up
from milepost.operations.sign_in.app import service
from milepost.operations.sign_in.people import PEOPLE
from milepost.operations.sign_in.rules import TOKENS, VARIABLE, Rules, may_return_to, why_refused
from milepost.operations.sign_in.same_user import KNOWN, is_own, owners
from milepost.operations.terminal.errors import WrongUsage
from milepost.pages import app as pages
from milepost.web.app import create_app
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.settings import SettingInvalid, Settings

FRONT_END = "http://localhost:5173"
HERE = {"Host": "localhost:8400"}
FORM = {**HERE, "Content-Type": "application/x-www-form-urlencoded"}
# The client of these tests has no socket that the kernel could know.
OURS = Rules(is_own=lambda _, __: True)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    return Settings(data_dir=folder, cors_origins=f"{FRONT_END}, https://campus.example")


@pytest.fixture(scope="module")
def cookie(settings):
    return SessionCookie(settings)


@pytest.fixture(scope="module")
def app_of(settings, pool, cookie):
    """Only the documentation's style sheet is missing, and all rooms."""

    def app_of(develops, rules=OURS):
        shown = service(settings, pool, cookie, develops=develops, rules=rules)
        verifier = TokenVerifier(settings)
        services = [shown, pages.service()]
        return create_app(services, settings, verifier, ready={}, cookie=cookie)

    return app_of


@pytest.fixture(scope="module")
def tokens_app(app_of):
    return app_of(TOKENS)


@pytest.fixture
async def client(tokens_app):
    """For front ends, too."""
    async with connection_to(tokens_app, raises=False) as client:
        yield client


async def sign_in(client, headers=FORM, **fields):
    return await client.post("/sign-in", content=urlencode(fields, doseq=True), headers=headers)


async def who(settings, token):
    return await TokenVerifier(settings).authenticate(token)


def token_in(html):
    return html.partition("readonly>")[2].partition("<")[0]


async def test_a_person_of_the_list_gets_a_token(client, settings):
    listed = await client.get("/sign-in", headers=HERE)
    assert listed.status_code == 200
    assert all(f'value="{one.subject}"' in listed.text for one in PEOPLE)
    answer = await sign_in(client, token_for="office", tenant="north")
    assert answer.headers["cache-control"] == "private, no-store"
    caller = await who(settings, token_in(answer.text))
    assert (caller.subject, caller.tenant) == ("office", "north")
    assert caller.roles == {"registrar", "issuer"}


async def test_so_does_anybody_else_with_the_roles_that_are_ticked(client, settings):
    answer = await sign_in(
        client, person="ann", subject="zoe", role=["learner", "auditor"], token="1"
    )
    caller = await who(settings, token_in(answer.text))
    assert (caller.subject, caller.roles) == ("zoe", {"learner", "auditor"})


async def test_a_front_end_of_this_machine_gets_it_in_the_fragment(client, settings):
    back = f"{FRONT_END}/signed-in"
    asked = await client.get("/sign-in", params={"redirect": back}, headers=HERE)
    assert f'value="{back}"' in asked.text
    assert f"form-action 'self' {FRONT_END};" in asked.headers["content-security-policy"]
    answer = await sign_in(client, person="ann", redirect=back)
    assert answer.status_code == 303
    page, _, token = answer.headers["location"].partition("#token=")
    assert page == back
    assert (await who(settings, token)).roles == {"learner"}


@pytest.mark.parametrize(
    "address",
    [
        "https://campus.example/",
        "http://localhost:5174/",
        "http://localhost:5173.evil.example/",
        "http://localhost:5173@evil.example/",
        "//localhost:5173/",
        "javascript:alert(1)",
        f"{FRONT_END}/#x",
        f"{FRONT_END}/\\evil",
    ],
)
async def test_nobody_else_is_sent_a_token(client, address):
    assert not may_return_to(address, [FRONT_END])
    assert (await sign_in(client, person="ann", redirect=address)).status_code == 400
    asked = await client.get("/sign-in", params={"redirect": address}, headers=HERE)
    assert asked.status_code == 400


@pytest.mark.parametrize(
    "brought",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:8400"},
        {"X-Forwarded-For": "10.0.0.7"},
        {"Forwarded": "for=10.0.0.7"},
        {"CF-Connecting-IP": "10.0.0.7"},
        {"X-Forwarded-Proto": "https"},
        {"Via": "1.1 proxy"},
        {"Origin": "https://evil.example"},
        {"Origin": FRONT_END},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_what_others_have_brought_here_is_refused(client, brought):
    answer = await sign_in(client, {**FORM, **brought}, person="office")
    assert (answer.status_code, "token" in answer.text.lower()) == (403, False), answer.text


def test_another_machine_is_refused():
    assert why_refused({"host": "localhost:8400"}, "10.0.0.7")
    assert why_refused({"host": "localhost:8400"}, None)
    assert why_refused({"host": "[::1]:8400"}, "::1") is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"person": "nobody"},
        {"person": "ann", "tenant": "no/school"},
        {"subject": "zoe"},
        {"subject": "zoe", "role": "admin"},
        {"subject": "x" * 300, "role": "learner"},
        {"person": "ann", "more": "x" * 9_000},
    ],
)
async def test_a_form_that_is_not_filled_in_is_refused(client, fields):
    answer = await sign_in(client, **fields)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "changed",
    [
        {"token_keys": "https://id.example/jwks", "token_issuer": "https://id.example"},
        {"host": "0.0.0.0"},
        {"public_url": "https://school.example"},
        {"sign_in_client_id": "pages"},
    ],
)
def test_where_others_are_it_is_not_at_all(settings, pool, changed, monkeypatch):
    elsewhere = msgspec.structs.replace(settings, **changed)
    with pytest.raises(SettingInvalid, match="--sign-in"):
        service(elsewhere, pool, SessionCookie(elsewhere), develops="pages")
    monkeypatch.setenv(VARIABLE, TOKENS)
    with pytest.raises(WrongUsage, match="--sign-in"):
        up.set_sign_in(elsewhere, asked=True)
    up.set_sign_in(elsewhere, asked=False)
    assert VARIABLE not in os.environ


def test_pages_have_it_by_default_and_only_the_option_gives_tokens(settings, monkeypatch):
    monkeypatch.setenv(VARIABLE, TOKENS)
    up.set_sign_in(settings, asked=False)
    assert os.environ[VARIABLE] == "pages"
    up.set_sign_in(settings, asked=True)
    assert os.environ[VARIABLE] == TOKENS


async def test_a_page_s_reader_is_signed_in_and_back_where_they_were(app_of, cookie):
    async with connection_to(app_of("pages")) as client:
        asked = await client.get("/sign-in", params={"return": "/teach?week=3"}, headers=HERE)
        assert 'value="/teach?week=3"' in asked.text
        assert "token" not in asked.text.lower()
        answer = await sign_in(client, person="ines", **{"return": "/teach?week=3"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/teach?week=3")
        caller = cookie.sessions.read(client.cookies[cookie.name])
        assert (caller.subject, caller.tenant, caller.roles) == ("ines", "default", {"instructor"})
        elsewhere = await sign_in(client, person="ines", **{"return": "//evil.example"})
        assert elsewhere.headers["location"] == "/"
        refused = await sign_in(client, person="ines", redirect=f"{FRONT_END}/")
        assert refused.status_code == 400, "tokens are to be asked for"
        assert "location" in (await sign_in(client, person="ines", token="1")).headers


async def test_it_offers_those_who_are_in_the_school(app_of, pool):
    art = Life("art", "amal")
    waits = Life("art", "bo").waits()
    await happens(pool, "a-school", [offered("art"), teaches("teacher", "art")], waits)
    await happens(pool, "a-school", [*art.enrolls(), *art.visits("one")])
    async with connection_to(app_of("pages")) as client:
        shown = (await client.get("/sign-in", headers=HERE)).text
        assert "a-school" in shown
        for one in ("amal", "bo", "teacher", "office", "olga"):
            assert f'value="{one}"' in shown
        assert 'value="ann"' not in shown
        assert (await sign_in(client, person="ann", tenant="a-school")).status_code == 400
        assert (await sign_in(client, person="bo", tenant="a-school")).status_code == 303


@pytest.mark.skipif(not KNOWN, reason="only Linux tells whose a socket is")
async def test_a_program_of_another_user_is_refused(app_of):
    """A proxy that hides itself says nothing, and connects as itself."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as ours,
    ):
        port = server.getsockname()[1]
        assert owners(ours.getsockname(), port) == {os.getuid()}
        assert is_own(ours.getsockname(), port)
        assert not is_own(ours.getsockname(), port - 1)
    assert not is_own(("127.0.0.1", 1), port)
    assert not is_own(("::1", 1), port)
    async with connection_to(app_of("pages", Rules()), raises=False) as client:
        answer = await sign_in(client, person="office")
        assert (answer.status_code, "another user" in answer.text) == (403, True)


@pytest.mark.skipif(not KNOWN, reason="only Linux tells whose a socket is")
def test_sockets_of_ipv6_are_found():
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as server,
        socket.create_connection(server.getsockname()[:2]) as ours,
    ):
        assert owners(ours.getsockname()[:2], server.getsockname()[1]) == {os.getuid()}


@pytest.mark.skipif(not KNOWN, reason="only Linux tells whose a socket is")
def test_a_closing_connection_from_the_same_port_lends_nobody_its_owner():
    """The kernel's table says of it that it is root's, whoever had it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, client = server.accept()
        ours.close()
        theirs.close()
        port = server.getsockname()[1]
        assert not owners(client, port)
        assert not is_own(client, port)
