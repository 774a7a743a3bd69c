"""What is allowed where a value is none of a closed set: msgspec tells the wrong value only."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec


def with_allowed(message: str, expected: Any) -> str:
    """The message, and what is allowed if it is about a value of a closed set."""
    if not message.startswith(("Invalid enum value", "Invalid value")):
        return message
    allowed = ", ".join(map(repr, dict.fromkeys(_allowed(expected))))
    return f"{message}; allowed: {allowed}" if allowed else message


def _allowed(expected: Any) -> Iterator[object]:
    """Of a Literal its values, of tagged structs their tags."""
    origin = get_origin(expected)
    if origin is Literal:
        yield from get_args(expected)
    elif origin is Annotated:
        yield from _allowed(get_args(expected)[0])
    elif origin in {Union, UnionType}:
        for one in get_args(expected):
            yield from _allowed(one)
    elif isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        tag = expected.__struct_config__.tag
        yield from () if tag is None else (tag,)
