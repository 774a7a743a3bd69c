"""Rows of an upload: what one may hold, and how it is read from JSON and from CSV.

A row that cannot be read is told by its number and the path of the fault; what stood there is not
kept, for it may be personal data in the wrong place.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import msgspec

from milepost.contracts.ids import ID_IN_WORDS
from milepost.contracts.offerings import Mode
from milepost.contracts.times import Moment
from milepost.enrollment.api.wiring import Id
from milepost.enrollment.bulk.csv_records import delimiter_of
from milepost.events.event import Invalid
from milepost.web.problems import Malformed
from milepost.web.requests.times import in_calendar

COLUMNS = ("learner", "offering", "mode", "occurred_at")
EXPECTED = {
    "learner": f"an opaque id, {ID_IN_WORDS}",
    "offering": f"an offering's id, {ID_IN_WORDS}",
    "mode": "audit or verified",
    "occurred_at": "a time with its UTC offset, as 2026-03-02T09:00:00Z",
}


class FileRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row as it may stand in a file. `offering` absent: the one given for the whole file."""

    learner: Id
    offering: Id | None = None
    mode: Mode | None = None
    occurred_at: Moment | None = None


class RowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a row asks for. `occurred_at` in UTC; absent: when the file came.

    `mode` absent: audit for who comes new, whatever it is of who is in.
    """

    learner: str
    offering: str
    mode: Mode | None = None
    occurred_at: datetime | None = None


class Fault(msgspec.Struct, frozen=True):
    """`path` as $.learner; `reason` never quotes what stood there."""

    path: str
    reason: str


class Row(msgspec.Struct, frozen=True):
    """`number` as a spreadsheet counts rows, from 1; in NDJSON the line's, in an array the
    element's.
    """

    number: int
    request: RowRequest | Fault


Parse: TypeAlias = Callable[[bytes], RowRequest | Fault]


@dataclass
class HeaderInvalid(Invalid):
    """The first row of a CSV file names its columns: learner, and any of the others.

    Nothing else belongs there: names and addresses go to the learners' vault.
    """

    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    repeated: tuple[str, ...]
    columns: tuple[str, ...] = COLUMNS


def json_parser(offering: str | None) -> Parse:
    """For a JSON object. `offering` is the whole file's, if it has one."""
    decoder = msgspec.json.Decoder(FileRow)

    def parse(text: bytes) -> RowRequest | Fault:
        try:
            return _resolved(decoder.decode(text), offering)
        except msgspec.ValidationError as error:
            return _fault(str(error))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Fault("$", "Expected a JSON object in UTF-8.")

    return parse


def csv_parser(header: bytes, offering: str | None) -> Parse:
    """For a record of CSV (RFC 4180, with comma, semicolon or tab). Raises `HeaderInvalid`."""
    columns, delimiter = _columns(header, offering)

    def parse(record: bytes) -> RowRequest | Fault:
        try:
            cells = _cells(record, delimiter)
        except (UnicodeDecodeError, csv.Error):
            return Fault("$", "Expected a row of CSV in UTF-8, its quotes closed.")
        if len(cells) != len(columns):
            return Fault("$", f"Expected {len(columns)} cells, got {len(cells)}.")
        cells_by_name = {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
        for name, cell in cells_by_name.items():
            if "\n" in cell or "\r" in cell:
                return Fault(f"$.{name}", f"Expected {EXPECTED[name]}: no line break in a cell.")
        try:
            return _resolved(msgspec.convert(cells_by_name, FileRow), offering)
        except msgspec.ValidationError as error:
            return _fault(str(error))

    return parse


def _columns(header: bytes, offering: str | None) -> tuple[list[str], str]:
    delimiter = delimiter_of(header)
    try:
        columns = [name.lower() for name in _cells(header, delimiter)]
    except (UnicodeDecodeError, csv.Error):
        columns = []
    needed = ("learner",) if offering else ("learner", "offering")
    unknown = tuple(_quotable(name) for name in columns if name not in COLUMNS)
    missing = tuple(name for name in needed if name not in columns)
    repeated = tuple(name for name in COLUMNS if columns.count(name) > 1)
    if unknown or missing or repeated:
        raise HeaderInvalid(unknown, missing, repeated)
    return columns, delimiter


def _cells(record: bytes, delimiter: str) -> Sequence[str]:
    [cells] = csv.reader([record.decode()], delimiter=delimiter, strict=True)
    return [cell.strip() for cell in cells]


def _resolved(row: FileRow, offering: str | None) -> RowRequest | Fault:
    """With its offering, and its time in UTC."""
    at, where = row.occurred_at, row.offering or offering
    if where is None:
        return _expected("offering")
    try:
        at = at and in_calendar(at)
    except Malformed as fault:
        return Fault("$.occurred_at", fault.reason)
    return RowRequest(learner=row.learner, offering=where, mode=row.mode, occurred_at=at)


def _fault(words: str) -> Fault:
    """Of msgspec's words only a name that we gave is taken: they may quote what stood there."""
    if "unknown field `" in words:
        return Fault("$", f"Expected no other fields than {', '.join(COLUMNS)}.")
    named = re.search(r"at `\$\.([a-z_]+)`$", words) or re.search(r"field `([a-z_]+)`$", words)
    return _expected(named[1]) if named else Fault("$", "Expected a JSON object.")


def _expected(name: str) -> Fault:
    return Fault(f"$.{name}", f"Expected {EXPECTED[name]}.")


def _quotable(name: str) -> str:
    """A name that somebody gave a column; whatever looks like more is not repeated."""
    return name if re.fullmatch(r"[A-Za-z0-9_ -]{1,40}", name) else "?"
