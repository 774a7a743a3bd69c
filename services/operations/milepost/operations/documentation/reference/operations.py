"""The operations of the OpenAPI document."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from markupsafe import Markup

from milepost.operations.documentation.guides import inline_html
from milepost.operations.documentation.reference.curl import Call, curl
from milepost.operations.documentation.reference.kinds import (
    Field,
    Schema,
    Schemas,
    about,
    kind_of,
    note_of,
    shapes,
    without_null,
)
from milepost.operations.documentation.reference.operation import (
    PROBLEMS,
    Answer,
    Body,
    Input,
    Met,
    Operation,
    met,
)
from milepost.operations.documentation.reference.samples import examples_in, sample

METHODS = ("get", "put", "post", "patch", "delete")
_TEXTS = ("application/json", "application/x-ndjson", "text/")
# A page says so by itself.
_ROLES = re.compile(r"\s*^Roles: [a-z, ]+\.$", re.MULTILINE)
# The processes' own: they stay inside an installation.
INSIDE = ("/health/", "/metrics")


class Api:
    """`document` is OpenAPI 3.1; `origin` is where its operations are called."""

    def __init__(self, document: Mapping[str, Any], origin: str) -> None:
        self._origin = origin
        self._schemas: Schemas = document["components"]["schemas"]
        self._known = examples_in(self._schemas)
        self._found = {
            found["operationId"]: (path, method, found)
            for path, item in document["paths"].items()
            if not path.startswith(INSIDE)
            for method in METHODS
            if (found := item.get(method)) is not None
        }
        self._known = _facts_of(one for *_, one in self._found.values()) | self._known

    def ids(self) -> Sequence[str]:
        return tuple(self._found)

    def __getitem__(self, operation: str) -> Operation:
        """Raises `KeyError`."""
        path, method, found = self._found[operation]
        problems = list(met(found))
        inputs = list(self._inputs(found, path, problems))
        bodies = list(self._bodies(found))
        return Operation(
            id=operation,
            method=method.upper(),
            path=path,
            summary=found.get("summary") or operation,
            about=about(_ROLES.sub("", found.get("description", ""))),
            tag=(found.get("tags") or [path.split("/")[1]])[0],
            public=found.get("security") == [{}],
            roles=_roles(problems),
            inputs=inputs,
            bodies=bodies,
            answers=list(self._answers(found)),
            problems=problems,
            shapes=shapes(self._schemas, *_schemas_of(found)),
            sent={
                one.name for one in shapes(self._schemas, *_content(found.get("requestBody", {})))
            },
            curl=curl(_call(method, path, found, inputs, bodies), self._origin),
        )

    def _inputs(
        self, found: Mapping[str, Any], path: str, problems: Sequence[Met]
    ) -> Iterator[Input]:
        instance = _instance(path, problems)
        for one in found.get("parameters", ()):
            schema = one.get("schema", {})
            name, place = one["name"], one["in"]
            note = _note(one.get("description", ""), schema)
            field = Field(name, kind_of(without_null(schema)), bool(one.get("required")), note)
            value = ""
            if field.required:
                value = instance.get(name) or str(sample(schema, self._schemas, self._known))
            yield Input(field, place, value, _choices(schema))

    def _bodies(self, found: Mapping[str, Any]) -> Iterator[Body]:
        for media_type, media in found.get("requestBody", {}).get("content", {}).items():
            schema = media.get("schema", {})
            is_text = media_type.startswith(_TEXTS)
            yield Body(
                media_type,
                kind_of(schema),
                inline_html(schema.get("description", "")),
                self._example(media, media_type) if is_text else "",
                is_text,
            )

    def _example(self, media: Mapping[str, Any], media_type: str) -> str:
        value = next(_examples(media), None)
        if value is None:
            value = sample(media.get("schema", {}), self._schemas, self._known)
        return value if media_type != "application/json" else _pretty(value)

    def _answers(self, found: Mapping[str, Any]) -> Iterator[Answer]:
        for status, response in sorted(found["responses"].items()):
            content = response.get("content") or {}
            if PROBLEMS in content:
                continue
            media: Mapping[str, Any] = next(iter(content.values()), {})
            as_json = next((one for one in content if "json" in one), None)
            headers = response.get("headers") or {}
            yield Answer(
                status,
                HTTPStatus(int(status)).phrase,
                tuple(content),
                kind_of(media["schema"]) if media.get("schema") else None,
                [_header(name, one) for name, one in headers.items()],
                next((_shown(one) for one in _examples(content[as_json])), "") if as_json else "",
                [one["operationId"] for one in (response.get("links") or {}).values()],
            )


def _facts_of(operations: Iterator[Mapping[str, Any]]) -> dict[str, Any]:
    """What the examples of problems say of learners, offerings and so on, by name."""
    found: dict[str, Any] = {}
    for operation in operations:
        for problem in met(operation):
            found |= {k: v for k, v in problem.document.items() if k not in found}
    for own in ("type", "title", "status", "detail", "instance", "correlation"):
        found.pop(own, None)
    return found


def _roles(problems: Sequence[Met]) -> Sequence[str]:
    missing = next((one for one in problems if one.name == "role_missing"), None)
    return missing.document["needed"] if missing else ()


def _instance(path: str, problems: Sequence[Met]) -> Mapping[str, str]:
    """The parameters of a path, as the examples of its problems have them."""
    pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
    for one in problems:
        if found := pattern.fullmatch(one.document["instance"]):
            return found.groupdict()
    return {}


def _choices(schema: Schema) -> Sequence[str]:
    kinds = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    values = [one for kind in kinds for one in kind.get("enum", ())]
    if schema.get("type") == "boolean":
        values = [False, True]
    return [one if isinstance(one, str) else json.dumps(one) for one in values if one is not None]


def _schemas_of(found: Mapping[str, Any]) -> Iterator[Schema]:
    for body in (found.get("requestBody", {}), *found["responses"].values()):
        yield from _content(body)


def _content(body: Mapping[str, Any]) -> Iterator[Schema]:
    for media_type, media in (body.get("content") or {}).items():
        if media_type != PROBLEMS:
            yield media.get("schema", {})


def _header(name: str, header: Mapping[str, Any]) -> Field:
    schema = header.get("schema", {})
    note = _note(header.get("description", ""), schema)
    return Field(name, kind_of(schema), bool(header.get("required")), note)


def _note(first: str, schema: Schema) -> Markup:
    """A parameter's description is often its schema's too."""
    second = note_of(schema)
    whole = second if second.startswith(first) else f"{first}; {second}".strip("; ")
    return inline_html(whole)


def _examples(media: Mapping[str, Any]) -> Iterator[Any]:
    if "example" in media:
        yield media["example"]
    for one in media.get("examples", {}).values():
        yield one.get("value")
    yield from media.get("schema", {}).get("examples", ())


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _pretty(value)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _call(
    method: str,
    path: str,
    found: Mapping[str, Any],
    inputs: Sequence[Input],
    bodies: Sequence[Body],
) -> Call:
    def those(place: str) -> dict[str, str]:
        return {one.field.name: one.value for one in inputs if one.place == place and one.value}

    body = bodies[0] if bodies else None
    content = {"Content-Type": body.media_type} if body else {}
    return Call(
        method=method.upper(),
        path=path,
        values=those("path"),
        query=those("query"),
        headers={**content, **those("header")},
        body=body.example if body and body.is_text else None,
        file=body is not None and not body.is_text,
        token=found.get("security") != [{}],
    )
