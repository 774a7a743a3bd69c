"""What a page says in its figures and its tables, as text."""

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

CELLS = ("caption", "th", "td", "p")
NUMBER = re.compile(r"\d[\d,]*")


def number_in(text: str) -> int:
    """The first of it, as English writes it."""
    found = NUMBER.search(text)
    assert found, text
    return int(found[0].replace(",", ""))


class Markup(HTMLParser):
    """`tables`: rows of cells, without their heads, by caption. `figures`: texts, by label.

    `next_page`: where the pager leads on to.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, Sequence[Sequence[str]]] = {}
        self.figures: dict[str, str] = {}
        self.next_page: str | None = None
        self._caption = self._label = ""
        self._rows: list[list[str]] = []
        self._kind = ""
        self._text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in {"table", "tbody"}:
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag == "br":
            self._text.append(" ")
        elif tag == "a" and named.get("rel") == "next":
            self.next_page = named["href"]
        elif tag in CELLS:
            self._kind, self._text = _kind_of(tag, named), []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self._text).split())
        if tag == "table":
            self.tables[self._caption] = self._rows
        elif tag not in CELLS:
            return
        elif self._kind == "caption":
            self._caption = text
        elif self._kind in {"th", "td"}:
            self._rows[-1].append(text)
        elif self._kind == "figure-label":
            self._label = text
        elif self._kind == "figure-value":
            self.figures[self._label] = text
        self._kind = ""


def _kind_of(tag: str, named: Mapping[str, str | None]) -> str:
    return (named.get("class") or "p").split()[0] if tag == "p" else tag
