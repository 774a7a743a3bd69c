"""Rows that enroll: what one may hold, what it asks for, how it is kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from milepost.contracts.ids import ID_IN_WORDS
from milepost.contracts.offerings import Mode
from milepost.contracts.times import Moment
from milepost.enrollment.api.wiring import Id
from milepost.jobs.row_format import Fault, RowFormat, utc

EXPECTED: Final = {
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


def resolved(row: FileRow, offering: str | None) -> RowRequest | Fault:
    """With its offering, and its time in UTC."""
    where, at = row.offering or offering, utc(row.occurred_at, "occurred_at")
    if where is None:
        return FORMAT.fault("offering")
    if isinstance(at, Fault):
        return at
    return RowRequest(learner=row.learner, offering=where, mode=row.mode, occurred_at=at)


def needed(offering: str | None) -> Sequence[str]:
    return ("learner",) if offering else ("learner", "offering")


def keep(request: RowRequest) -> Sequence[object]:
    return astuple(request)


def kept(columns: Mapping[str, Any]) -> RowRequest:
    return RowRequest(**{name: columns[name] for name in RowRequest.__struct_fields__})


FORMAT: Final[RowFormat[RowRequest]] = RowFormat(
    row=FileRow, expected=EXPECTED, needed=needed, resolve=resolved
)
