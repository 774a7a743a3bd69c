"""What structs say of themselves that msgspec's JSON Schema leaves out."""

from collections.abc import Iterator
from typing import Any

from msgspec import inspect


def structs_in(kind: inspect.Type, seen: set[type]) -> Iterator[type]:
    """Each struct that a type holds, once, itself included."""
    match kind:
        case inspect.StructType(cls=cls) if cls not in seen:
            seen.add(cls)
            yield cls
            inside = [field.type for field in kind.fields]
        case inspect.UnionType(types=types):
            inside = list(types)
        case inspect.DictType(value_type=value):
            inside = [value]
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            inside = [item]
        case inspect.Metadata(type=annotated):
            inside = [annotated]
        case _:
            inside = []
    for one in inside:
        yield from structs_in(one, seen)


def tell_times(json_schema: dict[str, Any], kind: inspect.Type) -> None:
    """Where a text is a time, the schema says so."""
    match kind:
        case inspect.DateTimeType():
            json_schema.setdefault("format", "date-time")
        case inspect.Metadata(type=annotated):
            tell_times(json_schema, annotated)
        case inspect.UnionType(types=types) if not any(
            isinstance(one, inspect.StrType) for one in types
        ):
            times = [one for one in types if isinstance(one, inspect.DateTimeType)]
            for part in json_schema.get("anyOf", ()):
                if times and part == {"type": "string"}:
                    tell_times(part, times[0])
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            tell_times(json_schema["items"], item)
        case _:
            pass
