"""The OpenAPI document of all services together keeps what it promises."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from tests.documented import METHODS, Document

from milepost.events.commands.transact import Transactor
from milepost.events.event import Refused
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.cors import READ, SENT
from milepost.web.openapi import published
from milepost.web.problems import problem_of
from milepost.web.room import Context
from milepost.web.settings import Settings

PROBLEM = "application/problem+json"
# Told in a part of a larger answer, never as an answer: a report in a batch, say.
IN_PARTS = {
    *("unknown_lesson", "lesson_locked", "attempts_exhausted", "score_not_yours"),
    *("completion_not_yours", "too_long_ago", "too_many_attempts", "already_judged"),
    "report_id_reused",
    "row_invalid",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("house"))
    nowhere = cast("Any", None)  # nothing is asked of the database
    services = services_of("all", Context(Transactor(MemoryLog()), settings, nowhere))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    return published.document(app)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def examples(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            media = response.get("content", {}).get(PROBLEM, {})
            for example in media.get("examples", {}).values():
                yield name, status, media["schema"], example["value"]


def test_every_example_of_a_problem_fits_its_schema(document: dict[str, Any]):
    held = Document(document)
    count = 0
    for name, status, schema, value in examples(document):
        fault = held.fault(schema, value)
        assert fault is None, f"{name} {status}: {fault}"
        assert str(value["status"]) == status, name
        assert "{" not in value["instance"], f"{name} {status}: {value['instance']}"
        count += 1
    assert count > 400


def test_every_route_that_takes_a_token_says_how_it_refuses(document: dict[str, Any]):
    for name, operation in operations(document):
        if operation.get("security") == [{}]:
            continue
        assert {"400", "401", "503"} <= operation["responses"].keys(), name
        described = f"{operation.get('summary')} {operation.get('description')}"
        assert "efused:" not in described, f"{name} refuses in prose"
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert response["content"][PROBLEM]["examples"], f"{name} {status}"


def test_every_refusal_of_the_services_is_documented(document: dict[str, Any]):
    shown = {value["type"].rpartition(":")[2] for *_, value in examples(document)}
    lacking = {problem_name(one) for one in refusals(Refused)} - shown - IN_PARTS
    assert not lacking


def refusals(kind: type[Refused]) -> Iterator[type[Refused]]:
    """Those that are raised: the leaves, of the services."""
    for one in kind.__subclasses__():
        if one.__subclasses__():
            yield from refusals(one)
        elif one.__module__.startswith("milepost.") and ".events." not in one.__module__:
            yield one


def problem_name(refusal: type[Refused]) -> str:
    return problem_of(refusal.__new__(refusal)).name


def test_a_browser_may_send_and_read_every_header_that_is_documented(document: dict[str, Any]):
    sent = {name.lower() for name in SENT}
    # A browser keeps the one to itself, and shows the other anyhow.
    read = {*(name.lower() for name in READ), "connection", "cache-control"}
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] != "header" or parameter["name"].lower() in sent, name
        for response in operation["responses"].values():
            assert {header.lower() for header in response.get("headers", {})} <= read, name
