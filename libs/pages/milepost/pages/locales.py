"""Which language a page is in, and its words: one JSON file a language, a key a text.

A catalog is a flat object. Texts hold their facts in braces (`{day} {month} {year}`); a room's own
catalogs are laid over those of this library, which knows months, dates and the like.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

OURS = Path(__file__).parent / "catalogs"
FALLBACK = "en"
# More preferences than anybody has are not looked at.
MAX_PREFERENCES = 20


class UnknownText(LookupError):
    """No catalog has this key: a page that asks for it has a fault."""


class Locale(msgspec.Struct, frozen=True):
    """A language and its texts. `direction` is `ltr` or `rtl`, as HTML's `dir` has it."""

    language: str
    texts: Mapping[str, str]

    @property
    def direction(self) -> str:
        return self.text("direction")

    def text(self, key: str, /, **facts: object) -> str:
        """The text in this language, with its facts put in. Raises `UnknownText`."""
        found = self.texts.get(key)
        if found is None:
            raise UnknownText(f"{self.language}: {key}")
        return found.format(**facts) if facts else found

    def knows(self, key: str) -> bool:
        return key in self.texts

    def date(self, at: datetime) -> str:
        """The day in UTC, in words: no two countries read 03/04 alike."""
        month = self.texts["months"].split(",")[at.month - 1]
        return self.text("date", day=at.day, month=month, year=at.year)

    def percent(self, share: float) -> str:
        """`share` is 0 to 1; at most one decimal."""
        number = f"{share * 100:.1f}".removesuffix(".0").replace(".", self.texts["decimal_mark"])
        return self.text("percent", number=number)


class Locales:
    """Those that a room has a catalog for."""

    def __init__(self, *folders: Path) -> None:
        """A language is known when the last folder, the room's, has it. English comes first."""
        files = sorted(folders[-1].glob("*.json"), key=lambda one: (one.stem != FALLBACK, one.stem))
        self._known = {
            file.stem: Locale(file.stem, _merged([OURS, *folders], file.name)) for file in files
        }

    @property
    def languages(self) -> Sequence[str]:
        return tuple(self._known)

    def all(self) -> Sequence[Locale]:
        return tuple(self._known.values())

    def choose(self, wanted: str | None, accepted: str = "") -> Locale:
        """`wanted`, then the best of `Accept-Language` (RFC 4647, lookup), then English."""
        for tag in [*([wanted] if wanted else []), *_preferred(accepted)]:
            if found := self._find(tag):
                return found
        return self._known[FALLBACK]

    def _find(self, tag: str) -> Locale | None:
        parts = tag.lower().split("-")
        for length in range(len(parts), 0, -1):
            if found := self._known.get("-".join(parts[:length])):
                return found
        return None


def _merged(folders: Iterable[Path], name: str) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for folder in folders:
        texts |= json.loads((folder / name).read_text("utf-8"))
    return texts


def _preferred(header: str) -> list[str]:
    """The tags of an `Accept-Language` header, best first; what makes no sense is left out."""
    found: list[tuple[float, int, str]] = []
    for part in header.split(",")[:MAX_PREFERENCES]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if tag and tag != "*" and quality > 0:
            found.append((-quality, len(found), tag))
    return [tag for *_, tag in sorted(found)]
