r"""Texts in bodies: every character of every script, composed (NFC), and nothing that hides.

Refused are:

    control      but line ends and tabs: they steer terminals, and Postgres stores no NUL
    direction    they show a text in another order than it has; scripts that run from right to
                 left need none: each of their letters knows its own direction
    invisible    zero width, soft hyphens, fillers, tags: two names would look the same

Persian, Devanagari and emoji need joiners, and some Han and Mongolian names a variant: a joiner
may stand between two characters of scripts behind Greek, Cyrillic and Armenian; one variation
selector behind a character.
"""

import re
from collections.abc import Iterator
from typing import Any
from unicodedata import is_normalized, normalize

import msgspec

from milepost.web.problems import Malformed

_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_DIRECTION = r"\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_INVISIBLE = (
    r"\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINER = r"\u200c\u200d"
_VARIANT = r"\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINED = r"[\u0590-\u1dff\u2100-\U0010ffff]"

# Also what JSON has to escape.
_SUSPECT = re.compile(f"[{_CONTROL}{_DIRECTION}{_INVISIBLE}{_JOINER}{_VARIANT}]" r"|\\(?:u00|[bf])")
_HIDDEN = re.compile(
    f"[{_CONTROL}{_DIRECTION}{_INVISIBLE}]"
    f"|(?<!{_JOINED})[{_JOINER}]|[{_JOINER}](?!{_JOINED})|[{_JOINER}](?=[{_VARIANT}])"
    rf"|(?:^|(?<=[\s{_VARIANT}{_JOINER}]))[{_VARIANT}]"
)
_ESCAPE = b"\\"


def hidden_in(text: str) -> str | None:
    """The first character that hides, or hides something, as `U+202E`."""
    found = _HIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def readable(body: bytes) -> bytes:
    """JSON with its texts composed; what is no JSON stays as it is. Raises `Malformed`."""
    if body.isascii() and _ESCAPE not in body and b"\x7f" not in body:
        return body  # nearly always
    try:
        plain = body if _ESCAPE not in body else msgspec.json.encode(msgspec.json.decode(body))
        text = plain.decode()
        if _SUSPECT.search(text):
            _refuse_hidden(msgspec.json.decode(body))
        if is_normalized("NFC", text):
            return body
        return msgspec.json.encode(_composed(msgspec.json.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        return body  # decoding it will tell what is wrong


def _refuse_hidden(tree: Any) -> None:
    for path, text in _texts(tree):
        if found := hidden_in(text):
            raise Malformed(f"Nobody would see {found}, at {path}: leave it out.", path=path)


def _composed(value: Any) -> Any:
    match value:
        case str():
            return normalize("NFC", value)
        case list():
            return [_composed(one) for one in value]
        case dict():
            return {normalize("NFC", name): _composed(one) for name, one in value.items()}
        case _:
            return value


def _texts(value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield path, value
        case list():
            for index, one in enumerate(value):
                yield from _texts(one, f"{path}[{index}]")
        case dict():
            for name, one in value.items():
                yield path, name
                yield from _texts(one, f"{path}.{name}")
