"""Pages by key, not by number: stable while rows come and go, and as fast at the end."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from milepost.contracts.ids import TEXT
from milepost.contracts.times import Moment
from milepost.events.event import Invalid
from milepost.web.problems import Malformed
from milepost.web.requests.times import in_calendar

MOST = 2**63 - 1  # of Postgres' bigint
NEVER = datetime(1, 1, 2, tzinfo=UTC)  # asyncpg takes the day before for -infinity

Number: TypeAlias = Annotated[int, Meta(ge=-MOST, le=MOST)]
Key: TypeAlias = Annotated[str, Meta(pattern=TEXT)]
Order: TypeAlias = Literal["asc", "desc"]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=500, description="Rows in a page")]
After: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        pattern=r"^[A-Za-z0-9_=-]{1,2000}(?![\s\S])",
        description="`next` of the page before",
    ),
]


@dataclass
class CursorUnknown(Invalid):
    """No page of this sort and order gave such a cursor: start from the first page."""

    sort: str
    order: Order


class Sort(msgspec.Struct, frozen=True):
    """How rows are put in order: by a column of this type of Postgres; `least` stands for null."""

    column: str
    pg_type: str
    cursors: msgspec.json.Decoder[tuple[str, Order, Any, Key]]
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
    return Sort(column, "bigint", msgspec.json.Decoder(tuple[str, Order, Number, Key]))


def by_text(column: str) -> Sort:
    return Sort(column, "text", msgspec.json.Decoder(tuple[str, Order, Key, Key]))


def by_time(column: str, least: datetime | None = NEVER) -> Sort:
    """What has no time comes before all that has one."""
    return Sort(column, "timestamptz", msgspec.json.Decoder(tuple[str, Order, Moment, Key]), least)


class Cursor(msgspec.Struct, frozen=True):
    """Where a page ended: its sort and order, the last row's value in it, and that row's key."""

    sort: str
    order: Order
    value: Any
    key: str

    def __str__(self) -> str:
        parts = (self.sort, self.order, self.value, self.key)
        return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode()


class Paging(msgspec.Struct, frozen=True):
    """Rows in the order of `by`, which clients call `sort`, then of their `key`."""

    by: Sort
    sort: str
    order: Order
    key: str
    after: Cursor | None

    def cursor_to(self, last: object) -> str:
        """The next page begins behind this row."""
        return str(Cursor(self.sort, self.order, self.by.value_of(last), getattr(last, self.key)))

    def sql(self, where: Mapping[str, object]) -> tuple[str, list[object]]:
        """A statement from its WHERE on, and its arguments from $3 on, which is the limit.

        `where`: conditions with `$` for their argument, the program's own, never a client's.
        """
        conditions, arguments = ["tenant = $1"], list[object]()
        for condition, value in where.items():
            arguments.append(value)
            conditions.append(condition.replace("$", f"${len(arguments) + 3}"))
        by, key, order = self.by.sql, self.key, self.order
        if self.after is not None:
            arguments += (self.after.value, self.after.key)
            sign = ">" if order == "asc" else "<"
            last = f"(${len(arguments) + 2}::{self.by.pg_type}, ${len(arguments) + 3}::text)"
            conditions.append(f"({by}, {key}) {sign} {last}")
        found = f"where {' and '.join(conditions)}"
        return f"{found} order by {by} {order}, {key} {order} limit $3", arguments


def paging(by: Sort, sort: str, order: Order, key: str, cursor: str | None) -> Paging:
    """From behind the cursor, or from the start. Raises `CursorUnknown`."""
    if cursor is None:
        return Paging(by, sort, order, key, None)
    try:
        parts = by.cursors.decode(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, msgspec.MsgspecError, UnicodeError) as error:
        raise CursorUnknown(sort, order) from error
    if parts[:2] != (sort, order):
        raise CursorUnknown(sort, order)
    return Paging(by, sort, order, key, _bounded(Cursor(*parts)))


def _bounded(cursor: Cursor) -> Cursor:
    """Its time as Postgres can compare it. Raises `CursorUnknown`."""
    if not isinstance(cursor.value, datetime) or cursor.value == NEVER:
        return cursor
    try:
        return msgspec.structs.replace(cursor, value=in_calendar(cursor.value))
    except Malformed as fault:
        raise CursorUnknown(cursor.sort, cursor.order) from fault
