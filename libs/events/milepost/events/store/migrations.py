"""Brings a database to this version's tables: numbered SQL files, each once, in order.

The log's own files come first. A room with tables of its own keeps them in its package's `sql/`,
and whoever wires the rooms together names those packages: this one knows none of them.
"""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

import asyncpg
import msgspec

LOCK = 7_205_759_403_792  # any number, the same everywhere: one migration at a time per database


class _File(msgspec.Struct, frozen=True):
    """`name` is what the database remembers: `0001_log.sql`, a room's `enrollment/0001_x.sql`."""

    name: str
    path: Traversable


async def migrate(connection: asyncpg.Connection, rooms: Sequence[str] = ()) -> list[str]:
    """Apply what is missing, each file in a transaction of its own. Returns the names applied.

    `rooms` are packages, `milepost.enrollment`, in the order in which their files are applied.
    """
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    try:
        missing = await _missing(connection, rooms)
        for file in missing:
            await _apply(connection, file)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", LOCK)
    return [file.name for file in missing]


async def pending(connection: asyncpg.Connection, rooms: Sequence[str] = ()) -> list[str]:
    """The names of the files that this database has not had yet."""
    return [file.name for file in await _missing(connection, rooms)]


async def _missing(connection: asyncpg.Connection, rooms: Sequence[str]) -> list[_File]:
    applied: set[str] = set()
    if await connection.fetchval("select to_regclass('public.milepost_migrations') is not null"):
        rows = await connection.fetch("select name from public.milepost_migrations")
        applied = {row["name"] for row in rows}
    return [file for file in _files(rooms) if file.name not in applied]


def _files(rooms: Sequence[str]) -> Iterator[_File]:
    yield from _numbered("", __package__)
    for room in rooms:
        yield from _numbered(f"{room.rpartition('.')[2]}/", room)


def _numbered(prefix: str, package: str) -> Iterator[_File]:
    for path in sorted((files(package) / "sql").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".sql"):
            yield _File(prefix + path.name, path)


async def _apply(connection: asyncpg.Connection, file: _File) -> None:
    async with connection.transaction():
        await connection.execute(
            "create table if not exists public.milepost_migrations"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        await connection.execute(file.path.read_text("utf-8"))
        await connection.execute(
            "insert into public.milepost_migrations (name) values ($1)", file.name
        )
