"""Logs that a test can stop, make fail or hold open in the middle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
from tests.eventually import eventually

from milepost.events.log import Command, Log, Recorded, Result
from milepost.events.store.postgres import ROLE, PostgresLog, speak_json_bytes

BLOCKED = """select count(distinct l.pid) from pg_locks l join pg_stat_activity a using (pid)
    where not l.granted and a.datname = current_database()"""


class Elsewhere:
    """A log that lets something happen just before an append reaches it."""

    def __init__(self, log: Log, before: Callable[[int], object]) -> None:
        self.log = log
        self.before = before
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        self.calls += 1
        happening = self.before(self.calls)
        if asyncio.iscoroutine(happening):
            await happening
        return await self.log.append(tenant, commands)


class SlowToRead(Elsewhere):
    """A log that lets something happen just before a stream is read from it, once."""

    def __init__(self, log: Log, stream: str, before: Callable[[], Awaitable[object]]) -> None:
        super().__init__(log, lambda _: None)
        self.stream = stream
        self.before_read = before

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        if stream == self.stream:
            self.stream = ""
            await self.before_read()
        return await self.log.read_stream(tenant, stream, after)


class Held:
    """A writer that has called append and not yet committed."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.pid = connection.get_server_pid()
        # A connection has all that a pool is used for.
        self.log = PostgresLog(cast(asyncpg.Pool, connection))

    async def commit(self) -> None:
        await self.connection.execute("commit")

    async def roll_back(self) -> None:
        await self.connection.execute("rollback")


@asynccontextmanager
async def holding(dsn: str, tenant: str, *commands: Command) -> AsyncIterator[Held]:
    """These commands appended in a transaction that stays open."""
    connection = await asyncpg.connect(dsn, server_settings={"role": ROLE})
    await speak_json_bytes(connection)
    await connection.execute("begin")
    held = Held(connection)
    try:
        if commands:
            await held.log.append(tenant, commands)
        yield held
    finally:
        await connection.close(timeout=5)


async def blocked(pool: asyncpg.Pool, writers: int, *tasks: asyncio.Task[Any]) -> None:
    """Wait until so many sessions of this database wait for a lock, or the tasks are done."""

    async def holds() -> bool:
        done = bool(tasks) and all(task.done() for task in tasks)
        return done or await pool.fetchval(BLOCKED) == writers

    await eventually(holds)
