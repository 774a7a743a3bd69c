"""Rows as CSV (RFC 4180): CRLF, quoted where need be, UTF-8, one line of names.

Times are ISO 8601 in UTC (`2026-03-02T09:00:00Z`), numbers as JSON has them, an absent value is an
empty cell. A spreadsheet would run a text that begins like a formula: such a text is given an
apostrophe (OWASP, CSV injection), and so is one that would read as if it had been given one; so who
takes one apostrophe away has the text as it was.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Final

from milepost.dashboards.exports.columns import Column, Kind, value_of

MEDIA_TYPE: Final = "text/csv"
BYTE_ORDER_MARK: Final = "\ufeff".encode()
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n]")


def write_csv(
    file: IO[bytes], columns: Sequence[Column], chunks: Iterator[Sequence[object]]
) -> None:
    """A chunk's lines at a time."""
    file.write(_lines([[one.name for one in columns]]))
    for rows in chunks:
        file.write(
            _lines([_CELLS[one.kind](value_of(row, one)) for one in columns] for row in rows)
        )


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, dialect="excel", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _present(cell: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: "" if value is None else cell(value)


_CELLS: Final[Mapping[Kind, Callable[[Any], str]]] = {
    "text": _present(guarded),
    "integer": _present(str),
    "real": _present(repr),
    "boolean": _present(lambda value: "true" if value else "false"),
    "time": _present(iso),
    "json": _present(guarded),
}
