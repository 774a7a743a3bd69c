"""The OpenAPI document without words and examples: what clients rely on, to be compared.

Parameters, bodies and answers with their schemas; of problems only the names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

METHODS: Final = ("get", "put", "post", "patch", "delete")
_SCHEMAS: Final = "#/components/schemas/"
_WORDS: Final = ("description", "examples", "title", "summary")


def http_surface(document: Mapping[str, Any]) -> dict[str, Any]:
    operations = {
        f"{method.upper()} {path}": _operation(item[method])
        for path, item in sorted(document["paths"].items())
        for method in METHODS
        if method in item
    }
    schemas = document["components"]["schemas"]
    return {
        "operations": operations,
        "schemas": {name: _bare(schemas[name]) for name in sorted(_reached(operations, schemas))},
    }


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {
        f"{one['in']} {one['name']}": {
            "required": one.get("required", False),
            "schema": _bare(one["schema"]),
        }
        for one in operation.get("parameters", ())
    }
    answers, problems = {}, {}
    for status, response in operation["responses"].items():
        if int(status) < 400:
            answers[status] = _answer(response)
        else:
            problems[status] = response["description"].partition(": ")[2]
    told = {
        "operationId": operation["operationId"],
        "parameters": parameters,
        "body": _body(operation.get("requestBody")),
        "answers": answers,
        "problems": problems,
    }
    return {name: value for name, value in told.items() if value}


def _body(body: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if body is None:
        return None
    return {"required": body.get("required", False), "content": _content(body)}


def _answer(response: Mapping[str, Any]) -> dict[str, Any]:
    told = {"headers": sorted(response.get("headers", ())), "content": _content(response)}
    return {name: value for name, value in told.items() if value}


def _content(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        media_type: _bare(media.get("schema", {}))
        for media_type, media in told.get("content", {}).items()
    }


def _bare(schema: Any) -> Any:
    """Without what is for people. A field may be called `title`: words are no objects."""
    match schema:
        case dict():
            return {
                name: _bare(one)
                for name, one in schema.items()
                if name not in _WORDS or isinstance(one, dict)
            }
        case list():
            return [_bare(one) for one in schema]
    return schema


def _reached(operations: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = list(_references(operations))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference.removeprefix(_SCHEMAS)
        case dict():
            yield from (found for one in value.values() for found in _references(one))
        case list():
            yield from (found for one in value for found in _references(one))
