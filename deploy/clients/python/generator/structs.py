"""`structs.py` and `event_data.py`: a struct for each schema, of bodies and of events."""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.types import Schema, annotation, attribute, docstring, literal, references, union

WIRE = "What goes over the wire. Generated from the OpenAPI document: change nothing here."
FACTS = "What events say. Generated from the AsyncAPI document: change nothing here."
ENVELOPE = {"specversion", "ce-specversion"}  # by hand: see `events`
HEADER = '''\
"""{words}"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from milepost_client.open_literal import OpenLiteral


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is as by default is left out; members that are not known are passed over."""

'''


def event_data(document: Schema) -> str:
    """Of the AsyncAPI document: what events say, where what is as by default is left out."""
    schemas, tags = document["components"]["schemas"], dict(_tags(document))
    made = (
        _struct(name, _nullable(schemas[name]), tags.get(name), unset=False)
        for name in sorted(schemas)
        if ENVELOPE.isdisjoint(schemas[name].get("properties", {}))
    )
    return HEADER.replace("{words}", FACTS) + "\n".join(made)


def _nullable(schema: Schema) -> Schema:
    """With None for what may be absent and is nothing by default."""
    required = set(schema.get("required", ()))
    members = {
        name: one if name in required or "default" in one else {"anyOf": [one, {"type": "null"}]}
        for name, one in schema.get("properties", {}).items()
    }
    return {**schema, "properties": members}


def structs(document: Schema) -> str:
    schemas, tags = document["components"]["schemas"], dict(_tags(document))
    changes = set(_closure(_changes(document), schemas))
    wanted = _closure(_roots(document), schemas)
    return HEADER.replace("{words}", WIRE) + "\n".join(
        _struct(name, schemas[name], tags.get(name), unset=name in changes)
        for name in sorted(wanted)
    )


def is_problem(schema: Schema) -> bool:
    return {"type", "title", "status", "detail"} <= set(schema.get("properties", {}))


def _roots(document: Schema) -> Iterator[str]:
    """What an operation takes, or gives when it succeeds."""
    for operation in operations(document):
        yield from references(operation.get("requestBody", {}))
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                yield from references(response)
    for schema in document["components"]["schemas"].values():
        if is_problem(schema):
            yield from references(schema)


def operations(document: Schema) -> Iterator[Mapping[str, Any]]:
    for item in document["paths"].values():
        yield from (one for one in item.values() if isinstance(one, dict) and "responses" in one)


def _changes(document: Schema) -> Iterator[str]:
    """Bodies in which null is not the same as nothing."""
    for item in document["paths"].values():
        yield from references(item.get("patch", {}).get("requestBody", {}))


def _closure(roots: Iterator[str], schemas: Mapping[str, Schema]) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += references(schemas[name])
    return found


def _tags(value: object) -> Iterator[tuple[str, tuple[str, str]]]:
    """The member that tells a schema from its siblings, and what it says, by the schema's name."""
    if isinstance(value, dict):
        discriminator = value.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
            for tag, ref in discriminator["mapping"].items():
                yield ref.rpartition("/")[2], (discriminator["propertyName"], tag)
        for one in value.values():
            yield from _tags(one)
    elif isinstance(value, list):
        for one in value:
            yield from _tags(one)


def _struct(name: str, schema: Schema, tag: tuple[str, str] | None, *, unset: bool) -> str:
    options = f', tag_field="{tag[0]}", tag="{tag[1]}"' if tag else ""
    required = set(schema.get("required", ()))
    lines = [
        _attribute(member, one, required=member in required, unset=unset)
        for member, one in schema.get("properties", {}).items()
        if not (tag and member == tag[0])
    ]
    words = docstring(schema.get("description", ""), 4)
    body = words + "".join(f"    {line}\n" for line in lines)
    return f"\nclass {name}(Struct, frozen=True, kw_only=True{options}):\n" + (body or "    pass\n")


def _attribute(member: str, schema: Schema, *, required: bool, unset: bool) -> str:
    name, kind = attribute(member), annotation(schema)
    default = None if required else _default(schema, kind)
    if default == "UNSET" or (unset and not required and "default" not in schema):
        kind, default = union([kind, "UnsetType"]), "UNSET"
    if name == member:
        return f"{name}: {kind}" + (f" = {default}" if default else "")
    given = f", default={default}" if default else ""
    return f'{name}: {kind} = msgspec.field(name="{member}"{given})'


def _default(schema: Schema, kind: str) -> str:
    if schema.get("default") == {} and not kind.startswith("Mapping"):
        return f"msgspec.field(default_factory=lambda: {kind}())"
    if "default" in schema:
        return literal(schema["default"])
    return "None" if kind.endswith("None") or kind == "Any" else "UNSET"
