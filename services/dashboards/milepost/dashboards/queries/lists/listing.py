"""A list that can be filtered, put in order and paged: a value each, one function for all.

Listing      what the list is: its rows, sorts and filters      (one a screen, a constant)
ListQuery    what somebody wants of it: sort, filters, cursor   (pure data)
Page         what they get: rows, and the cursor to the next page
"""

from collections.abc import Mapping
from typing import Generic, TypeVar, get_args

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.keyset import Keyset, Order, Sort, cursor_of
from milepost.dashboards.queries.lists.titles import tags_of
from milepost.dashboards.queries.own_offerings import IN_THIS_OFFERING, models_for, of_each_own
from milepost.events.projections.read_model import ReadModel

R = TypeVar("R")


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Each list extends it by its sorts and filters; a filter that is None is not asked for.

    `limit` is 1 or more, None for all; `cursor` is `next` of the page before, of the same sort
    and order.
    `instructor`: only what is of this one's own offerings, of a list with a column `offering`.
    """

    sort: str
    order: Order = "asc"
    limit: int | None = 50
    cursor: str | None = None
    instructor: str | None = None


class TitledQuery(ListQuery, frozen=True, kw_only=True):
    """`language`: a BCP 47 tag; titles are in it where there is one."""

    language: str | None = None


class Listing(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """`sql` is a select up to its WHERE, of what has a column `tenant`; `key` tells its rows apart.
    `counted` goes on from the rows of a page, `with page as (…),`: what is costly is made of these
    alone.

    That of a `TitledQuery` names as `:languages` where titles are looked up.
    `filters`: a condition for each filter of the query, which names its value as `:filter`.
    """

    models: tuple[ReadModel, ...]
    rows: Decoder[list[R]]
    sql: str
    counted: str | None = None
    key: str
    sorts: Mapping[str, Sort]
    filters: Mapping[str, str]

    @property
    def row(self) -> type[msgspec.Struct]:
        """What a row is decoded into."""
        row: type[msgspec.Struct]
        [row] = get_args(self.rows.type)
        return row


class Page(Snapshot, Generic[R], frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, None at the end."""

    rows: list[R]
    next: str | None


def equal(*columns: str) -> Mapping[str, str]:
    """Filters named as their columns."""
    return {name: f"{name} = :{name}" for name in columns}


async def read_page(
    pool: asyncpg.Pool,
    tenant: str,
    listing: Listing[R],
    query: ListQuery,
    *,
    awaited: int | None = None,
) -> Page[R]:
    """Raises `CursorUnknown`, `NotVisibleYet`, `BeyondTheLog`."""
    keyset = keyset_of(listing, query)
    select, arguments = select_of(listing, query, keyset)
    models = models_for(listing.models, query.instructor)
    found = await read(pool, tenant, models, (select,), arguments, awaited=awaited)
    rows, following = split(found.rows[0], query.limit, keyset)
    return Page(
        position=found.position, as_of=found.as_of, etag=found.etag, rows=rows, next=following
    )


def keyset_of(listing: Listing[R], query: ListQuery) -> Keyset:
    """Raises `CursorUnknown`."""
    by = listing.sorts[query.sort]
    after = None
    if query.cursor is not None:
        after = cursor_of(query.cursor, by, query.sort, query.order)
    return Keyset(by, query.sort, query.order, listing.key, after)


def select_of(
    listing: Listing[R], query: ListQuery, keyset: Keyset
) -> tuple[Select, Mapping[str, object]]:
    """A row more than the page has: whether there is a next one."""
    wanted = {name: getattr(query, name) for name in listing.filters}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    filters = (listing.filters[name] for name in wanted)
    own = () if query.instructor is None else (IN_THIS_OFFERING,)
    where = " and ".join(("tenant = :tenant", *own, *filters, *keyset.conditions))
    sql = f"{listing.sql} where {where} order by {keyset.order_by} limit :limit"
    arguments = {
        **wanted,
        **keyset.arguments,
        "limit": None if query.limit is None else query.limit + 1,
    }
    if query.instructor is not None:
        sql = of_each_own(sql, keyset.order_by)
        arguments["instructor"] = query.instructor
    if listing.counted is not None:
        sql = f"with page as materialized ({sql}), {listing.counted} order by {keyset.order_by}"
    if isinstance(query, TitledQuery):
        arguments["languages"] = tags_of(query.language)
    return Select(listing.rows, sql), arguments


def split(rows: list[R], limit: int | None, keyset: Keyset) -> tuple[list[R], str | None]:
    """The page, of which one row more was read, and the cursor to the next if that has any."""
    if limit is None or len(rows) <= limit:
        return rows, None
    return rows[:limit], keyset.cursor_to(rows[limit - 1])
