"""What is sent compressed, to whom, and how a cache tells the forms apart."""

from collections.abc import AsyncIterator

import pytest
from litestar import Response, Router, get
from litestar.params import FromQuery
from litestar.response import Stream
from msgspec.structs import replace
from tests.clients import connection_to
from tests.web import notes

from milepost.web.answers.compression import IN_A_THREAD_BYTES, LEAST_BYTES, takes_gzip
from milepost.web.app import create_app
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.openapi.documented_answers import versioned_query
from milepost.web.requests.etags import digested
from milepost.web.requests.positions import positioned
from milepost.web.room import Service

Rows = list[dict[str, str]]
ROWS: Rows = [{"learner": f"ann-{number}", "state": "enrolled"} for number in range(500)]


async def rows_in_pieces() -> AsyncIterator[bytes]:
    for row in ROWS:
        yield str(row).encode()


CAMPUS = "https://campus.example"


@pytest.fixture
def app(settings, verifier):
    settings = replace(settings, cors_origins=CAMPUS)

    @get("/rows", answers=versioned_query())
    async def rows(request: notes.Asked, times: FromQuery[int] = 1) -> Response[Rows]:
        return digested(request, ROWS * times)

    @get("/direct")
    async def direct() -> Response[Rows]:
        return positioned(ROWS, 7)

    @get("/small")
    async def small() -> list[str]:
        return ["x" * (LEAST_BYTES - 10)]

    @get("/secret")
    async def secret() -> Response[Rows]:
        return Response(ROWS, headers={"Cache-Control": "private, no-store"})

    @get("/text", media_type="text/plain")
    async def text() -> str:
        return "text" * LEAST_BYTES

    @get("/stream", include_in_schema=False)
    async def stream() -> Stream:
        return Stream(rows_in_pieces(), media_type="application/x-ndjson")

    routes = Router("/", route_handlers=[rows, direct, small, secret, text, stream])
    return create_app([Service("rows", (routes,))], settings, verifier, ready={})


@pytest.fixture
async def ask(app, headers):
    async with connection_to(app) as client:

        async def ask(path, accepted="gzip", **more):
            return await client.get(path, headers=headers(**{"Accept-Encoding": accepted, **more}))

        yield ask


@pytest.mark.parametrize("path", ["/rows", "/direct"])
async def test_what_a_session_asks_for_is_kept_by_no_cache_and_not_compressed(app, settings, path):
    cookie = SessionCookie(settings)
    token = cookie.sessions.issue("ines", "north", ["instructor"])
    headers = {"Cookie": f"{cookie.name}={token}", "Accept-Encoding": "gzip"}
    async with connection_to(app) as client:
        answer = await client.get(path, headers=headers)
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "content-encoding" not in answer.headers
        secret = await client.get("/secret", headers=headers)
        assert secret.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/rows", "/direct"])
async def test_json_is_compressed_for_who_takes_it(ask, path):
    plain, zipped = await ask(path, "identity"), await ask(path)
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.json() == plain.json() == ROWS
    assert int(zipped.headers["content-length"]) < len(plain.content) / 5
    for answer in (plain, zipped):
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_each_form_has_its_etag_and_is_unchanged_by_it(ask):
    plain, zipped = await ask("/rows", "identity"), await ask("/rows")
    etags = [plain.headers["etag"], zipped.headers["etag"]]
    assert etags[1] == f'{etags[0][:-1]}-gzip"'
    for etag in etags:
        again = await ask("/rows", **{"If-None-Match": etag})
        assert (again.status_code, again.headers["etag"], again.content) == (304, etag, b"")
    changed = await ask("/rows?times=2", **{"If-None-Match": etags[1]})
    assert changed.status_code == 200


async def test_a_browser_of_another_origin_is_answered_as_well(ask):
    answer = await ask("/rows", Origin=CAMPUS)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["access-control-allow-origin"] == CAMPUS
    told = {one.strip() for one in ",".join(answer.headers.get_list("vary")).split(",")}
    assert told == {"Origin", "Accept-Encoding"}


@pytest.mark.parametrize("path", ["/small", "/secret", "/text", "/stream"])
async def test_what_is_left_as_it_is(ask, path):
    answer = await ask(path)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


async def test_what_is_large_is_compressed_as_well(ask):
    times = 1 + IN_A_THREAD_BYTES // len(str(ROWS))
    answer = await ask(f"/rows?times={times}")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()) == times * len(ROWS)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("br", False),
        ("", False),
    ],
)
def test_who_takes_it(accepted, takes):
    assert takes_gzip(accepted) is takes
