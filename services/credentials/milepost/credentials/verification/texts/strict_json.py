"""JSON from strangers: read in one way only, within bounds.

Two readers may take the same text for two documents where a name stands twice, or a number is too
large; one of them has then verified what the other shows. Such texts are refused.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 50_000
MAX_DIGITS: Final = 40


class NotStrictJson(ValueError):
    """The message says what is wrong, in words."""


def strict_object(text: bytes | str) -> Mapping[str, Any]:
    """Raises `NotStrictJson`."""
    if len(text) > MAX_BYTES:
        raise NotStrictJson(f"it is larger than {MAX_BYTES} bytes")
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(
            plain,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise NotStrictJson("it is not UTF-8") from error
    except RecursionError as error:
        raise NotStrictJson(f"it is nested more than {MAX_DEPTH} levels deep") from error
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise NotStrictJson("it is no JSON object")
    _require_bounded(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotStrictJson(f"the name {twice[:80]!r} stands twice in one object")
    return members


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise NotStrictJson("it has a number that is too long")
    return int(text)


def _number(text: str) -> float:
    value = float(text) if len(text) <= MAX_DIGITS else float("inf")
    if value in {float("inf"), float("-inf")}:
        raise NotStrictJson("it has a number that is too large or too long")
    return value


def _constant(text: str) -> NoReturn:
    raise NotStrictJson(f"it says {text}, which is no JSON")


def _require_bounded(value: Any) -> None:
    """Level by level, so that depth costs no stack. Raises `NotStrictJson`."""
    level, count = [value], 0
    for _ in range(MAX_DEPTH):
        count += len(level)
        if count > MAX_VALUES:
            raise NotStrictJson(f"it has more than {MAX_VALUES} values")
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise NotStrictJson(f"it is nested more than {MAX_DEPTH} levels deep")


def _inside(value: Any) -> list[Any]:
    match value:
        case dict():
            return [*value, *value.values()]
        case list():
            return value
        case str():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise NotStrictJson("it has half a character (a lone surrogate)") from error
    return []
