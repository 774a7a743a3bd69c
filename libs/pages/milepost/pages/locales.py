"""Which language a page is in, its words, numbers and dates.

A catalog is one JSON file a language, a flat object: a key a text. Texts hold their facts in braces
(`{day}`); a room's own catalogs are laid over those of this library. A text that counts has a key a
plural form (`lessons.one`, `lessons.other`, in Arabic also `zero`, `two`, `few`, `many`). Numbers,
dates and plurals are Babel's.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import date as Day  # noqa: N812 - a locale has a `date`
from pathlib import Path

import msgspec

from milepost.pages import formats

OURS = Path(__file__).parent / "catalogs"
FALLBACK = "en"
# More preferences than anybody has are not looked at.
MAX_PREFERENCES = 20


class UnknownText(LookupError):
    """No catalog has this key: a page that asks for it has a fault."""


class Locale(msgspec.Struct, frozen=True):
    """A language and its texts. `direction` is `ltr` or `rtl`, as HTML's `dir` has it.

    Times are told in `zone`.
    """

    language: str
    texts: Mapping[str, str]
    zone: tzinfo = UTC

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

    def starting(self, prefix: str) -> dict[str, str]:
        """All texts whose key begins so, without that beginning."""
        return {
            key.removeprefix(prefix): text
            for key, text in self.texts.items()
            if key.startswith(prefix)
        }

    def count(self, key: str, number: int, /, **facts: object) -> str:
        """The text for so many; `{number}` in it is the number. Raises `UnknownText`."""
        form = f"{key}.{formats.plural(self.language, number)}"
        chosen = form if form in self.texts else f"{key}.other"
        return self.text(chosen, number=self.number(number), **facts)

    def number(self, value: float, digits: int = 1) -> str:
        """With the language's marks; at most so many decimals."""
        return formats.number(self.language, value, digits)

    def percent(self, share: float) -> str:
        """`share` is 0 to 1; at most one decimal, and 100 only for all of it."""
        shown = 99.9 if 0.999 <= share < 1 else share * 100
        return self.text("percent", number=self.number(shown))

    def date(self, at: Day) -> str:
        """The day in words: no two countries read 03/04 alike. A moment's day is that of the zone;
        a plain day is itself, wherever it is read.
        """
        return self._date(at, "date")

    def day(self, at: Day) -> str:
        """The day without its year."""
        return self._date(at, "day")

    def time(self, at: datetime) -> str:
        """The time of day, with its zone where that is UTC and so perhaps not the reader's."""
        shown = formats.time(at.astimezone(self.zone))
        return f"{shown} UTC" if self.zone is UTC else shown

    def date_time(self, at: datetime) -> str:
        return self.text("date_time", date=self.date(at), time=self.time(at))

    def ago(self, at: datetime, now: datetime) -> str:
        """As `3 days ago`, or `in 3 days`: for people; beside it stands the date."""
        return formats.distance(self.language, timedelta(seconds=int((at - now).total_seconds())))

    def name_of_language(self, tag: str) -> str:
        """`de` is `German` in English; the tag itself where nobody knows it."""
        return formats.language_name(self.language, tag)

    def _date(self, at: Day, pattern: str) -> str:
        day = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        return formats.date(self.language, day, self.texts[pattern])


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
