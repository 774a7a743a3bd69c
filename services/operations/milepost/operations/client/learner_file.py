"""A file of learners for a command: CSV, NDJSON or JSON, read as uploads of Milepost are."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from milepost.contracts.ids import ID, ID_IN_WORDS
from milepost.events.event import Invalid
from milepost.jobs.csv.records import QuotesNotClosed
from milepost.jobs.formats import FORMATS, FileEmpty, FileUnreadable, TooManyRows, validated
from milepost.jobs.row_format import Fault, HeaderInvalid, Row, RowFormat
from milepost.operations.client.bulk_job import MEDIA_TYPES
from milepost.operations.terminal.errors import Trouble, WrongUsage

PART_BYTES: Final = 64 * 1024


class LearnerRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    learner: Annotated[str, Meta(pattern=ID)]


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A row that names nobody: where, and why."""

    row: int
    path: str
    reason: str


class LearnerFile(msgspec.Struct, frozen=True, kw_only=True):
    """`learners` each once, in the order of the file; `rows`: of all."""

    learners: Sequence[str]
    unread: Sequence[Unread]
    rows: int


FORMAT: Final = RowFormat(
    row=LearnerRow,
    expected={"learner": f"a learner's id, {ID_IN_WORDS}"},
    needed=lambda _: ("learner",),
    resolve=lambda row, _: row.learner,
)


def read_learners(file: Path) -> LearnerFile:
    """Raises `Trouble` where nothing of it can be read."""
    media_type = MEDIA_TYPES.get(file.suffix.removeprefix(".").lower())
    if media_type is None:
        raise WrongUsage(f"{file}: its name should end with .{', .'.join(MEDIA_TYPES)}.")
    try:
        rows = asyncio.run(_rows(file, media_type))
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}.") from error
    except Invalid as refused:
        raise Trouble(f"{file}: {_in_words(refused)}") from refused
    unread = [
        Unread(row=row.number, path=row.request.path, reason=row.request.reason)
        for row in rows
        if isinstance(row.request, Fault)
    ]
    named = [row.request for row in rows if not isinstance(row.request, Fault)]
    return LearnerFile(learners=list(dict.fromkeys(named)), unread=unread, rows=len(rows))


async def _rows(file: Path, media_type: str) -> list[Row[str]]:
    rows = validated(FORMATS[media_type](_parts(file), FORMAT, None))
    return [row async for batch in rows for row in batch]


async def _parts(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while part := opened.read(PART_BYTES):
            yield part


def _in_words(refused: Invalid) -> str:
    match refused:
        case FileEmpty():
            return "there is no row in it."
        case FileUnreadable():
            return f"row {refused.row}, {refused.path}: {refused.reason}"
        case TooManyRows():
            return f"it has more than {refused.limit:,} rows: send it in parts."
        case QuotesNotClosed():
            return f"quotes are not closed, first in row {refused.row}."
        case HeaderInvalid():
            return _header(refused)
    return str(refused)


def _header(refused: HeaderInvalid) -> str:
    """Which columns are wrong; the names that nobody asked for are quoted where they may be."""
    told = {
        "there is no column": refused.missing,
        "nobody asked for": refused.unknown,
        "twice there is": refused.repeated,
    }
    found = [f"{what} {', '.join(names)}" for what, names in told.items() if names]
    return f"its first row names the columns, and {'; '.join(found)}. Expected: learner."
