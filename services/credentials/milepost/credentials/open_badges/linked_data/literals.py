"""Texts and numbers as N-Quads writes them, in canonical form."""

import json
import re
from math import isfinite
from typing import Any, Final

from milepost.credentials.open_badges.errors import NotCanonical, NotJudged

MAX_WHOLE = 2**53  # what every reader of JSON keeps exactly
MAX_DEPTH = 32

XSD = "http://www.w3.org/2001/XMLSchema#"
SPECIAL = re.compile(r'[\x00-\x1f"\\\x7f]')
ESCAPES: Final = {
    **{code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)},
    **dict(zip(b'\b\t\n\f\r"\\', ("\\b", "\\t", "\\n", "\\f", "\\r", '\\"', "\\\\"), strict=True)),
}


def quoted(text: str) -> str:
    return f'"{text.translate(ESCAPES)}"' if SPECIAL.search(text) else f'"{text}"'


def number(value: Any, kind: str) -> str:
    """Of `kind`, a datatype, or else of its own; 42.0 is 42. Raises: NotCanonical."""
    if isinstance(value, bool):
        return f'"{str(value).lower()}"^^<{kind or XSD + "boolean"}>'
    if isinstance(value, float) and isfinite(value):
        if not value.is_integer() or kind == XSD + "double":
            return f'"{_double(value)}"^^<{kind or XSD + "double"}>'
        value = int(value)
    if not isinstance(value, int):
        raise NotCanonical("", "neither a text, a number, a list nor an object")
    if abs(value) > MAX_WHOLE:
        raise NotCanonical("", f"a whole number beyond {MAX_WHOLE}")
    if kind == XSD + "double":
        return f'"{_double(value)}"^^<{kind}>'
    return f'"{value}"^^<{kind or XSD + "integer"}>'


def _double(value: float) -> str:
    mantissa, exponent = f"{value:.15E}".split("E")
    digits = mantissa.rstrip("0")
    return f"{digits}0E{int(exponent)}" if digits.endswith(".") else f"{digits}E{int(exponent)}"


def json_text(value: Any) -> str:
    """RFC 8785, but for numbers with a fraction. Raises: NotCanonical."""
    return json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":"))


def _sorted(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise NotCanonical("", f"deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        return {key: _sorted(value[key], depth + 1) for key in sorted(value, key=_utf16)}
    if isinstance(value, list | tuple):
        return [_sorted(inner, depth + 1) for inner in value]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > MAX_WHOLE):
        raise NotJudged("", "a number with a fraction, or one that is too large")
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
