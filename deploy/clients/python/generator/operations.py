"""`operations.py`: a method for each operation, and an iterator for each that gives pages."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from generator.types import (
    Schema,
    Unknown,
    annotation,
    attribute,
    docstring,
    literal,
    snake,
)

METHODS = ("get", "put", "post", "patch", "delete")
JSON, LINES = "application/json", "application/x-ndjson"
# For people, for operators, or written by hand because they do not end.
LEFT_OUT = re.compile(r"^/(health|metrics|schema|docs|events)\b")
# What the transport sends with any request, and what a client in memory has no use for.
IGNORED = {"Prefer", "Milepost-Position", "If-None-Match"}
CURSORS = ("cursor", "after")
FORMAT = "format"
OF_A_PAGE = ("cursor", "limit")
HEADER = '''\
"""One method an operation. Generated from the OpenAPI document: change nothing here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from milepost_client.open_literal import OpenLiteral
from milepost_client.paging import rows
'''
CLASS = """
from milepost_client.transport import Transport, in_path


class Operations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
"""


class Operation(NamedTuple):
    method: str
    path: str
    name: str
    words: str
    parameters: list[dict[str, Any]]
    bodies: dict[str, Any]
    answers: dict[str, Any]
    body_required: bool

    def of(self, place: str) -> list[dict[str, Any]]:
        return [one for one in self.parameters if one["in"] == place]

    @property
    def headers(self) -> set[str]:
        return {one["name"] for one in self.of("header")} - IGNORED


def operations(document: Schema) -> str:
    found = sorted(_operations(document), key=lambda one: one.name)
    methods = "".join(_method(one) + _iterator(one, document) for one in found)
    used = set(re.findall(r"\w+", methods)) & set(document["components"]["schemas"])
    imports = f"from milepost_client.structs import {', '.join(sorted(used))}"
    return f"{HEADER}{imports}{CLASS}{methods}"


def _operations(document: Schema) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item and not LEFT_OUT.match(path):
                yield from _forms(_operation(method, path, item[method]))


def _forms(operation: Operation) -> Iterator[Operation]:
    """A list is asked for as JSON, a page at a time, or whole as a file: by a method each."""
    if len(operation.answers) == 1 or JSON not in operation.answers:
        yield operation
        return
    paged = [one for one in operation.parameters if one["name"] != FORMAT]
    files = {kind: media for kind, media in operation.answers.items() if kind != JSON}
    yield operation._replace(parameters=paged, answers={JSON: operation.answers[JSON]})
    whole = [_required(one) for one in operation.parameters if one["name"] not in OF_A_PAGE]
    words = f"{operation.words}\n\nThe whole list, as a file of this format."
    name = f"{operation.name}_file"
    yield operation._replace(name=name, words=words, parameters=whole, answers=files)


def _required(parameter: dict[str, Any]) -> dict[str, Any]:
    """The format, which is a file's; any other parameter as it is."""
    if parameter["name"] != FORMAT:
        return parameter
    kinds = [one for one in parameter["schema"]["enum"] if one not in (None, "json")]
    return {**parameter, "required": True, "schema": {"type": "string", "enum": kinds}}


def _operation(method: str, path: str, said: Schema) -> Operation:
    succeeding = [one for status, one in said["responses"].items() if status.startswith("2")]
    contents = [one.get("content", {}) for one in succeeding]
    body = said.get("requestBody", {})
    return Operation(
        method=method.upper(),
        path=path,
        name=snake(said["operationId"]),
        words="\n\n".join(filter(None, (said.get("summary"), said.get("description")))),
        parameters=said.get("parameters", []),
        bodies=body.get("content", {}),
        answers={kind: media for content in contents for kind, media in content.items()},
        body_required=bool(body.get("required")),
    )


def _answer(operation: Operation) -> str:
    match list(operation.answers):
        case []:
            return "None"
        case [kind] if kind == LINES or kind.endswith("json"):
            return annotation(operation.answers[kind].get("schema", {}))
        case _:
            return "bytes"


def _method(operation: Operation) -> str:
    if unknown := operation.headers - {"Idempotency-Key"}:
        raise Unknown(f"the headers {unknown} of {operation.name}")
    streams = list(operation.answers) == [LINES]
    answer = _answer(operation)
    wait, returns = ("def", f"AsyncIterator[{answer}]") if streams else ("async def", answer)
    head = f"{wait} {operation.name}({', '.join(_signature(operation))}) -> {returns}:"
    call = _lines(operation, answer) if streams else _call(operation, answer)
    return f"\n    {head}\n{docstring(operation.words, 8)}{call}"


def _signature(operation: Operation) -> Iterator[str]:
    yield "self"
    yield from (f"{attribute(one['name'])}: {_plain(one)}" for one in operation.of("path"))
    named = list(_named(operation))
    if list(operation.bodies) == [JSON]:
        kind = annotation(operation.bodies[JSON]["schema"])
        yield f"body: {kind}" if operation.body_required else f"body: {kind} | None = None"
    elif operation.bodies:
        kinds = ", ".join(map(literal, operation.bodies))
        yield "body: bytes"
        named = [f"content_type: OpenLiteral[{kinds}]", *named]
    if named:
        yield "*"
        yield from named


def _named(operation: Operation) -> Iterator[str]:
    for one in sorted(operation.of("query"), key=lambda one: not one.get("required")):
        yield f"{attribute(one['name'])}: {_plain(one)}" + (
            "" if one.get("required") else " = None"
        )
    if "Idempotency-Key" in operation.headers:
        yield "idempotency_key: str | None = None"


def _plain(parameter: Schema) -> str:
    kind = annotation(parameter["schema"])
    optional = not parameter.get("required") and not kind.endswith("None")
    return f"{kind} | None" if optional else kind


def _call(operation: Operation, answer: str) -> str:
    kind = {"None": "type(None)"}.get(answer, answer)
    if " | " in kind or "[" in kind:
        kind = "dict" if kind.startswith("Mapping") else kind
    given = [kind, literal(operation.method), _path(operation), *_query(operation)]
    if operation.bodies:
        given.append("body=body")
    if operation.bodies and list(operation.bodies) != [JSON]:
        given.append("content_type=content_type")
    if "Idempotency-Key" in operation.headers:
        given.append("headers=self._transport.keyed(idempotency_key)")
    return f"        return await self._transport.call({', '.join(given)})\n"


def _lines(operation: Operation, answer: str) -> str:
    given = [answer, _path(operation), *_query(operation)]
    return f"        return self._transport.lines({', '.join(given)})\n"


def _path(operation: Operation) -> str:
    if "{" not in operation.path:
        return literal(operation.path)
    return (
        'f"'
        + re.sub(r"{([^}]+)}", lambda m: f"{{in_path({attribute(m[1])})}}", operation.path)
        + '"'
    )


def _query(operation: Operation) -> Iterator[str]:
    if parameters := operation.of("query"):
        pairs = (f"{literal(one['name'])}: {attribute(one['name'])}" for one in parameters)
        yield f"query={{{', '.join(pairs)}}}"


def _iterator(operation: Operation, document: Schema) -> str:
    """Where an answer has `next`, and one list."""
    names = [one["name"] for one in operation.of("query")]
    cursor = next((one for one in CURSORS if one in names), None)
    schema = document["components"]["schemas"].get(_answer(operation), {})
    members = schema.get("properties", {})
    lists = [name for name, one in members.items() if one.get("type") == "array"]
    if cursor is None or "next" not in members or len(lists) != 1:
        return ""
    row = annotation(members[lists[0]]["items"])
    name = "all_" + re.sub("^(list|get)_", "", operation.name)
    signature = [one for one in _signature(operation) if not one.startswith(f"{cursor}:")]
    if signature[-1] == "*":
        signature.pop()
    page = f"lambda cursor: self.{operation.name}({', '.join(_passed(operation, cursor))})"
    return (
        f"\n    def {name}({', '.join(signature)}) -> AsyncIterator[{row}]:\n"
        f'        """`{operation.name}`, page by page to the end."""\n'
        f"        return rows({page}, lambda page: page.{attribute(lists[0])})\n"
    )


def _passed(operation: Operation, cursor: str) -> Iterator[str]:
    yield from (attribute(one["name"]) for one in operation.of("path"))
    for one in operation.of("query"):
        name = attribute(one["name"])
        yield f"{name}={'cursor' if name == cursor else name}"
