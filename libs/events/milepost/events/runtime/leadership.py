"""Who leads: one holder per name and database, by a Postgres advisory lock.

    process A   acquire ═══ leads, heartbeat every 5 s ═══ ✗ connection lost: `LeaseLost`
    process B   try … try … every 0.5 s ………………………………………………… acquire ═══ leads
    Postgres    the lock belongs to A's session, and goes with it: at once when the process ends,
                within 25 s when its machine or network is gone (TCP keepalives)

A lease spares doubled work; it does not fence. For some seconds A may still believe that it leads.
What a leader writes must be safe all the same when a second one writes at once: by an expected
position (checkpoints, read models), by an expected sequence (the relay), by the ids of commands.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias, TypeVar

import asyncpg
from prometheus_client import Gauge

from milepost.events.errors import EventsError
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import UNAVAILABLE

T = TypeVar("T")
Source: TypeAlias = "str | asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

# So that the server lets go within 25 seconds of a leader whose machine is gone.
KEEPALIVES = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
# A server that says nothing for so long is gone: these statements wait for nobody.
ANSWER_SECONDS = 5.0
GONE: tuple[type[BaseException], ...] = (*UNAVAILABLE, asyncpg.PostgresError)

TRY_LOCK = "select pg_try_advisory_lock(hashtextextended($1, 0))"
UNLOCK = "select pg_advisory_unlock(hashtextextended($1, 0))"

LEADS = Gauge("milepost_leads", "1 in the process that leads, 0 in those that wait", ["name"])


class LeaseLost(EventsError):
    """The connection that held the lock is gone: another process may lead by now."""


class Leases:
    """The names that this process leads, all on one connection, until `lost` is set.

    `keep` is the short way to stop when that happens.
    """

    def __init__(self, connection: Connection) -> None:
        self.names: set[str] = set()
        self.lost = asyncio.Event()
        self._connection = connection
        # One statement at a time: names are acquired while the heart beats.
        self._in_use = asyncio.Lock()

    async def acquire(self, name: str) -> bool:
        """Lead `name` from now on, unless somebody else does.

        Raises `LeaseLost`, what asyncpg raises. Whoever is stopped meanwhile does not know whether
        the lock was taken, so all is given up: the lock goes with the connection.
        """
        if self.lost.is_set():
            raise LeaseLost(name)
        if name in self.names:
            return True
        try:
            async with self._in_use:
                acquired: bool = await self._connection.fetchval(
                    TRY_LOCK, name, timeout=ANSWER_SECONDS
                )
        except BaseException:
            self.lost.set()
            raise
        if acquired:
            self.names.add(name)
            LEADS.labels(name).set(1)
        return acquired

    async def wait(self, name: str, *, retry_seconds: float = 0.5) -> None:
        # Polling, for a statement that waits inside Postgres would hold back vacuum for days.
        while not await self.acquire(name):  # noqa: ASYNC110
            await asyncio.sleep(retry_seconds)

    async def keep(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work`, canceled when the connection is lost. Raises `LeaseLost`."""
        working = asyncio.create_task(work)
        losing = asyncio.create_task(self.lost.wait())
        try:
            await asyncio.wait((working, losing), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise LeaseLost(", ".join(sorted(self.names)))
        finally:
            await cancel_and_wait(losing, working)

    async def heartbeat(self, every_seconds: float) -> None:
        """Ask now and then: a dead network closes no socket, so nothing would tell us."""
        self._connection.add_termination_listener(self._lose)
        try:
            while not self._connection.is_closed():
                await asyncio.sleep(every_seconds)
                async with self._in_use:
                    await self._connection.execute("select 1", timeout=every_seconds)
        except GONE:
            self.lost.set()
        finally:
            if not self._connection.is_closed():
                self._connection.remove_termination_listener(self._lose)

    async def release(self, *names: str) -> None:
        """These; all, if none is named."""
        released = self.names.intersection(names) if names else set(self.names)
        self.names -= released
        for name in released:
            LEADS.labels(name).set(0)
        try:
            async with self._in_use:
                for name in released:
                    await self._connection.execute(UNLOCK, name, timeout=ANSWER_SECONDS)
        except BaseException as error:
            self.lost.set()  # what is still locked goes with the connection
            if not isinstance(error, GONE):
                raise

    def _lose(self, _: object) -> None:
        self.lost.set()


@asynccontextmanager
async def leases(source: Source, *, heartbeat_seconds: float = 5.0) -> AsyncIterator[Leases]:
    """Lead whatever is acquired until the block ends.

    Given a pool, one of its connections is kept for that time.
    Raises what asyncpg raises when the database cannot be reached.
    """
    async with _dedicated(source) as connection:
        held = Leases(connection)
        heart = asyncio.create_task(held.heartbeat(heartbeat_seconds))
        try:
            yield held
        finally:
            await cancel_and_wait(heart)
            await held.release()


@asynccontextmanager
async def lease(
    source: Source, name: str, *, retry_seconds: float = 0.5, heartbeat_seconds: float = 5.0
) -> AsyncIterator[Leases]:
    """Wait until this process leads `name`; lead until the block ends. Else as `leases`."""
    async with leases(source, heartbeat_seconds=heartbeat_seconds) as held:
        await held.wait(name, retry_seconds=retry_seconds)
        yield held


@asynccontextmanager
async def _dedicated(source: Source) -> AsyncIterator[Connection]:
    if isinstance(source, asyncpg.Pool):
        async with source.acquire() as pooled, _closed(pooled):
            yield pooled
        return
    own = await asyncpg.connect(source, timeout=10, server_settings=KEEPALIVES)
    async with _closed(own):
        yield own


@asynccontextmanager
async def _closed(connection: Connection) -> AsyncIterator[None]:
    """What is gone holds no lock; what is not must not keep it."""
    try:
        yield
    finally:
        with suppress(*GONE):
            await connection.close(timeout=ANSWER_SECONDS)
