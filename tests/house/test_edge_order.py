"""Every route asks who, then how large, and only then what."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from httpx2 import ASGITransport
from litestar import Litestar, post
from litestar.exceptions import ImproperlyConfiguredException
from litestar.routes import HTTPRoute
from tests.clients import AsyncClient, connection_to
from tests.loop_lag import loop_free

from milepost.events.commands.transact import Transactor
from milepost.events.sizes import HTTP_BODY
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.requests.allowed_roles import AllowedRoles
from milepost.web.room import Context
from milepost.web.settings import Settings

NO_BODY = b'{"learner": '


class Taking(NamedTuple):
    """A route that takes a body, and the most that it may have."""

    method: str
    path: str
    roles: tuple[str, ...]
    limit_bytes: int


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def app(data: Path) -> Litestar:
    settings = Settings(data_dir=data)
    nowhere = cast("Any", None)  # nobody comes so far
    services = services_of("all", Context(Transactor(MemoryLog()), settings, nowhere))
    return create_app(services, settings, TokenVerifier(settings), ready={})


@pytest.fixture(scope="module")
def issuer(data: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(data)


def routes_with_bodies(app: Litestar) -> Iterator[Taking]:
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            answers = handler.opt.get("answers")
            streamed = answers is not None and answers.request_body is not None
            if handler.parsed_data_field is None and not streamed:
                continue
            path = re.sub(r"\{(\w+):\w+\}", r"\1-1", re.sub(r"\{\w+:int\}", "1", route.path))
            (method,) = handler.http_methods - {"OPTIONS"}
            limit = handler.resolve_request_max_body_size()
            yield Taking(str(method), path, handler.opt["roles"], cast("int", limit))


async def ask(
    client: AsyncClient, route: Taking, issuer: DevelopmentIssuer, role: str, **headers: str
) -> dict[str, Any]:
    token = issuer.issue("somebody", "north", [role])
    sent = {"authorization": f"Bearer {token}", "content-type": "application/json", **headers}
    answer = await client.request(route.method, route.path, content=NO_BODY, headers=sent)
    return cast("dict[str, Any]", answer.json())


async def test_who_has_no_role_is_refused_before_the_body_is_read(
    app: Litestar, issuer: DevelopmentIssuer
):
    async with connection_to(app) as client:
        seen = 0
        for route in routes_with_bodies(app):
            refused = await ask(client, route, issuer, "nobody", **{"content-length": "999999999"})
            assert refused["type"] == "urn:milepost:problem:role_missing", route
            assert tuple(refused["needed"]) == tuple(route.roles)
            seen += 1
    assert seen > 25


async def test_what_is_announced_too_large_is_refused_before_it_is_decoded(
    app: Litestar, issuer: DevelopmentIssuer
):
    async with connection_to(app) as client:
        for route in routes_with_bodies(app):
            if route.path.endswith("/jobs"):  # asks the database for a place first
                continue
            length = str(route.limit_bytes + 1)
            refused = await ask(client, route, issuer, route.roles[0], **{"content-length": length})
            assert refused["type"] == "urn:milepost:problem:body_too_large", route
            assert refused["limit_bytes"] == route.limit_bytes


def bare(app: Litestar) -> AsyncClient:
    """A client that holds no answer against OpenAPI: that would hold the loop."""
    return AsyncClient(transport=ASGITransport(app=cast("Any", app)), base_url="http://here")


def wrong(limit_bytes: int) -> dict[str, bytes]:
    """Bodies as large as a route takes, of shapes that cost most to look at."""
    many, deep = limit_bytes // 13 - 10, limit_bytes // 11 - 10
    return {
        "unknown fields": b"{" + b",".join(b'"a%07d":0' % n for n in range(many)) + b"}",
        "nested": b'{"a":[' + b",".join([b"[[],[],{}]"] * deep) + b"]}",
        "elements": b'{"lessons":[' + b",".join([b"{}"] * (limit_bytes // 3 - 10)) + b"]}",
        "not JSON": b"[" * (limit_bytes - 10),
    }


async def test_no_body_however_large_and_wrong_holds_the_loop(
    app: Litestar, issuer: DevelopmentIssuer
):
    bodies = wrong(HTTP_BODY)
    async with bare(app) as client:
        for route in routes_with_bodies(app):
            token = issuer.issue("somebody", "north", [route.roles[0]])
            sent = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            if route.path.endswith(("/jobs", "/verify/file", "/images")):  # they read any bytes
                continue
            for name, body in bodies.items():
                async with loop_free():
                    answer = await client.request(
                        route.method, route.path, content=body, headers=sent
                    )
                assert answer.status_code == 400, (route, name, answer.text)


async def test_the_largest_course_that_is_published_does_not_hold_the_loop(
    app: Litestar, issuer: DevelopmentIssuer
):
    lessons = [
        {"id": f"lesson-{n}", "title": "T" * 200, "titles": {"de": "U" * 200}} for n in range(2000)
    ]
    body = json.dumps({"title": "Large", "lessons": lessons}).encode()
    assert HTTP_BODY * 0.8 < len(body) < HTTP_BODY
    token = issuer.issue("somebody", "north", ["registrar"])
    sent = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    async with bare(app) as client, loop_free():
        path = "/enrollment/courses/large/versions"
        answer = await client.post(path, content=body, headers=sent)
    assert answer.status_code == 201, answer.text


def test_a_route_that_does_not_say_for_whom_is_no_route():
    @post("/open")
    async def change() -> None: ...

    with pytest.raises(ImproperlyConfiguredException, match="say `roles`"):
        Litestar([change], plugins=[AllowedRoles()])
