"""All places where a body has not the shape that it should have: msgspec tells the first."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import structs

from milepost.web.requests.allowed_values import with_allowed

MAX_FAULTS: Final = 100
MAX_DEPTH: Final = 8  # further down it is looked no closer: each level is looked at once more


def shape_faults(value: Any, expected: Any) -> list[dict[str, str]]:
    """`path` and `message` of each fault, at most so many; `value` is decoded JSON."""
    return list(islice(_faults(value, expected, "$", 0), MAX_FAULTS))


def _faults(value: Any, expected: Any, path: str, depth: int) -> Iterator[dict[str, str]]:
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as fault:
        sound = True
        if depth < MAX_DEPTH:
            for inner in _inside(value, _one_of(value, expected), path, depth + 1):
                sound = False
                yield inner
        if sound:
            message, _, place = str(fault).partition(" - at `")
            inside = place.strip("`").removeprefix("$")
            yield _fault(path + inside, with_allowed(message, expected))


def _inside(value: Any, expected: Any, path: str, depth: int) -> Iterator[dict[str, str]]:
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        if isinstance(value, Mapping):
            yield from _in_struct(value, expected, path, depth)
    elif isinstance(value, list) and _many(expected, Sequence):
        for number, item in enumerate(value):
            yield from _faults(item, get_args(expected)[0], f"{path}[{number}]", depth)
    elif isinstance(value, Mapping) and _many(expected, Mapping):
        names, values = get_args(expected)
        for name, item in value.items():
            yield from _faults(name, names, f"{path}.{name}", depth)
            yield from _faults(item, values, f"{path}.{name}", depth)


def _in_struct(
    value: Mapping[str, Any], expected: type[msgspec.Struct], path: str, depth: int
) -> Iterator[dict[str, str]]:
    config = expected.__struct_config__
    fields = {field.encode_name: field for field in structs.fields(expected)}
    for name, field in fields.items():
        if name in value:
            yield from _faults(value[name], field.type, f"{path}.{name}", depth)
        elif field.required:
            yield _fault(path, f"Object missing required field `{name}`")
    if config.forbid_unknown_fields:
        for name in value.keys() - fields.keys() - {config.tag_field}:
            yield _fault(path, f"Object contains unknown field `{name}`")


def _many(expected: Any, kind: type) -> bool:
    """Any number of one type: `tuple[X, ...]`, `list[X]`, `dict[X, Y]`."""
    origin, types = get_origin(expected), get_args(expected)
    if not isinstance(origin, type) or not issubclass(origin, kind):
        return False
    return origin is not tuple or types[-1] is Ellipsis


def _one_of(value: Any, expected: Any) -> Any:
    """The type without what is said about it; of several, the one that the value means."""
    while get_origin(expected) is Annotated:
        expected = get_args(expected)[0]
    if get_origin(expected) not in {Union, UnionType}:
        return expected
    options = [_one_of(value, one) for one in get_args(expected) if one is not NoneType]
    return next((one for one in options if len(options) == 1 or _means(value, one)), expected)


def _means(value: Any, option: Any) -> bool:
    """Whether the value has the option's tag."""
    if not (isinstance(option, type) and issubclass(option, msgspec.Struct)):
        return False
    config = option.__struct_config__
    tagged = isinstance(value, Mapping) and config.tag_field is not None
    return tagged and value.get(str(config.tag_field)) == config.tag


def _fault(path: str, message: str) -> dict[str, str]:
    return {"path": path, "message": message}
