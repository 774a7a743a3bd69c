"""The leaders of a process: each does its work wherever this process holds its name.

    process   ┌ policy/enrollment ┐
              ├ policy/progress   ┤── one connection of the pool ── Postgres: three advisory locks
              └ timer/…           ┘

They share one connection, for there are many of them and a pool has few: with one each, the last
of them would take what requests need. When it is lost, all of them are.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import asyncpg
import structlog

from milepost.events.runtime.leadership import LeaseLost, Leases, Source, lease, leases
from milepost.events.runtime.retry import retry_forever

RETRY_SECONDS = 0.5

_log = structlog.get_logger()


async def lead(
    source: Source,
    name: str,
    work: Callable[[], Coroutine[Any, Any, object]],
    passing: tuple[type[BaseException], ...],
) -> NoReturn:
    """Do `work` wherever this process leads `name`; when something `passing` ends it, again."""

    async def led() -> None:
        async with _lease(source, name) as held:
            _log.info("leads", name=name)
            await held.keep(work())

    await retry_forever(name, led, (LeaseLost, *passing))


def _lease(source: Source, name: str) -> AbstractAsyncContextManager[Leases]:
    if isinstance(source, asyncpg.Pool):
        return shared_lease(source, name)
    return lease(source, name)


class _Shared:
    """A connection and who uses it; closed by the last of them."""

    def __init__(self, opened: AbstractAsyncContextManager[Leases], held: Leases) -> None:
        self.opened, self.held = opened, held
        self.users = 0
        # Asked of Postgres now. The same session would be given a lock twice.
        self.asked: set[str] = set()

    async def acquire(self, name: str) -> bool:
        """Not what another leader of this process holds. Raises `LeaseLost`."""
        if name in self.held.names or name in self.asked:
            return False
        self.asked.add(name)
        try:
            return await self.held.acquire(name)
        finally:
            self.asked.discard(name)


class _Connection:
    """A pool's, for as long as somebody leads or waits to."""

    def __init__(self) -> None:
        self._opening = asyncio.Lock()
        self._shared: _Shared | None = None

    async def enter(self, pool: "asyncpg.Pool[asyncpg.Record]") -> _Shared:
        """Raises what asyncpg raises."""
        async with self._opening:
            if self._shared is None or self._shared.held.lost.is_set():
                opened = leases(pool)
                self._shared = _Shared(opened, await opened.__aenter__())
            self._shared.users += 1
            return self._shared

    async def leave(self, shared: _Shared) -> None:
        shared.users -= 1
        if not shared.users:
            if self._shared is shared:
                self._shared = None
            await shared.opened.__aexit__(None, None, None)


# None holds its pool: else no pool would ever go.
_CONNECTIONS: "WeakKeyDictionary[asyncpg.Pool[asyncpg.Record], _Connection]" = WeakKeyDictionary()


@asynccontextmanager
async def shared_lease(pool: "asyncpg.Pool[asyncpg.Record]", name: str) -> AsyncIterator[Leases]:
    """Wait until this process leads `name`; lead until the block ends, or all of it is lost."""
    connection = _CONNECTIONS.get(pool)
    if connection is None:
        connection = _CONNECTIONS[pool] = _Connection()
    shared = await connection.enter(pool)
    try:
        # Polling, for a statement that waits inside Postgres would hold back vacuum for days.
        while not await shared.acquire(name):  # noqa: ASYNC110
            await asyncio.sleep(RETRY_SECONDS)
        try:
            yield shared.held
        finally:
            await shared.held.release(name)
    finally:
        await connection.leave(shared)
