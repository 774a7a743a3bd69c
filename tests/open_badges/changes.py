"""A document once for each of its texts and numbers, with that one changed."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Change(NamedTuple):
    path: Path
    document: dict[str, Any]


def single_changes(document: dict[str, Any]) -> Iterator[Change]:
    for path, value in leaves(document):
        other = value + 1 if isinstance(value, int | float) else value + "0"
        yield Change(path, changed(document, path, other))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, name))
    else:
        yield path, value


def changed(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    place: Any = copied
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return copied
