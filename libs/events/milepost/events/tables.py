"""A read model's table in Postgres: its definition, and one statement each to load and to write."""

from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

import asyncpg
import msgspec

from milepost.events.projection import Column, Key, Table

R = TypeVar("R", bound=msgspec.Struct)
Connection: TypeAlias = "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy"


class Shape(Generic[R]):
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
        for index in self.table.indexes:
            await connection.execute(f"create index on {self.name} (tenant, {index})")

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
