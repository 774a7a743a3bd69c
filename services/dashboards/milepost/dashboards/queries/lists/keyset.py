"""Pages by key, not by number: stable while rows come and go, and as fast at the end.

A cursor names the last row of a page by its sort value and its key; the next page begins behind it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta
from msgspec.json import Decoder

from milepost.contracts.ids import TEXT
from milepost.contracts.times import Moment
from milepost.events.event import Invalid

MOST = 2**63 - 1  # of Postgres' bigint
NEVER = datetime(1, 1, 2, tzinfo=UTC)  # asyncpg takes the day before for -infinity
CALENDAR = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

Number: TypeAlias = Annotated[int, Meta(ge=-MOST, le=MOST)]
Key: TypeAlias = Annotated[str, Meta(pattern=TEXT)]
Order: TypeAlias = Literal["asc", "desc"]


@dataclass
class CursorUnknown(Invalid):
    """No page of this sort and order gave such a cursor: start from the first page."""

    sort: str
    order: Order


class Sort(msgspec.Struct, frozen=True):
    """How rows are put in order: by a column of this type of Postgres; `least` stands for null."""

    column: str
    pg_type: str
    cursors: Decoder[tuple[str, Order, Any, Key]]
    least: object = None

    @property
    def sql(self) -> str:
        if self.least is None:
            return self.column
        return f"coalesce({self.column}, '{self.least}'::{self.pg_type})"

    def value_of(self, row: object) -> Any:
        value = getattr(row, self.column)
        return self.least if value is None else value


def by_number(column: str) -> Sort:
    return Sort(column, "bigint", Decoder(tuple[str, Order, Number, Key]))


def by_text(column: str) -> Sort:
    return Sort(column, "text", Decoder(tuple[str, Order, Key, Key]))


def by_time(column: str, least: datetime | None = NEVER) -> Sort:
    """What has no time comes before all that has one."""
    return Sort(column, "timestamptz", Decoder(tuple[str, Order, Moment, Key]), least)


class Cursor(msgspec.Struct, frozen=True):
    """Where a page ended: its sort and order, the last row's value in it, and that row's key."""

    sort: str
    order: Order
    value: Any
    key: str

    def __str__(self) -> str:
        parts = (self.sort, self.order, self.value, self.key)
        return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode()


class Keyset(msgspec.Struct, frozen=True):
    """Rows in the order of `by`, which clients call `sort`, then of their `key`; those `after`."""

    by: Sort
    sort: str
    order: Order
    key: str
    after: Cursor | None = None

    def cursor_to(self, last: object) -> str:
        """The next page begins behind this row."""
        return str(Cursor(self.sort, self.order, self.by.value_of(last), getattr(last, self.key)))

    @property
    def order_by(self) -> str:
        return f"{self.by.sql} {self.order}, {self.key} {self.order}"

    @property
    def conditions(self) -> tuple[str, ...]:
        if self.after is None:
            return ()
        sign = ">" if self.order == "asc" else "<"
        last = f"(:after_value::{self.by.pg_type}, :after_key::text)"
        return (f"({self.by.sql}, {self.key}) {sign} {last}",)

    @property
    def arguments(self) -> Mapping[str, object]:
        if self.after is None:
            return {}
        return {"after_value": self.after.value, "after_key": self.after.key}


def cursor_of(text: str, by: Sort, sort: str, order: Order) -> Cursor:
    """Raises `CursorUnknown` unless a page of this sort and order could have given it."""
    try:
        parts = by.cursors.decode(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, msgspec.MsgspecError, UnicodeError) as error:
        raise CursorUnknown(sort, order) from error
    cursor = Cursor(*parts)
    if (cursor.sort, cursor.order) != (sort, order) or not _comparable(cursor.value):
        raise CursorUnknown(sort, order)
    return cursor


def _comparable(value: object) -> bool:
    """Whether Postgres sees the same time as we do."""
    first, end = CALENDAR
    return not isinstance(value, datetime) or value == NEVER or first <= value < end
