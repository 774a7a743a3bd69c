"""Brings a database to this version's tables: numbered SQL files, each once, in order."""

from importlib.resources import files

import asyncpg

LOCK = 7_205_759_403_792  # any number, the same everywhere: one migration at a time per database


async def migrate(connection: asyncpg.Connection) -> list[str]:
    """Apply what is missing, each file in a transaction of its own. Returns the names applied."""
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    try:
        return [name for name in await pending(connection) if await _apply(connection, name)]
    finally:
        await connection.execute("select pg_advisory_unlock($1)", LOCK)


async def pending(connection: asyncpg.Connection) -> list[str]:
    """The names of the files that this database has not had yet."""
    applied: set[str] = set()
    if await connection.fetchval("select to_regclass('public.milepost_migrations') is not null"):
        rows = await connection.fetch("select name from public.milepost_migrations")
        applied = {row["name"] for row in rows}
    names = sorted(f.name for f in (files(__package__) / "sql").iterdir())
    return [name for name in names if name.endswith(".sql") and name not in applied]


async def _apply(connection: asyncpg.Connection, name: str) -> bool:
    sql = (files(__package__) / "sql" / name).read_text("utf-8")
    async with connection.transaction():
        await connection.execute(
            "create table if not exists public.milepost_migrations"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        await connection.execute(sql)
        await connection.execute("insert into public.milepost_migrations (name) values ($1)", name)
    return True
