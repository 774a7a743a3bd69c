"""`problems.py`: an exception for each type of problem, with its facts."""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.structs import is_problem
from generator.types import Schema, annotation, attribute, camel, docstring, references

SHARED = {"type", "title", "status", "detail", "instance", "correlation"}
URN = "urn:milepost:problem:"
HEADER = '''\
"""Why Milepost refuses. Generated from the OpenAPI document: change nothing here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from milepost_client.errors import Problem
from milepost_client.open_literal import OpenLiteral
'''


def problems(document: Schema) -> str:
    found = dict(sorted(_by_type(document["components"]["schemas"]).items()))
    used = sorted({one for schemas in found.values() for one in references(_facts(schemas))})
    imports = f"from milepost_client.structs import {', '.join(used)}\n" if used else ""
    classes = "\n".join(_problem(urn, schemas) for urn, schemas in found.items())
    table = "".join(f'    "{urn}": {_name(urn)},\n' for urn in found)
    by_type = f"BY_TYPE: Final[Mapping[str, type[Problem]]] = {{\n{table}}}\n"
    return f"{HEADER}{imports}\n\n{classes}\n\n{by_type}"


def _by_type(schemas: Mapping[str, Schema]) -> dict[str, list[Schema]]:
    """Two rooms may say the same with other facts."""
    found: dict[str, list[Schema]] = {}
    for schema in schemas.values():
        if is_problem(schema):
            for urn in _urns(schema["properties"]["type"]):
                found.setdefault(urn, []).append(schema)
    return found


def _urns(schema: Schema) -> Iterator[str]:
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    yield from (value for value in values if value.startswith(URN))


def _name(urn: str) -> str:
    return camel(urn.removeprefix(URN))


def _facts(schemas: list[Schema]) -> dict[str, Any]:
    """Those that only some of them have, or not always, may be None."""
    found: dict[str, Any] = {}
    for schema in schemas:
        found |= {n: one for n, one in schema["properties"].items() if n not in SHARED}
    always = set.intersection(*(set(schema.get("required", ())) for schema in schemas))
    return {
        name: one if name in always else {"anyOf": [one, {"type": "null"}]}
        for name, one in found.items()
    }


def _problem(urn: str, schemas: list[Schema]) -> str:
    words = docstring(schemas[0].get("description", ""), 4)
    lines = [f"    {attribute(n)}: {annotation(one)}\n" for n, one in _facts(schemas).items()]
    body = words + "".join(lines)
    return f"\nclass {_name(urn)}(Problem):\n" + (body or "    pass\n")
