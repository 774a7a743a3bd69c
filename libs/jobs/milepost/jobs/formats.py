"""From bytes as they come to rows: in bounded memory, whatever the sender makes of a line."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, TypeAlias

import msgspec

from milepost.events import sizes
from milepost.events.event import Invalid
from milepost.jobs.csv.records import BOM, Record, Splitter
from milepost.jobs.csv.slips import slip_in_header
from milepost.jobs.row_format import (
    Fault,
    Parse,
    Row,
    RowFormat,
    csv_parser,
    json_parser,
)

MAX_ROWS = 100_000
MAX_BYTES = sizes.BULK_FILE
MAX_ARRAY_BYTES = sizes.BULK_ARRAY
MAX_LINE_BYTES = sizes.BULK_ROW
SLICE_BYTES = 16 * 1024
# Lines that are read again count each time.
LINES_AT_ONCE = 10
ELEMENTS_AT_ONCE = 1_000
QUOTE_NOT_CLOSED = (
    f"Expected the quote to be closed, before a delimiter or a line's end, within {MAX_LINE_BYTES}"
    " bytes."
)

Parts: TypeAlias = AsyncIterator[bytes]
Rows: TypeAlias = AsyncIterator[list[Row[Any]]]
Lines: TypeAlias = list[tuple[int, bytes]]


@dataclass
class FileEmpty(Invalid):
    """There is no row in it."""


@dataclass
class FileUnreadable(Invalid):
    """Not one of its rows can be read; this is what is wrong with the first."""

    row: int
    path: str
    reason: str


@dataclass
class TooManyRows(Invalid):
    """There is a bound to one file: send it in parts."""

    limit: int


@dataclass
class ArrayTooLong(Invalid):
    """A JSON array is held whole: send what is longer as NDJSON or CSV."""

    limit_bytes: int


async def ndjson(parts: Parts, form: RowFormat[Any], offering: str | None) -> Rows:
    parse = json_parser(form, offering)
    async for lines in _lines(parts):
        yield [_row(number, line, parse) for number, line in lines]


async def csv(parts: Parts, form: RowFormat[Any], offering: str | None) -> Rows:
    """Raises `FileUnreadable`, `HeaderInvalid`, `QuotesNotClosed`."""
    parse: Parse | None = None
    async for records in _records(parts):
        if parse is None and records:
            header = records.pop(0)
            if slip := slip_in_header(header.text):
                raise FileUnreadable(header.number, "$", slip)
            parse = csv_parser(form, header.text, offering)
        if parse is not None:
            yield [_csv_row(record, parse) for record in records]


async def json_array(parts: Parts, form: RowFormat[Any], offering: str | None) -> Rows:
    """Raises `ArrayTooLong`, `FileUnreadable`."""
    text = b""
    async for part in parts:
        text += part
        if len(text) > MAX_ARRAY_BYTES:
            raise ArrayTooLong(MAX_ARRAY_BYTES)
    try:
        elements = msgspec.json.decode(text.removeprefix(BOM), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FileUnreadable(1, "$", "Expected a JSON array of objects, in UTF-8.") from None
    parse, numbered = json_parser(form, offering), enumerate(elements, 1)
    while some := list(islice(numbered, ELEMENTS_AT_ONCE)):
        yield [_row(number, bytes(element), parse) for number, element in some]
        await asyncio.sleep(0)


FORMATS: dict[str, Callable[[Parts, RowFormat[Any], str | None], Rows]] = {
    "application/x-ndjson": ndjson,
    "text/csv": csv,
    "application/json": json_array,
}


async def validated(rows: Rows) -> Rows:
    """The rows of a file that is worth a job.

    Raises `FileEmpty`, `FileUnreadable`, `TooManyRows`, and what reading it raises.
    """
    total, readable, first = 0, False, None
    async for batch in rows:
        total += len(batch)
        if total > MAX_ROWS:
            raise TooManyRows(MAX_ROWS)
        first = first or next(iter(batch), None)
        readable = readable or not all(isinstance(row.request, Fault) for row in batch)
        yield batch
    if first is None:
        raise FileEmpty
    if not readable:
        assert isinstance(first.request, Fault)
        raise FileUnreadable(first.number, first.request.path, first.request.reason)


def _row(number: int, line: bytes, parse: Parse) -> Row[Any]:
    if len(line) > MAX_LINE_BYTES:
        return Row(number, Fault("$", f"Expected at most {MAX_LINE_BYTES} bytes in a row."))
    return Row(number, parse(line))


def _csv_row(record: Record, parse: Parse) -> Row[Any]:
    if not record.is_closed and len(record.text) <= MAX_LINE_BYTES:
        return Row(record.number, Fault("$", QUOTE_NOT_CLOSED))
    return _row(record.number, record.text, parse)


async def _records(parts: Parts) -> AsyncIterator[list[Record]]:
    """Not many at once, however they come."""
    splitter = Splitter()
    async for part in _sliced(parts):
        found = splitter.feed(part)
        while records := _some(splitter, found):
            yield records
            await asyncio.sleep(0)
    found = splitter.end()
    while records := _some(splitter, found):
        yield records
        await asyncio.sleep(0)


def _some(splitter: Splitter, found: Iterator[Record]) -> list[Record]:
    """Of few lines: for one record that is refused, thousands may have been read again."""
    records, enough = [], splitter.lines_read + LINES_AT_ONCE
    for record in found:
        records.append(record)
        if splitter.lines_read >= enough:
            break
    return records


async def _sliced(parts: Parts) -> AsyncIterator[bytes]:
    """A server may hand over what has come at once: others are served between the slices."""
    async for part in parts:
        for start in range(0, len(part), SLICE_BYTES):
            yield part[start : start + SLICE_BYTES]
            await asyncio.sleep(0)


async def _lines(parts: Parts) -> AsyncIterator[Lines]:
    """Those that are not blank, a list for each slice; of one too long as much as tells so."""
    numbers, rest = count(1), b""
    async for part in _sliced(parts):
        *complete, rest = (rest + part).split(b"\n")
        rest = rest[: MAX_LINE_BYTES + 1]
        yield list(_numbered(complete, numbers))
    yield list(_numbered([rest], numbers))


def _numbered(lines: Iterable[bytes], numbers: Iterator[int]) -> Iterator[tuple[int, bytes]]:
    for line in lines:
        number = next(numbers)
        text = line.removeprefix(BOM) if number == 1 else line
        if text.strip():
            yield number, text.rstrip(b"\r")
