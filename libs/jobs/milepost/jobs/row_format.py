"""Rows of an upload: how one is read from JSON and from CSV, whatever the kind of the job.

A row that cannot be read is told by its number and the path of the fault; what stood there is not
kept, for it may be personal data in the wrong place.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar, get_type_hints

import msgspec
from msgspec import inspect

from milepost.events.event import Invalid
from milepost.jobs.csv.records import delimiter_of
from milepost.jobs.csv.slips import slip_in_cell, slip_in_row
from milepost.web.problems import Malformed
from milepost.web.requests.times import in_calendar

R = TypeVar("R")

# In CSV all cells are text: of these types it is read as what it says.
SAID_BY_TEXT = (inspect.IntType, inspect.FloatType, inspect.BoolType)


class Fault(msgspec.Struct, frozen=True):
    """`path` as $.learner; `reason` never quotes what stood there."""

    path: str
    reason: str


class Row(msgspec.Struct, Generic[R], frozen=True):
    """`number` as a spreadsheet counts rows, from 1; in NDJSON the line's, in an array the
    element's.
    """

    number: int
    request: R | Fault


Parse: TypeAlias = Callable[[bytes], Any]


@dataclass(frozen=True, kw_only=True)
class RowFormat(Generic[R]):
    """How a row of one kind stands in a file.

    row       what one may hold, a struct that forbids other fields: they are the columns of CSV
    expected  in words, of each column
    needed    the columns that a header must have, given the offering of the whole file, if any
    resolve   what the row asks for, given that offering; or what is wrong with it
    """

    row: type[msgspec.Struct]
    expected: Mapping[str, str]
    needed: Callable[[str | None], Sequence[str]]
    resolve: Callable[[Any, str | None], R | Fault]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return self.row.__struct_fields__

    @cached_property
    def said_by_text(self) -> Mapping[str, Any]:
        """The types of the columns whose cells say a number, or true or false."""
        hints = get_type_hints(self.row, include_extras=True)
        return {name: hint for name, hint in hints.items() if _is_said_by_text(hint)}

    def fault(self, name: str, cell: str = "") -> Fault:
        """`cell`: what stood there; a slip in it is told, itself it is not."""
        return Fault(f"$.{name}", _said(f"Expected {self.expected[name]}.", slip_in_cell(cell)))


@dataclass
class HeaderInvalid(Invalid):
    """The first row of a CSV file names its columns; `missing` are those it needs beside.

    Nothing else belongs there: names and addresses go to the learners' vault.
    """

    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    repeated: tuple[str, ...]
    columns: tuple[str, ...]


def json_parser(form: RowFormat[R], offering: str | None) -> Callable[[bytes], R | Fault]:
    """For a JSON object. `offering` is the whole file's, if it has one."""
    decoder = msgspec.json.Decoder(form.row)

    def parse(text: bytes) -> R | Fault:
        try:
            return form.resolve(decoder.decode(text), offering)
        except msgspec.ValidationError as error:
            return _fault(form, str(error))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Fault("$", "Expected a JSON object in UTF-8.")

    return parse


def csv_parser(
    form: RowFormat[R], header: bytes, offering: str | None
) -> Callable[[bytes], R | Fault]:
    """For a record of CSV (RFC 4180, with comma, semicolon or tab). Raises `HeaderInvalid`."""
    columns, delimiter = _columns(form, header, offering)

    def parse(record: bytes) -> R | Fault:
        try:
            cells = _cells(record, delimiter)
        except (UnicodeDecodeError, csv.Error):
            return Fault("$", "Expected a row of CSV in UTF-8, its quotes closed.")
        if len(cells) != len(columns):
            slip = slip_in_row(record.decode()) if len(cells) < len(columns) else ""
            return Fault("$", _said(f"Expected {len(columns)} cells, got {len(cells)}.", slip))
        cells_by_name = {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
        for name, cell in cells_by_name.items():
            if "\n" in cell or "\r" in cell:
                return Fault(
                    f"$.{name}", f"Expected {form.expected[name]}: no line break in a cell."
                )
        return _of_cells(form, cells_by_name, offering)

    return parse


def utc(at: datetime | None, name: str) -> datetime | Fault | None:
    """For `resolve`: a time as it is kept; what is wrong with it."""
    try:
        return at and in_calendar(at)
    except Malformed as fault:
        return Fault(f"$.{name}", fault.reason)


def _of_cells(form: RowFormat[R], cells: Mapping[str, str], offering: str | None) -> R | Fault:
    values: dict[str, Any] = dict(cells)
    for name in form.said_by_text.keys() & cells.keys():
        try:
            values[name] = msgspec.convert(cells[name], form.said_by_text[name], strict=False)
        except msgspec.ValidationError:
            return form.fault(name, cells[name])
    try:
        return form.resolve(msgspec.convert(values, form.row), offering)
    except msgspec.ValidationError as error:
        return _fault(form, str(error), cells)


def _is_said_by_text(hint: Any) -> bool:
    waiting, found = [inspect.type_info(hint)], False
    while waiting:
        match waiting.pop():
            case inspect.Metadata(type=inner):
                waiting.append(inner)
            case inspect.UnionType(types=types):
                waiting += types
            case one:
                found = found or isinstance(one, SAID_BY_TEXT)
    return found


def _columns(form: RowFormat[Any], header: bytes, offering: str | None) -> tuple[list[str], str]:
    delimiter = delimiter_of(header)
    try:
        columns = [name.lower() for name in _cells(header, delimiter)]
    except (UnicodeDecodeError, csv.Error):
        columns = []
    unknown = tuple(_quotable(name) for name in columns if name not in form.columns)
    missing = tuple(name for name in form.needed(offering) if name not in columns)
    repeated = tuple(name for name in form.columns if columns.count(name) > 1)
    if unknown or missing or repeated:
        raise HeaderInvalid(unknown, missing, repeated, form.columns)
    return columns, delimiter


def _cells(record: bytes, delimiter: str) -> Sequence[str]:
    [cells] = csv.reader([record.decode()], delimiter=delimiter, strict=True)
    return [cell.strip() for cell in cells]


def _said(expected: str, slip: str) -> str:
    return f"{expected} {slip}" if slip else expected


def _fault(form: RowFormat[Any], words: str, cells: Mapping[str, str] = {}) -> Fault:
    """Of msgspec's words only a name that we gave is taken: they may quote what stood there."""
    if "unknown field `" in words:
        return Fault("$", f"Expected no other fields than {', '.join(form.columns)}.")
    named = re.search(r"at `\$\.([a-z_]+)`$", words) or re.search(r"field `([a-z_]+)`$", words)
    if named is None:
        return Fault("$", "Expected a JSON object.")
    return form.fault(named[1], cells.get(named[1], ""))


def _quotable(name: str) -> str:
    """A name that somebody gave a column; whatever looks like more is not repeated."""
    return name if re.fullmatch(r"[A-Za-z0-9_ -]{1,40}", name) else "?"
