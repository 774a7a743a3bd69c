"""JSON Schema in words: what a value is, which bounds it has, and which shapes it refers to.

A shape is a schema with a name; a page shows each shape that it needs once, and links to it.
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from markupsafe import Markup, escape

from milepost.operations.documentation.guides import html_of_text, inline_html

Schema: TypeAlias = Mapping[str, Any]
Schemas: TypeAlias = Mapping[str, Schema]
# A name, two blanks or more, and what it means: how docstrings align them.
_ALIGNED = re.compile(r"^(\w+) {2,}(?=\S)", re.MULTILINE)
_HOLDS = ("anyOf", "oneOf", "allOf", "prefixItems")


class Field(msgspec.Struct, frozen=True):
    """A line of a table: a member of an object, a parameter or a header."""

    name: str
    kind: Markup
    required: bool
    note: Markup


class NamedSchema(msgspec.Struct, frozen=True):
    """`kind` says what it is where it is no object with members."""

    name: str
    about: Markup
    fields: Sequence[Field]
    kind: Markup | None


def shapes(schemas: Schemas, *roots: Schema) -> list[NamedSchema]:
    """All that these lead to, in the order in which a reader meets them."""
    found: dict[str, NamedSchema] = {}
    waiting = [name for root in roots for name in references(root)]
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in schemas:
            found[name] = shape(name, schemas[name])
            waiting += references(schemas[name])
    return list(found.values())


def references(schema: Any) -> list[str]:
    """The names of the shapes that it refers to, in order; a discriminator's mapping aside."""
    match schema:
        case {"$ref": str(reference)}:
            return [name_of(reference)]
        case dict():
            inner = [value for key, value in schema.items() if key != "discriminator"]
            return [name for value in inner for name in references(value)]
        case list():
            return [name for value in schema for name in references(value)]
    return []


def name_of(reference: str) -> str:
    return reference.rpartition("/")[2]


def shape(name: str, schema: Schema) -> NamedSchema:
    kind = None if "properties" in schema else kind_of(schema)
    return NamedSchema(name, about(schema.get("description", "")), list(fields(schema)), kind)


def about(text: str) -> Markup:
    return html_of_text(_ALIGNED.sub(r"- `\1` ", inspect.cleandoc(text)))


def fields(schema: Schema) -> Iterator[Field]:
    needed = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        note = inline_html(note_of(inner))
        yield Field(name, kind_of(inner), name in needed, note)


def kind_of(schema: Schema) -> Markup:
    """What a value is, with links to the shapes that stand on the same page."""
    match schema:
        case {"$ref": str(reference)}:
            kind = Markup('<a href="#shape-{0}">{0}</a>').format(name_of(reference))
        case {"const": value}:
            kind = _code(value)
        case {"enum": values}:
            kind = Markup(", ").join(_code(one) for one in values)
        case {"anyOf": choices} | {"oneOf": choices}:
            kind = Markup(" or ").join(dict.fromkeys(map(kind_of, choices)))
        case {"allOf": [only]}:
            kind = kind_of(only)
        case {"type": list(types)}:
            kind = Markup(" or ").join(types)
        case {"type": "array"} | {"type": "object"}:
            kind = _container(schema)
        case {"type": str(name)}:
            kind = escape(schema.get("format", name))
        case _:
            kind = Markup("any JSON")
    return kind


def without_null(schema: Schema) -> Schema:
    """Of a parameter, which is left out rather than null."""
    match schema:
        case {"oneOf": [only, {"type": "null"}]} | {"anyOf": [only, {"type": "null"}]}:
            return {**only, **{key: schema[key] for key in ("format", "default") if key in schema}}
        case {"enum": values}:
            return {**schema, "enum": [one for one in values if one is not None]}
    return schema


def _container(schema: Schema) -> Markup:
    match schema:
        case {"prefixItems": items}:
            return Markup("list of ") + Markup(", then ").join(map(kind_of, items))
        case {"type": "array"}:
            return Markup("list of ") + kind_of(schema.get("items") or {})
        case {"additionalProperties": dict(inner)} if inner:
            return Markup("map of ") + kind_of(inner)
        case {"properties": properties}:
            one = Markup("<code>{}</code> {}").format
            members = (one(name, kind_of(inner)) for name, inner in properties.items())
            return Markup("object: ") + Markup("; ").join(members)
    return Markup("object")


def note_of(schema: Schema) -> str:
    """Its description and its bounds."""
    inner = [one for key in _HOLDS for one in schema.get(key, ()) if isinstance(one, dict)]
    parts = [schema.get("description", ""), *_bounds(schema)]
    parts += [note_of(one) for one in inner if one.get("type") != "null" and "$ref" not in one]
    if isinstance(items := schema.get("items"), dict) and "$ref" not in items:
        parts.append(note_of(items))
    return "; ".join(dict.fromkeys(part.strip().rstrip(".") for part in parts if part))


def _bounds(schema: Schema) -> Iterator[str]:
    yield _range(schema.get("minimum"), schema.get("maximum"), "")
    yield _range(schema.get("minLength"), schema.get("maxLength"), " characters")
    yield _range(schema.get("minItems"), schema.get("maxItems"), " items")
    if (least := schema.get("exclusiveMinimum")) is not None:
        yield f"more than {_number(least)}"
    if (most := schema.get("exclusiveMaximum")) is not None:
        yield f"less than {_number(most)}"
    if (default := schema.get("default")) is not None:
        yield f"absent means {json.dumps(default, ensure_ascii=False)}"


def _range(least: float | None, most: float | None, unit: str) -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f"at least {_number(least)}{unit}"
    if least is None:
        return f"at most {_number(most)}{unit}"
    return f"{_number(least)} to {_number(most)}{unit}"


def _number(value: float | None) -> str:
    return f"{int(value):,}" if value is not None and value == int(value) else str(value)


def _code(value: object) -> Markup:
    shown = value if isinstance(value, str) else json.dumps(value)
    return Markup("<code>{}</code>").format(shown)
