"""Texts of strangers as they may be shown: bounded, and nothing in them that steers or hides."""

import unicodedata
from typing import Any, Final

MAX_CHARACTERS: Final = 160
MAX_ADDRESS: Final = 2_000
_JOINERS: Final = "\u200c\u200d"  # letters' own, in Persian or Hindi, say


def shown(value: Any, most: int = MAX_CHARACTERS) -> str:
    """What is no text as its JSON would say it, roughly; controls as escapes."""
    text = value if isinstance(value, str) else repr(value)
    cut = text[:most] + ("…" if len(text) > most else "")
    return cut if cut.isprintable() else "".join(map(_visible, cut))


def shown_text(value: Any, most: int = MAX_CHARACTERS) -> str | None:
    """None for what is no text."""
    return shown(value, most) if isinstance(value, str) else None


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character)[0] not in "CZ":
        return character
    return " " if character == " " else character.encode("unicode_escape").decode("ascii")
