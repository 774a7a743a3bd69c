"""The development sign-in: on this machine alone, and for its own pages."""

import os
from urllib.parse import urlencode

import msgspec
import pytest
from tests.clients import connection_to

from milepost.events.store.memory import MemoryLog
from milepost.operations.commands.installation import up
from milepost.operations.documentation import app as documentation
from milepost.operations.sign_in.app import PEOPLE, service
from milepost.operations.sign_in.rules import VARIABLE, may_return_to, why_refused
from milepost.operations.terminal.errors import WrongUsage
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.settings import SettingInvalid, Settings

FRONT_END = "http://localhost:5173"
HERE = {"Host": "localhost:8400"}
FORM = {**HERE, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, cors_origins=f"{FRONT_END}, https://campus.example")


@pytest.fixture
async def client(settings):
    services = [documentation.service(settings, whole=False), service(settings, MemoryLog())]
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as client:
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
    answer = await sign_in(client, person="office", tenant="north")
    assert answer.headers["cache-control"] == "private, no-store"
    caller = await who(settings, token_in(answer.text))
    assert (caller.subject, caller.tenant) == ("office", "north")
    assert caller.roles == {"registrar", "issuer"}


async def test_so_does_anybody_else_with_the_roles_that_are_ticked(client, settings):
    answer = await sign_in(client, person="ann", subject="zoe", role=["learner", "auditor"])
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
    ],
)
def test_where_others_are_it_is_not_at_all(settings, changed, monkeypatch):
    elsewhere = msgspec.structs.replace(settings, **changed)
    with pytest.raises(SettingInvalid, match="--sign-in"):
        service(elsewhere, MemoryLog())
    monkeypatch.setenv(VARIABLE, "1")
    with pytest.raises(WrongUsage, match="--sign-in"):
        up._set_sign_in(elsewhere, asked=True)


def test_only_the_option_turns_it_on(settings, monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    up._set_sign_in(settings, asked=False)
    assert VARIABLE not in os.environ
    up._set_sign_in(settings, asked=True)
    assert os.environ[VARIABLE] == "1"
