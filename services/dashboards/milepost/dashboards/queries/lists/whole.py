"""A whole list, beyond one page: read from beginning to end at one moment, some rows at a time.

One snapshot of Postgres (`repeatable read`) is one moment: what is written while the list is read
is not in it, and every row is true for the position beside it. The snapshot is let go of when the
list has been read, however slow whoever asked for it is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import asyncpg
import msgspec
from msgspec.structs import replace

from milepost.dashboards.queries.consistent_read import (
    NOT_BUILT,
    REACHED,
    NotVisibleYet,
    await_shown,
)
from milepost.dashboards.queries.lists.listing import Listing, ListQuery, keyset_of, select_of
from milepost.dashboards.queries.own_offerings import models_for
from milepost.dashboards.queries.placeholders import render
from milepost.events.projections.read_model import ReadModel

ROWS_AT_A_TIME: Final = 2_000

R = TypeVar("R")


class Whole(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """`chunks`: the rows, at most `ROWS_AT_A_TIME` at once; to be read within the `async with`."""

    position: int
    as_of: datetime | None
    chunks: AsyncIterator[list[R]]


@asynccontextmanager
async def read_whole(
    pool: asyncpg.Pool,
    tenant: str,
    listing: Listing[R],
    query: ListQuery,
    *,
    awaited: int | None = None,
) -> AsyncIterator[Whole[R]]:
    """The query's `limit` and `cursor` do not matter. Raises `NotVisibleYet`, `BeyondTheLog`."""
    models = models_for(listing.models, query.instructor)
    await await_shown(pool, tenant, models, awaited)
    try:
        async with (
            pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            position, as_of = await _reached(connection, tenant, models)
            chunks = _chunks(connection, tenant, listing, query)
            yield Whole(position=position, as_of=as_of, chunks=chunks)
    except NOT_BUILT as error:
        raise NotVisibleYet(awaited or 0, 0) from error


async def _reached(
    connection: Any, tenant: str, models: tuple[ReadModel, ...]
) -> tuple[int, datetime | None]:
    names = [model.name for model in models]
    text, values = render(REACHED, {"tenant": tenant, "models": names})
    record = await connection.fetchrow(text, *values)
    return record["position"], record["as_of"]


async def _chunks(
    connection: Any, tenant: str, listing: Listing[R], query: ListQuery
) -> AsyncIterator[list[R]]:
    whole = replace(query, cursor=None, limit=None)
    select, arguments = select_of(listing, whole, keyset_of(listing, whole))
    sql = f"select to_json(q)::text from ({select.sql}) q"
    text, values = render(sql, {**arguments, "tenant": tenant})
    cursor = await connection.cursor(text, *values)
    while rows := await cursor.fetch(ROWS_AT_A_TIME):
        yield select.rows.decode(f"[{','.join(row[0] for row in rows)}]")
