"""Find a page by the words of its title, its operation or its text."""

import re
from collections.abc import Iterable, Sequence

import msgspec

MAX_LENGTH = 100
MAX_WORDS = 8
MAX_FOUND = 60
_URN = "urn:milepost:problem:"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A place to go to. `key` is what it is called exactly; `text` what its page says, lowered."""

    kind: str
    title: str
    address: str
    detail: str = ""
    key: str = ""
    text: str = ""

    @property
    def head(self) -> str:
        return f"{self.title} {self.detail} {self.key}".lower()


class Search:
    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = [(one, one.head) for one in entries]

    def find(self, query: str) -> Sequence[Entry]:
        """The best first, `MAX_FOUND` at most; all words must be there."""
        words = _words(query)
        if not words:
            return ()
        ranked = [
            (rank, number, one)
            for number, (one, head) in enumerate(self._entries)
            if (rank := _rank(words, one, head)) is not None
        ]
        return [one for *_, one in sorted(ranked, key=lambda found: found[:2])[:MAX_FOUND]]


def _words(query: str) -> list[str]:
    """`enroll a learner`, `credential_awarded`, `/enrollment/jobs` and a problem's URN alike."""
    bare = query[:MAX_LENGTH].lower().strip().removeprefix(_URN).removeprefix("milepost.")
    return re.findall(r"[\w./{}-]+", bare)[:MAX_WORDS]


def _rank(words: list[str], entry: Entry, head: str) -> int | None:
    """0 is best; None: not all words are there."""
    if entry.key and entry.key.lower() == " ".join(words):
        return 0
    title = f"{entry.title} {entry.key}".lower()
    if all(word in title for word in words):
        return 1 if title.startswith(words[0]) else 2
    if all(word in head for word in words):
        return 3
    return 4 if entry.text and all(word in entry.text for word in words) else None
