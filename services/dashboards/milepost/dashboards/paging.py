"""Pages by key, not by number: stable while rows come and go, and as fast at the end."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from milepost.events.event import Invalid

MOST = 2**63 - 1  # of Postgres' bigint

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


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: its sort and order, the last row's value in it, and that row's key."""

    sort: str
    order: Order
    value: Annotated[int, Meta(ge=-MOST, le=MOST)]
    key: Annotated[str, Meta(pattern=r"^[^\x00]*(?![\s\S])")]

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


def cursor_from(text: str | None, sort: str, order: Order) -> Cursor | None:
    """What to go on after; None: from the start. Raises `CursorUnknown`."""
    if text is None:
        return None
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Cursor)
    except (binascii.Error, msgspec.MsgspecError, UnicodeError) as error:
        raise CursorUnknown(sort, order) from error
    if (cursor.sort, cursor.order) != (sort, order):
        raise CursorUnknown(sort, order)
    return cursor


def page_sql(
    column: str, key: str, order: Order, after: Cursor | None, equal: Mapping[str, str]
) -> tuple[str, list[object]]:
    """The end of a statement, from its WHERE on, and its arguments from $3 on, which is the limit.

    `equal` are filters. The names are the program's own, never a client's.
    """
    conditions, arguments = ["tenant = $1"], list[object]()
    for name, value in equal.items():
        arguments.append(value)
        conditions.append(f"{name} = ${len(arguments) + 3}")
    if after is not None:
        arguments += (after.value, after.key)
        sign = ">" if order == "asc" else "<"
        last = f"(${len(arguments) + 2}::bigint, ${len(arguments) + 3}::text)"
        conditions.append(f"({column}, {key}) {sign} {last}")
    return (
        f"where {' and '.join(conditions)} order by {column} {order}, {key} {order} limit $3",
        arguments,
    )
