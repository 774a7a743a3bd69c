"""Values to start from: what the documents themselves have for an example, then what fits.

A sample need not pass every rule; it shows the form, and a reader changes it.
"""

from collections.abc import Mapping
from typing import Any

from milepost.operations.documentation.reference.kinds import Schema, Schemas, name_of

MAX_DEPTH = 6
_BY_FORMAT = {
    "date-time": "2026-09-01T08:00:00Z",
    "date": "2026-09-01",
    "uuid": "0199058e-6f5c-7d3a-8f7e-21c4b0a9d613",
    "email": "ann@example.org",
    "uri": "https://example.org/",
    "duration": "P1D",
}
_BY_TYPE: Mapping[str, Any] = {
    "boolean": False,
    "integer": 1,
    "number": 0.5,
    "null": None,
    "object": {},
    "array": [],
}


def examples_in(schemas: Schemas) -> dict[str, Any]:
    """Members that have an example somewhere, by their name."""
    found: dict[str, Any] = {}
    for schema in schemas.values():
        for name, inner in schema.get("properties", {}).items():
            if inner.get("examples"):
                found.setdefault(name, inner["examples"][0])
    return found


def sample(schema: Schema, schemas: Schemas, known: Mapping[str, Any]) -> Any:
    """An object has the members that it must have."""
    return _Sampler(schemas, known).of(schema, "", MAX_DEPTH)


class _Sampler:
    def __init__(self, schemas: Schemas, known: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._known = known

    def of(self, schema: Schema, name: str, depth: int) -> Any:
        match schema:
            case {"examples": [value, *_]} | {"const": value} | {"enum": [value, *_]}:
                made = value
            case {"default": value} if value is not None:
                made = value
            case {"$ref": str(reference)}:
                made = self.of(self._schemas[name_of(reference)], name, depth - 1)
            case {"anyOf": [first, *_]} | {"oneOf": [first, *_]} | {"allOf": [first, *_]}:
                made = self.of(first, name, depth)
            case {"properties": properties} if depth > 0:
                needed = schema.get("required", ())
                made = {key: self.of(properties[key], key, depth - 1) for key in needed}
            case {"type": "array", "items": dict(items)} if depth > 0 and items:
                made = [self.of(items, name, depth - 1)]
            case _:
                made = self._plain(schema, name)
        return made

    def _plain(self, schema: Schema, name: str) -> Any:
        kinds = schema.get("type", "string")
        kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
        if kind == "string":
            known = self._known.get(name)
            usual = known if isinstance(known, str) else name or "text"
            return _BY_FORMAT.get(schema.get("format", ""), usual)
        least = schema.get("minimum")
        return least if least is not None else _BY_TYPE.get(kind)
