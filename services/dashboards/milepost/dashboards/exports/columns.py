"""The columns of a file: the fields of a list's rows, each of a kind that both formats know.

text · integer · real · boolean · time (UTC) · json: what is nested, as JSON text
"""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import inspect

Kind: TypeAlias = Literal["text", "integer", "real", "boolean", "time", "json"]

_KINDS: dict[type[inspect.Type], Kind] = {
    inspect.StrType: "text",
    inspect.EnumType: "text",
    inspect.IntType: "integer",
    inspect.FloatType: "real",
    inspect.BoolType: "boolean",
    inspect.DateTimeType: "time",
}


class Column(msgspec.Struct, frozen=True):
    """`name` is the field's in the JSON answer; an absent value is None. `of`: how a value is had
    from a row where it is no field of it.
    """

    name: str
    kind: Kind
    of: Callable[[Any], Any] | None = None


def columns_of(row: type[msgspec.Struct]) -> tuple[Column, ...]:
    """In the order of the JSON answer's fields."""
    known = inspect.type_info(row)
    assert isinstance(known, inspect.StructType)
    return tuple(Column(one.encode_name, _kind(one.type)) for one in known.fields)


def value_of(row: object, column: Column) -> Any:
    """What is nested is a JSON text."""
    value = getattr(row, column.name) if column.of is None else column.of(row)
    if value is None or column.kind != "json":
        return value
    return msgspec.json.encode(value).decode()


def _kind(found: inspect.Type) -> Kind:
    if isinstance(found, inspect.Metadata):
        return _kind(found.type)
    if isinstance(found, inspect.LiteralType):
        return "text" if all(isinstance(one, str) for one in found.values) else "integer"
    if isinstance(found, inspect.UnionType):
        kinds = {_kind(one) for one in found.types if not isinstance(one, inspect.NoneType)}
        if kinds == {"integer", "real"}:
            return "real"
        return kinds.pop() if len(kinds) == 1 else "json"
    return _KINDS.get(type(found), "json")
