"""The document as it is served: what generated clients are made of, at next to no cost."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar
from tests.clients import AsyncClient, connection_to
from tests.documented import METHODS
from tests.loop_lag import loop_free, slowness

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.openapi.published import document as made
from milepost.web.room import Context
from milepost.web.settings import Settings

ADDRESS = "/schema/openapi.json"
GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
LESSONS = {"Progressed.resume_at"}
TIME = re.compile(r".+_at|at|expires|window_opens|window_closes")


def app_of(rooms: str, folder: Path) -> Litestar:
    settings = Settings(data_dir=folder)
    nowhere = cast("Any", None)  # nothing is asked of the database
    services = services_of(rooms, Context(Transactor(MemoryLog()), settings, nowhere))
    return create_app(services, settings, TokenVerifier(settings), ready={})


@pytest.fixture(scope="module")
async def asked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncClient]:
    """Asked again and again for what it builds once."""
    async with connection_to(app_of("all", tmp_path_factory.mktemp("app"))) as client:
        yield client


@pytest.fixture(scope="module")
async def document(asked: AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await asked.get(ADDRESS)).json()
    return found


def operations(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in paths.items():
        yield from ((path, item[method]) for method in METHODS if method in item)


def references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield from (one for key, one in value.items() if key == "$ref")
            yield from (found for one in value.values() for found in references(one))
        case list():
            yield from (found for one in value for found in references(one))


def test_names_are_unique_and_readable(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    titles = Counter(schema["title"] for schema in schemas.values() if "title" in schema)
    assert [title for title, times in titles.items() if times > 1] == []
    assert [name for name in schemas if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", name)] == []
    known = {f"#/components/schemas/{name}" for name in schemas}
    assert {one for one in references(document) if "/schemas/" in one} <= known


def test_operations_are_called_by_what_they_do(document: dict[str, Any]):
    paths = document["paths"]
    ids = [operation["operationId"] for _, operation in operations(paths)]
    assert len(set(ids)) == len(ids) > 50
    assert [one for one in ids if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", one)] == []
    assert {"enrollLearner", "withdrawEnrollment", "publishCourse", "reportLearning"} <= {*ids}


def test_times_say_so(document: dict[str, Any]):
    lacking = []
    for name, schema in document["components"]["schemas"].items():
        for key, told in schema.get("properties", {}).items():
            kinds = [told, *told.get("anyOf", ())]
            plain = [one for one in kinds if one.get("type") == "string" and "enum" not in one]
            if TIME.fullmatch(key) and any("format" not in one for one in plain):
                lacking.append(f"{name}.{key}")
    assert set(lacking) <= LESSONS


def test_answers_say_what_is_always_there(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    for name in ("EnrollmentRow", "DashboardsCourseView", "LessonView", "EnrollmentView"):
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"]), name
    assert "mode" not in schemas["Enroll"]["required"], "a body may leave out what has a default"


def test_what_is_created_says_where_it_is(document: dict[str, Any]):
    paths = document["paths"]
    created = [
        (path, operation["responses"]["201"])
        for path, operation in operations(paths)
        if "201" in operation["responses"]
    ]
    assert len(created) > 8
    assert [path for path, answer in created if "Location" not in answer["headers"]] == []


def test_any_read_and_any_command_waits_as_the_client_prefers(document: dict[str, Any]):
    paths = document["paths"]
    for path, operation in operations(paths):
        sent = {one["name"] for one in operation.get("parameters", ())}
        if "Idempotency-Key" in sent or "Milepost-Position" in sent:
            answer = next(iter(operation["responses"].values()))
            assert "Prefer" in sent, path
            assert "Milepost-Settled" in answer["headers"], path


async def test_it_is_sent_compressed_to_who_takes_that(asked: AsyncClient):
    plain, zipped = await asked.get(ADDRESS, headers=PLAIN), await asked.get(ADDRESS, headers=GZIP)
    refused = await asked.get(ADDRESS, headers={"Accept-Encoding": "br, gzip;q=0"})
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refused.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.json() == plain.json()
    assert int(zipped.headers["Content-Length"]) * 5 < int(plain.headers["Content-Length"])
    for answer in (plain, zipped):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "max-age" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("application/vnd.oai.openapi+json")


@pytest.mark.parametrize("encoding", [GZIP, PLAIN])
async def test_who_has_it_is_told_that_it_is_the_same(asked: AsyncClient, encoding: dict[str, str]):
    first = await asked.get(ADDRESS, headers=encoding)
    again = await asked.get(ADDRESS, headers={**encoding, "If-None-Match": first.headers["ETag"]})
    other = await asked.get(ADDRESS, headers={**encoding, "If-None-Match": '"other"'})
    assert not first.headers["ETag"].startswith("W/")
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


async def test_its_two_forms_are_told_apart(asked: AsyncClient):
    tags = {(await asked.get(ADDRESS, headers=how)).headers["ETag"] for how in (GZIP, PLAIN)}
    assert len(tags) == 2


@pytest.mark.parametrize("path", ["openapi.yaml", "openapi.yml", "swagger", "redoc", "x.json"])
async def test_there_is_nothing_else(asked: AsyncClient, path: str):
    answer = await asked.get(f"/schema/{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:milepost:problem:unknown_route"


async def test_building_it_leaves_the_loop_to_others(tmp_path: Path):
    # In a thread, which shares the interpreter with the loop.
    async with connection_to(app_of("all", tmp_path)) as anew, loop_free(250):
        await anew.get(ADDRESS, headers=GZIP)


async def test_it_costs_next_to_nothing(asked: AsyncClient):
    await asked.get(ADDRESS, headers=GZIP)
    before = time.process_time()
    await asyncio.gather(
        *(asked.get(ADDRESS, headers={**GZIP, "Accept": "*/*"}) for _ in range(100))
    )
    each = (time.process_time() - before) / 100
    assert each < 0.01 * slowness(), "the client's part included"


def test_what_was_made_is_read_by_a_link(document: dict[str, Any]):
    paths = document["paths"]
    reads = {one["operationId"]: path for path, one in operations(paths)}
    for path, operation in operations(paths):
        links = {
            status: response.get("links", {}) for status, response in operation["responses"].items()
        }
        if any("Location" in one.get("headers", {}) for one in operation["responses"].values()):
            assert any(links.values()), f"{operation['operationId']} names no read: links=(…)"
        for of_status in links.values():
            for name, link in of_status.items():
                # In this order in every process: their ETags are the same.
                asked_for = sorted(set(re.findall(r"\{(\w+)\}", reads[name])))
                assert [*link["parameters"]] == asked_for, f"{path} → {name}"
    enrolled = paths["/enrollment/offerings/{offering}/enrollments"]["post"]["responses"]
    assert enrolled["200"]["links"] == enrolled["201"]["links"]
    assert enrolled["201"]["links"]["getProgress"] == {
        "operationId": "getProgress",
        "parameters": {"enrollment": "$response.body#/enrollment"},
    }
    shared = paths["/credentials/learners/{learner}/credentials/{credential}/shares"]["post"]
    assert shared["responses"]["200"]["links"]["getCredentialShares"]["parameters"] == {
        "credential": "$response.body#/credential",
        "learner": "$request.path.learner",
    }


async def test_a_process_links_only_to_what_it_serves_itself(tmp_path: Path):
    paths = made(app_of("enrollment", tmp_path))["paths"]
    enrolled = paths["/enrollment/offerings/{offering}/enrollments"]["post"]["responses"]["201"]
    assert enrolled["links"].keys() == {"getEnrollment"}


def test_every_operation_says_what_it_does_and_what_it_is_asked(document: dict[str, Any]):
    for path, operation in operations(document["paths"]):
        assert operation["summary"], path
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                assert parameter["description"], f"{path} {parameter['name']}"
