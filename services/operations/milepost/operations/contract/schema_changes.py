"""Whether what held by one JSON Schema still holds by the next: for who reads, for who sends.

an event     was published, and is read forever: nothing that is there may change
an answer    may say more, and never another thing than before
a request    may be taken with less, and never with more
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

Schema = Mapping[str, Any]

_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_FORMS: Final = ("pattern", "format")


class Side(Enum):
    EVENT = "event"
    ANSWER = "answer"
    REQUEST = "request"


class Change(NamedTuple):
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Comparison:
    """Of two documents' schemas. What is reached twice is compared once, under its own name."""

    def __init__(self, side: Side, old: Mapping[str, Schema], new: Mapping[str, Schema]) -> None:
        self._side = side
        self._old, self._new = old, new
        self._seen: set[tuple[str, str]] = set()

    def changes(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = self._kinds(old, self._old), self._kinds(new, self._new)
        yield from self._differ(where, {*before}, {*after})
        if old.get("default") != new.get("default") and self._side is not Side.ANSWER:
            yield Change(where, "its absence means another value")
        for kind in sorted(before.keys() & after.keys()):
            yield from self._of_kind(before[kind], after[kind], where)

    def _differ(self, where: str, old: set[str], new: set[str]) -> Iterator[Change]:
        """Narrowed breaks who sends; widened who reads; an event has both kinds of readers."""
        if self._side is not Side.ANSWER:
            yield from (Change(where, f"not {one} any more") for one in sorted(old - new))
        if self._side is not Side.REQUEST:
            yield from (Change(where, f"may be {one} now") for one in sorted(new - old))

    def _resolved(self, schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
        name = _name(schema)
        return schemas[name] if name else schema

    def _kinds(self, schema: Schema, schemas: Mapping[str, Schema]) -> dict[str, Schema]:
        """Its alternatives: by type, structs of a union by their tag."""
        if parts := schema.get("allOf"):
            merged: dict[str, Any] = {}
            for part in parts:
                merged |= self._resolved(part, schemas)
            schema = merged
        found: dict[str, Schema] = {}
        for one in schema.get("anyOf", [schema]):
            told = self._resolved(one, schemas)
            if "anyOf" in told and told is not schema:
                found |= self._kinds(told, schemas)
            else:
                found |= dict.fromkeys(_kinds_of(told), one)
        return found

    def _of_kind(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        names = _name(old), _name(new)
        if names[0] and names[1]:
            if names in self._seen:
                return
            self._seen.add(names)
            where = f"{self._side.value} {names[0]}"
        old, new = self._resolved(old, self._old), self._resolved(new, self._new)
        yield from self._values(old, new, where)
        if self._side is not Side.ANSWER:
            yield from _bounds(old, new, where, both=self._side is Side.EVENT)
        yield from self._fields(old, new, where)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                yield from self.changes(old[part], new[part], f"{where}[]")
        open_before = old.get("additionalProperties", True) is not False
        if (
            open_before
            and new.get("additionalProperties") is False
            and self._side is not Side.ANSWER
        ):
            yield Change(where, "takes no other fields any more")

    def _values(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = _values_of(old), _values_of(new)
        if before and after:
            yield from self._differ(where, before, after)
        elif after and self._side is not Side.ANSWER:
            yield Change(where, "only some values any more")
        elif before and self._side is not Side.REQUEST:
            yield Change(where, "may be any value now")

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = {*old.get("required", ())}, {*new.get("required", ())}
        for name, told in before.items():
            if name in after:
                yield from self.changes(told, after[name], f"{where}.{name}")
            else:
                yield Change(f"{where}.{name}", "removed")
        if self._side is Side.REQUEST:
            found = sorted(needs - needed)
            yield from (Change(f"{where}.{name}", "required now") for name in found)
        else:
            found = sorted((needed - needs) & after.keys())
            yield from (Change(f"{where}.{name}", "may be left out now") for name in found)


def _name(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _kinds_of(schema: Schema) -> tuple[str, ...]:
    tag = schema.get("properties", {}).get("type", {})
    if values := _values_of(tag):
        return tuple(f"object with type {one}" for one in values)
    kinds = schema.get("type", "")
    if not kinds and (values := _values_of(schema)):
        kinds = "string" if all(one.startswith('"') for one in values) else "value"
    told = [kinds] if isinstance(kinds, str) else list(kinds)
    # Whoever takes a number takes a whole one.
    return (*told, "integer") if "number" in told else tuple(told)


def _values_of(schema: Schema) -> set[str]:
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return {f'"{one}"' if isinstance(one, str) else str(one) for one in values}


def _bounds(old: Schema, new: Schema, where: str, *, both: bool) -> Iterator[Change]:
    """`both`: a wider one counts, too."""
    for name in (*_LEAST, *_MOST, *_FORMS):
        before, after = old.get(name), new.get(name)
        if before == after or (after is None and not both):
            continue
        if name in _FORMS or before is None or after is None:
            changed = True
        else:
            changed = both or (after > before if name in _LEAST else after < before)
        if changed:
            yield Change(where, f"{name} is {after}, was {before}")
