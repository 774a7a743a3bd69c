"""Splits CSV into records (RFC 4180) as it comes: a quoted cell may hold line breaks.

    learner,offering⏎          record 1
    "ann⏎",spring⏎             record 2, on two lines
    "bob,spring⏎               record 3: its quote is not closed, alone refused
    cid,spring⏎                record 4, read again

A quote is closed by one that a delimiter or the line's end follows, within `MAX_RECORD_BYTES`.
Where that does not come, only the line that opened it is refused. The lines behind it are read
again, so that one slip spoils one row; how much is read again in a file is bounded.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from milepost.events import sizes
from milepost.events.event import Invalid

DELIMITERS = ",;\t"
MAX_RECORD_BYTES = sizes.BULK_ROW
MAX_REREAD_BYTES = 1024 * 1024
BOM = b"\xef\xbb\xbf"

# Possessive throughout: a line is looked at once, whatever is in it.
_QUOTED = rb'"[^"]*+(?:""[^"]*+)*+'
_CELL = rb'(?:%(quoted)s"|[^"%(delimiters)s][^%(delimiters)s]*+|)'
_LINE = rb"(?:%(cell)s[%(delimiters)s])*+(?:%(cell)s\r*+\Z|(%(quoted)s)\Z)"


@dataclass
class QuotesNotClosed(Invalid):
    """In so many rows that the file cannot be read; this is the first of them."""

    row: int


class Record(NamedTuple):
    """`number` as a spreadsheet counts, from 1. `is_closed`: no quote of it stays open."""

    number: int
    text: bytes
    is_closed: bool = True


class Splitter:
    """Holds one record at most, and what came of the line that is not complete.

    `lines_read` counts those that are read again each time: it says how much was worked.
    """

    def __init__(self) -> None:
        self.lines_read = 0
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._open: list[bytes] = []
        self._open_bytes = 0
        self._last = 0
        self._pattern = _line_pattern(DELIMITERS)
        self._delimiter: str | None = None
        self._reread_bytes = 0
        self._first_refused: int | None = None

    def feed(self, part: bytes) -> Iterator[Record]:
        """Records that are complete by now, without blank ones. Raises `QuotesNotClosed`."""
        *lines, rest = (self._rest + part).split(b"\n")
        self._rest = rest[: MAX_RECORD_BYTES + 1]  # as much as tells that it is too long
        self._lines.extend(lines)
        return self._records()

    def end(self) -> Iterator[Record]:
        """What is left when all has come. Raises `QuotesNotClosed`."""
        self._lines.append(self._rest)
        yield from self._records()
        while self._open:
            yield self._refuse_first()
            yield from self._records()

    def _records(self) -> Iterator[Record]:
        while self._lines:
            line = self._lines.popleft()
            self.lines_read += 1
            if not self._last:
                line = line.removeprefix(BOM)
            if b'"' in line or self._open:
                record = self._next(line)
            else:
                self._last += 1
                record = Record(self._last, line.rstrip(b"\r")) if line.strip() else None
            if record is not None:
                self._know_delimiter(record)
                yield record

    def _next(self, line: bytes) -> Record | None:
        """The record that ends with this line, if one does."""
        quotes = self._quotes_behind(line)
        self._open.append(line)
        self._open_bytes += len(line) + 1
        fits = self._open_bytes <= MAX_RECORD_BYTES
        if quotes == "open" and fits:
            return None
        if quotes == "closed" and (fits or len(self._open) == 1):
            return self._record(b"\n".join(self._take_open()))
        return self._refuse_first()

    def _quotes_behind(self, line: bytes) -> Literal["closed", "open", "broken"]:
        if self._open and b'"' not in line:
            return "open"
        # What goes on inside quotes looks as if it began there.
        found = self._pattern.match(b'"' + line if self._open else line)
        if found is None:
            return "broken"
        return "closed" if found[1] is None else "open"

    def _refuse_first(self) -> Record:
        """The lines behind it wait to be read again. Raises `QuotesNotClosed`."""
        first, *others = self._take_open()
        self._lines.extendleft(reversed(others))
        self._reread_bytes += sum(map(len, others))
        record = self._record(first, is_closed=False)
        self._first_refused = self._first_refused or record.number
        if self._reread_bytes > MAX_REREAD_BYTES:
            raise QuotesNotClosed(self._first_refused)
        return record

    def _take_open(self) -> list[bytes]:
        lines, self._open, self._open_bytes = self._open, [], 0
        return lines

    def _record(self, text: bytes, *, is_closed: bool = True) -> Record:
        self._last += 1
        return Record(self._last, text.rstrip(b"\r"), is_closed)

    def _know_delimiter(self, record: Record) -> None:
        """The first record is the header: it shows by what all are delimited."""
        if self._delimiter is None:
            self._delimiter = delimiter_of(record.text)
            self._pattern = _line_pattern(self._delimiter)


def delimiter_of(header: bytes) -> str:
    text = header.decode("utf-8", "replace")
    return max(DELIMITERS, key=text.count)


def _line_pattern(delimiters: str) -> re.Pattern[bytes]:
    """Matches a line whose quotes are closed; its group 1 matches a quote that stays open."""
    parts = {b"quoted": _QUOTED, b"delimiters": delimiters.encode()}
    return re.compile(_LINE % {**parts, b"cell": _CELL % parts}, re.DOTALL)
