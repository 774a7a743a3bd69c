"""A read model's table in Postgres: its definition, and one statement each to load and to write."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

import asyncpg
import msgspec

from milepost.events.projections.read_model import Column, Key, Table

R = TypeVar("R", bound=msgspec.Struct)
Connection: TypeAlias = "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy"

# What Postgres refuses to hold; what asyncpg cannot encode is a ValueError of its own.
UNSTORABLE = (asyncpg.DataError, ValueError)
LONG_SECONDS = 3600
TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "bigint": (int,),
    "double precision": (int, float),
    "boolean": (bool,),
    "timestamptz": (datetime,),
}


class PgTable(Generic[R]):
    """`table` as it stands in Postgres under `name`."""

    def __init__(self, name: str, table: Table[R]) -> None:
        self.name = name
        self.table = table
        self._columns = table.columns
        self._load = _load(name, table, self._columns)
        self._write = _write(name, table, self._columns)

    async def create(self, connection: Connection) -> None:
        columns = ", ".join(
            f"{column.name} {column.pg_type}{' not null' if column.required else ''}"
            for column in self._columns
        )
        key = ", ".join(("tenant", *self.table.key))
        # Rows are rewritten often: the free space keeps that within a page (HOT).
        await connection.execute(
            f'create table {self.name} (tenant text collate "C" not null, {columns},'
            f" primary key ({key})) with (fillfactor = 80)"
        )

    async def index(self, connection: Connection) -> None:
        """What queries look up by, once the bulk of the rows is there. Repeating does nothing."""
        for number, index in enumerate(self.table.indexes, 1):
            bare = self.name.partition(".")[2]
            await connection.execute(
                f"create index if not exists {bare}_{number} on {self.name} (tenant, {index})",
                timeout=LONG_SECONDS,
            )
        # Told by `milepost projections list`: from now on nothing is missing but a decision.
        await connection.execute(f"comment on table {self.name} is 'built'")

    def unfit(self, row: R) -> str | None:
        """The name of a column whose value Postgres could not take."""
        names = (c.name for c in self._columns if not _fits(c, getattr(row, c.name)))
        return next(names, None)

    async def load(self, pool: asyncpg.Pool, tenant: str, keys: Collection[Key]) -> dict[Key, R]:
        width = len(self.table.key)
        records = await pool.fetch(
            self._load, tenant, *(list(part) for part in zip(*keys, strict=True))
        )
        return {tuple(record)[:width]: self.table.row(*record) for record in records}

    async def write(self, connection: Connection, tenant: str, rows: Iterable[R]) -> None:
        """One statement, in the order of the key, so that two writers cannot deadlock."""
        ordered = sorted(rows, key=attrgetter(*self.table.key))
        arrays = ([getattr(row, column.name) for row in ordered] for column in self._columns)
        await connection.execute(self._write, tenant, *arrays)


def differing(old: str, new: str, table: Table[Any]) -> tuple[str, str]:
    """Make the rows of tenant $1 in `old` those in `new`, by two statements that write little."""
    same_key = " and ".join(f"o.{column} = n.{column}" for column in ("tenant", *table.key))
    remove = (
        f"delete from {old} o where o.tenant = $1 and not exists ("
        f" select from {new} n where {same_key} and n.* is not distinct from o.*)"
    )
    insert = (
        f"insert into {old} select n.* from {new} n where n.tenant = $1"
        f" and not exists (select from {old} o where {same_key})"
    )
    return remove, insert


def _load(name: str, table: Table[Any], columns: tuple[Column, ...]) -> str:
    wanted = ", ".join(f"${number}::text[]" for number in range(2, len(table.key) + 2))
    matches = " and ".join(f"t.{column} = wanted.{column}" for column in table.key)
    return (
        f"select {', '.join(f't.{column.name}' for column in columns)}"
        f" from unnest({wanted}) as wanted({', '.join(table.key)})"
        f" join {name} t on t.tenant = $1 and {matches}"
    )


def _write(name: str, table: Table[Any], columns: tuple[Column, ...]) -> str:
    names = ", ".join(column.name for column in columns)
    arrays = ", ".join(f"${n}::{_plain(column)}[]" for n, column in enumerate(columns, start=2))
    changes = ", ".join(
        f"{column.name} = {_met(table, column)}"
        for column in columns
        if column.name not in table.key
    )
    return (
        f"insert into {name} as old (tenant, {names})"
        f" select $1, new.* from unnest({arrays}) as new({names})"
        f" on conflict (tenant, {', '.join(table.key)}) do update set {changes}"
    )


def _met(table: Table[Any], column: Column) -> str:
    """What stands in a column when a row is there already."""
    if table.key_of is not None:
        return f"excluded.{column.name}"
    if column.adds:
        return f"old.{column.name} + excluded.{column.name}"
    return f"coalesce(excluded.{column.name}, old.{column.name})"


def _plain(column: Column) -> str:
    return column.pg_type.partition(" collate")[0]


def _fits(column: Column, value: object) -> bool:
    if value is None:
        return not column.required
    if not isinstance(value, TYPES[_plain(column)]):
        return False
    match value:
        case str():
            return _encodes(value)
        case int():
            return -(2**63) <= value < 2**63
        case _:
            return True


def _encodes(text: str) -> bool:
    """Postgres has neither NUL nor halves of characters."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
