"""Front ends of other origins: those that are named may call, and read what they need."""

import pytest
from msgspec.structs import replace
from tests.clients import connection_to
from tests.web import notes

from milepost.web.app import create_app
from milepost.web.settings import SettingInvalid, Settings

CAMPUS, LOCAL, STRANGER = "https://campus.example", "http://localhost:5173", "https://else.example"
ONE = {"lines": [{"score": 0.5}]}
ASKS = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
}


@pytest.fixture
async def campus(settings, verifier, transactor):
    given = replace(settings, cors_origins=f"{CAMPUS}, {LOCAL}")
    app = create_app([notes.service(transactor, given)], given, verifier, ready={})
    async with connection_to(app, raises=False) as client:
        yield client


@pytest.mark.parametrize("origin", [CAMPUS, LOCAL])
@pytest.mark.parametrize("path", ["/notes/a", "/schema/openapi.json", "/nowhere"])
async def test_a_browser_may_ask_before_it_has_a_token(campus, origin, path):
    answer = await campus.options(path, headers={"Origin": origin, **ASKS})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Origin" in answer.headers["Vary"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    for header in (
        *("authorization", "idempotency-key", "milepost-position", "if-none-match"),
        *("prefer", "last-event-id"),
    ):
        assert header in allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_browser_may_read_what_a_front_end_needs(campus, headers):
    answer = await campus.post("/notes/a", json=ONE, headers=headers(Origin=CAMPUS))
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (201, CAMPUS)
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for header in (
        *("Milepost-Position", "Milepost-Head", "Milepost-Settled", "Milepost-Waits-For"),
        *("ETag", "Location", "Link", "Retry-After", "Preference-Applied"),
    ):
        assert header in exposed


@pytest.mark.parametrize(
    ("path", "status"), [("/notes/a", 401), ("/nowhere", 404), ("/schema/openapi.json", 200)]
)
async def test_refusals_and_the_document_are_readable_too(campus, path, status):
    answer = await campus.get(path, headers={"Origin": CAMPUS})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, CAMPUS)


@pytest.mark.parametrize(
    "origin",
    [STRANGER, f"{CAMPUS}.evil.example", f"{CAMPUS}:8443", "http://campus.example", "null"],
)
async def test_any_other_origin_is_let_nowhere(campus, headers, origin):
    asked = await campus.options("/notes/a", headers={"Origin": origin, **ASKS})
    answer = await campus.get("/notes/a", headers=headers(Origin=origin))
    assert asked.status_code == 400
    for response in (asked, answer):
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_header_of_nobody_is_not_allowed(campus):
    asks = {**ASKS, "Access-Control-Request-Headers": "x-made-up"}
    answer = await campus.options("/notes/a", headers={"Origin": CAMPUS, **asks})
    assert answer.status_code == 400


async def test_without_the_setting_nobody_is_allowed(client):
    asked = await client.options("/notes/a", headers={"Origin": CAMPUS, **ASKS})
    answer = await client.get("/notes/a", headers={"Origin": CAMPUS})
    for response in (asked, answer):
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "wrong",
    ["*", "https://*.example", "campus.example", f"{CAMPUS}/", "https://Campus.example", "null"],
)
def test_what_is_no_exact_origin_is_refused_at_start(verifier, wrong):
    with pytest.raises(SettingInvalid, match="MILEPOST_CORS_ORIGINS"):
        create_app([], Settings(cors_origins=wrong), verifier, ready={})
