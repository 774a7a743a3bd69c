"""Reads from read models: rows, and the position and time that they are true for, at one moment.

    reader ── awaited position? ──> wait until the slowest model has reached it (5 s at most)
           ── one statement ──────> position, as_of, and the rows of each select, as JSON

One statement is one moment: no row is newer or older than the position beside it. A reader who
has just written names the position to be seen. Nothing in here knows HTTP: routes, pages and
reports call the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.queries.placeholders import render, replace
from milepost.events.log import BeyondTheLog
from milepost.events.projections.read_model import ReadModel
from milepost.events.runtime.backoff import Backoff
from milepost.events.store.batcher import Batcher

WAIT_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.02

# How far the slowest of :models has come in the log of :tenant.
REACHED = """select min(coalesce(p.position, 0)) as position, min(p.recorded_at) as as_of
    from unnest(:models::text[]) as model(name)
    left join dashboards.generations g on g.name = model.name and g.status = 'live'
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = :tenant"""
HEAD = "select head from log.heads where tenant = :tenant"
# No projector has ever run, or none of this version: it builds what is missing.
NOT_BUILT = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)


class NotVisibleYet(Exception):
    """The read models have not reached the awaited position, or are not built yet."""

    def __init__(self, awaited: int, position: int) -> None:
        super().__init__(awaited, position)
        self.awaited = awaited
        self.position = position


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What was read at one moment. `as_of`: when the log took the event at `position`.

    `etag` is that of the rows alone: it stays while the position goes on without them.
    """

    position: int
    as_of: datetime | None
    etag: str


class ResultSets(Snapshot, frozen=True, kw_only=True):
    """`rows`: one list per select."""

    rows: tuple[list[Any], ...]


class Select(msgspec.Struct, frozen=True):
    """`sql` selects columns named as the fields of `rows`; `:tenant` is always there."""

    rows: Decoder[list[Any]]
    sql: str


async def read(
    pool: asyncpg.Pool,
    tenant: str,
    models: Sequence[ReadModel],
    selects: Sequence[Select],
    arguments: Mapping[str, object] = {},
    *,
    awaited: int | None = None,
) -> ResultSets:
    """One statement, hence one moment. Raises `NotVisibleYet`, `BeyondTheLog`."""
    await await_shown(pool, tenant, models, awaited)
    bound = {**arguments, "tenant": tenant, "models": names_of(models)}
    text, values = render(statement(selects), bound)
    try:
        record = await pool.fetchrow(text, *values)
    except NOT_BUILT as error:
        raise NotVisibleYet(awaited or 0, 0) from error
    assert record is not None, "an aggregate always answers"
    return _result_sets(selects, *record)


class ByKey:
    """Reads of what one key has, the only argument: readers who wait share a statement.

    `key` is the argument's name in the selects.
    """

    def __init__(
        self, pool: asyncpg.Pool, models: Sequence[ReadModel], selects: Sequence[Select], key: str
    ) -> None:
        self._pool = pool
        self._models = names_of(models)
        self._selects = selects
        self._statement = statement_for_keys(selects, key)
        self._batcher = Batcher(self._fetch)

    async def read(self, tenant: str, key: str, *, awaited: int | None = None) -> ResultSets:
        """Raises `NotVisibleYet`, `BeyondTheLog`."""
        if awaited is not None:
            await _wait(self._pool, tenant, self._models, awaited)
        try:
            record = await self._batcher.load(tenant, key)
        except NOT_BUILT as error:
            raise NotVisibleYet(awaited or 0, 0) from error
        return _result_sets(self._selects, *record)

    async def _fetch(self, tenant: str, keys: Sequence[str]) -> list[asyncpg.Record]:
        """As they come: a row that cannot be decoded is its own reader's alone."""
        bound = {"tenant": tenant, "models": self._models, "keys": keys}
        text, values = render(self._statement, bound)
        return await self._pool.fetch(text, *values)


async def reached_position(pool: asyncpg.Pool, tenant: str, models: Sequence[str]) -> int:
    """Up to where the read models of these names show the tenant's log."""
    text, values = render(REACHED, {"tenant": tenant, "models": models})
    position: int = await pool.fetchval(text, *values)
    return position


def statement(selects: Sequence[Select]) -> str:
    """Position, as_of, and a list of JSON rows per select; with named placeholders."""
    return f"select position, as_of{_json_lists(selects)} from ({REACHED}) reached"


def statement_for_keys(selects: Sequence[Select], key: str) -> str:
    """The same for each of `:keys`, in their order."""
    of_each = [Select(one.rows, replace(one.sql, {key: "requested.key"})) for one in selects]
    return f"""{statement(of_each)}
        cross join unnest(:keys::text[]) with ordinality as requested(key, number)
        order by number"""


def names_of(models: Sequence[ReadModel]) -> list[str]:
    return [model.name for model in models]


def _json_lists(selects: Sequence[Select]) -> str:
    return "".join(f", array(select to_json(q) from ({one.sql}) q)::text[]" for one in selects)


def _result_sets(
    selects: Sequence[Select], position: int, as_of: datetime | None, *lists: list[str]
) -> ResultSets:
    rows = tuple(_rows(select, texts) for select, texts in zip(selects, lists, strict=True))
    return ResultSets(position=position, as_of=as_of, etag=_etag(lists), rows=rows)


async def shows(
    pool: asyncpg.Pool, tenant: str, models: Sequence[ReadModel], position: int, seconds: float
) -> bool:
    """Whether, after at most so many seconds, all of these show a position that the log has."""
    backoff, names = _backoff(seconds), names_of(models)
    try:
        while await reached_position(pool, tenant, names) < position:
            if not await backoff.pause():
                return False
    except NOT_BUILT:
        return False
    return True


def _backoff(seconds: float) -> Backoff:
    return Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, factor=1.5, deadline_seconds=seconds)


async def await_shown(
    pool: asyncpg.Pool, tenant: str, models: Sequence[ReadModel], awaited: int | None
) -> None:
    """Return when all of these show the position; at once for None. Raises `NotVisibleYet`,
    `BeyondTheLog`.
    """
    if awaited is not None:
        await _wait(pool, tenant, names_of(models), awaited)


async def _wait(pool: asyncpg.Pool, tenant: str, models: Sequence[str], awaited: int) -> None:
    backoff, head = _backoff(WAIT_SECONDS), 0
    while (reached := await reached_position(pool, tenant, models)) < awaited:
        if head < awaited and (head := await _head(pool, tenant)) < awaited:
            raise BeyondTheLog(awaited, head)
        if not await backoff.pause():
            raise NotVisibleYet(awaited, reached)


async def _head(pool: asyncpg.Pool, tenant: str) -> int:
    text, values = render(HEAD, {"tenant": tenant})
    return await pool.fetchval(text, *values) or 0


def _etag(lists: Sequence[list[str]]) -> str:
    digest = blake2b(digest_size=12)
    for texts in lists:
        digest.update(f"[{','.join(texts)}]".encode())
    return f'"{digest.hexdigest()}"'


def etag_of(content: object) -> str:
    """Of what was made of rows, and of the time of day, say."""
    return f'"{blake2b(msgspec.json.encode(content), digest_size=12).hexdigest()}"'


def _rows(select: Select, texts: list[str]) -> list[Any]:
    return select.rows.decode(f"[{','.join(texts)}]")
