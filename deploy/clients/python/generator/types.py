"""A schema as an annotation of Python, and as the default of an attribute."""

import keyword
import re
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

Schema = Mapping[str, Any]
PREFIX = "#/components/schemas/"
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


class Unknown(Exception):
    """The document says something that this generator has no words for."""


def annotation(schema: Schema) -> str:
    """Raises `Unknown`."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(PREFIX)
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        return union(map(annotation, parts))
    if "const" in schema or "enum" in schema:
        return _codes([schema["const"]] if "const" in schema else schema["enum"])
    kinds = schema.get("type", "any")
    if isinstance(kinds, list):
        return union(annotation({**schema, "type": kind}) for kind in kinds)
    return _of_type(kinds, schema)


def _of_type(kind: str, schema: Schema) -> str:
    match kind:
        case "string" if schema.get("format") in ("date-time", "date"):
            return {"date-time": "datetime", "date": "date"}[schema["format"]]
        case "array":
            return f"Sequence[{annotation(schema.get('items', {}))}]"
        case "object":
            values = schema.get("additionalProperties") or {}
            return f"Mapping[str, {annotation(values)}]"
        case "any":
            return "Any"
    if kind not in SCALARS:
        raise Unknown(f"the type {kind}")
    return SCALARS[kind]


def _codes(values: list[Any]) -> str:
    texts = [value for value in values if isinstance(value, str)]
    others = {annotation({"type": _kind(value)}) for value in values if not isinstance(value, str)}
    known = [f"OpenLiteral[{', '.join(map(literal, texts))}]"] if texts else []
    return union([*known, *sorted(others)])


def _kind(value: object) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return kinds[type(value)]


def union(parts: Iterator[str] | list[str]) -> str:
    flat = [one for part in parts for one in part.split(" | ")]
    ordered = list(dict.fromkeys(one for one in flat if one != "None"))
    return " | ".join([*ordered, *(["None"] if "None" in flat else [])])


def literal(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return f"({''.join(f'{literal(one)}, ' for one in value)})"
    if isinstance(value, dict) and not value:
        return "{}"
    if isinstance(value, dict):
        raise Unknown(f"the default {value}")
    return repr(value)


def references(schema: object) -> Iterator[str]:
    """Names of the schemas that it names."""
    if isinstance(schema, dict):
        if isinstance(ref := schema.get("$ref"), str):
            yield ref.removeprefix(PREFIX)
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def attribute(name: str) -> str:
    """`from` is a word of Python's own, and some names have hyphens."""
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def docstring(text: str, indent: int) -> str:
    """What the document says, within 100 columns; empty where it says nothing."""
    plain = text.replace("\\", "\\\\").replace('"""', "'''")
    paragraphs = [_paragraph(one, 98 - indent) for one in re.split(r"\n\s*\n", plain.strip())]
    if not plain.strip():
        return ""
    space = " " * indent
    if len(paragraphs) == 1 and "\n" not in paragraphs[0] and len(paragraphs[0]) < 94 - indent:
        return f'{space}"""{paragraphs[0]}"""\n'
    lines = "\n\n".join(paragraphs).splitlines()
    body = "\n".join(f"{space}{line}".rstrip() for line in lines)
    return f'{space}"""{body.lstrip()}\n{space}"""\n'


def _paragraph(text: str, width: int) -> str:
    """Filled anew, unless it is a table: that has columns."""
    lines = [line.strip() for line in text.splitlines()]
    if any("  " in line for line in lines):
        return "\n".join(lines)
    return fill(" ".join(lines), width, break_long_words=False, break_on_hyphens=False)
