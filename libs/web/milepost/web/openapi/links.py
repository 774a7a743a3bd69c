"""What can be read of that which an operation has just made: OpenAPI's links.

A route names the reads, by their operation ids, in its option `links`. Where each of their
parameters is found is looked up here: in the answer, else in the address that was asked.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from litestar.openapi.spec import Link, Reference

OPTION: Final = "links"
_SCHEMAS: Final = "#/components/schemas/"
_METHODS: Final = ("get", "put", "post", "patch", "delete")


def unresolved(operation_ids: tuple[str, ...]) -> dict[str, Link | Reference]:
    return {one: Link(operation_id=one) for one in operation_ids}


def resolve_links(document: dict[str, Any]) -> None:
    """Fills in the parameters; a link to what another process serves is left out.

    Raises `KeyError` for a parameter that neither the answer nor the address has.
    """
    paths = {one["operationId"]: path for path, one in _operations(document)}
    for path, operation in _operations(document):
        for response in operation["responses"].values():
            if links := response.pop("links", None):
                known = {one: paths[one] for one in links if one in paths}
                told = _properties(response, document["components"]["schemas"])
                response["links"] = {one: _link(one, known[one], path, told) for one in known}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        yield from ((path, item[method]) for method in _METHODS if method in item)


def _properties(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for media in response.get("content", {}).values():
        schema = media.get("schema", {})
        if reference := schema.get("$ref"):
            schema = schemas[reference.removeprefix(_SCHEMAS)]
        found |= schema.get("properties", {}).keys()
    return found


def _link(operation_id: str, read: str, path: str, told: set[str]) -> dict[str, Any]:
    asked = _parameters(path)
    wanted = sorted(_parameters(read))  # processes of one installation write the same, of one ETag
    parameters = {name: _place(name, told, asked, operation_id) for name in wanted}
    return {"operationId": operation_id, "parameters": parameters}


def _place(name: str, told: set[str], asked: set[str], operation_id: str) -> str:
    if name in told:
        return f"$response.body#/{name}"
    if name in asked:
        return f"$request.path.{name}"
    raise KeyError(f"{operation_id} wants {name!r}, which nobody has there")


def _parameters(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", path))
