"""Reads from read models: rows, and the position and time that they are true for, at one moment.

A reader who has just written names the position to be seen; the read waits for it, briefly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.events.event import Invalid
from milepost.events.projections.read_model import ReadModel
from milepost.events.runtime.backoff import Backoff
from milepost.events.store.batcher import Batcher
from milepost.web.problems import Problem, RequestFault

WAIT_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.02

# Where the slowest of the models named in $2 stands in the log of the tenant $1.
STANDS = """select min(coalesce(p.position, 0)) as position, min(p.recorded_at) as as_of
    from unnest($2::text[]) as asked(name)
    left join dashboards.generations g on g.name = asked.name and g.status = 'live'
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = $1"""
HEAD = "select head from log.heads where tenant = $1"
# No projector has ever run, or none of this version: it builds what is missing.
NOT_BUILT = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)


@dataclass
class BeyondTheLog(Invalid):
    """The position that is awaited has not been given out yet: take it from a command's answer."""

    awaited: int
    head: int


class NotVisibleYet(RequestFault):
    """The read models have not come as far as was asked for, or do not stand yet."""

    def __init__(self, awaited: int, position: int) -> None:
        super().__init__(awaited, position)
        self.awaited = awaited
        self.position = position

    def problem(self) -> Problem:
        return Problem(
            status=503,
            name="not_visible_yet",
            title="Not visible yet",
            detail=f"Position {self.awaited} is awaited; {self.position} is reached. Try again.",
            facts={"awaited": self.awaited, "position": self.position},
            headers={"Retry-After": "1", "Milepost-Position": str(self.position)},
        )


class Seen(msgspec.Struct, frozen=True):
    """`rows`: one list per query. `as_of`: when the log took the event at `position`.

    `etag` is that of the rows alone.
    """

    position: int
    as_of: datetime | None
    rows: tuple[list[Any], ...]
    etag: str


class Query(msgspec.Struct, frozen=True):
    """`sql` selects columns named as the fields of `rows`; $1 is the tenant, arguments from $3."""

    rows: Decoder[list[Any]]
    sql: str


async def read(
    pool: asyncpg.Pool,
    tenant: str,
    models: Sequence[ReadModel],
    queries: Sequence[Query],
    *arguments: object,
    awaited: int | None = None,
) -> Seen:
    """One statement, hence one moment. Raises `NotVisibleYet`, `BeyondTheLog`."""
    names = [model.name for model in models]
    if awaited is not None:
        await _wait(pool, tenant, names, awaited)
    try:
        record = await pool.fetchrow(statement(queries), tenant, names, *arguments)
    except NOT_BUILT as error:
        raise NotVisibleYet(awaited or 0, 0) from error
    assert record is not None, "an aggregate always answers"
    return _seen(queries, *record)


class ByKey:
    """Reads of what one key has, the only argument: readers who wait share a statement."""

    def __init__(
        self, pool: asyncpg.Pool, models: Sequence[ReadModel], queries: Sequence[Query]
    ) -> None:
        self._pool = pool
        self._names = [model.name for model in models]
        self._queries = queries
        self._statement = _statement_for_keys(queries)
        self._gathered = Batcher(self._fetch)

    async def read(self, tenant: str, key: str, *, awaited: int | None = None) -> Seen:
        """Raises `NotVisibleYet`, `BeyondTheLog`."""
        if awaited is not None:
            await _wait(self._pool, tenant, self._names, awaited)
        try:
            record = await self._gathered.load(tenant, key)
        except NOT_BUILT as error:
            raise NotVisibleYet(awaited or 0, 0) from error
        return _seen(self._queries, *record)

    async def _fetch(self, tenant: str, keys: Sequence[str]) -> list[asyncpg.Record]:
        """As they come: a row that cannot be decoded is its own reader's alone."""
        return await self._pool.fetch(self._statement, tenant, self._names, keys)


def statement(queries: Sequence[Query]) -> str:
    return f"select position, as_of{_lists(queries)} from ({STANDS}) stands"


def _statement_for_keys(queries: Sequence[Query]) -> str:
    """For each of the keys in $3, in their order."""
    lists = _lists(queries).replace("$3", "asked.key")
    return f"""select position, as_of{lists} from ({STANDS}) stands
        cross join unnest($3::text[]) with ordinality as asked(key, number) order by number"""


def _lists(queries: Sequence[Query]) -> str:
    return "".join(f", array(select to_json(q) from ({query.sql}) q)::text[]" for query in queries)


def _seen(
    queries: Sequence[Query], position: int, as_of: datetime | None, *lists: list[str]
) -> Seen:
    rows = (_rows(query, texts) for query, texts in zip(queries, lists, strict=True))
    return Seen(position, as_of, tuple(rows), _etag(lists))


async def _wait(pool: asyncpg.Pool, tenant: str, names: list[str], awaited: int) -> None:
    backoff = Backoff(
        FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, factor=1.5, deadline_seconds=WAIT_SECONDS
    )
    head = 0
    while (reached := await pool.fetchval(STANDS, tenant, names)) < awaited:
        if head < awaited and (head := await pool.fetchval(HEAD, tenant) or 0) < awaited:
            raise BeyondTheLog(awaited, head)
        if not await backoff.pause():
            raise NotVisibleYet(awaited, reached)


def _etag(lists: Sequence[list[str]]) -> str:
    digest = blake2b(digest_size=12)
    for texts in lists:
        digest.update(f"[{','.join(texts)}]".encode())
    return f'"{digest.hexdigest()}"'


def _rows(query: Query, texts: list[str]) -> list[Any]:
    return query.rows.decode(f"[{','.join(texts)}]")
