"""How many connections of a pool one tenant's requests may hold at once: a part, never all.

    pool      [north][north][east][     ][     ]     who asks for no tenant in particular
    share      two of five at most                   (leases, relay, projector) has no bound
    waiting    north, for a connection of its own share

So whose queries are slow waits for itself. The tenant is that of `TENANT`, which the edge sets for
each request and tasks take along: no query can forget to say whose it is.
"""

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import asyncpg
from asyncpg.pool import PoolAcquireContext

SHARE = 0.4
WAIT_SECONDS = 10.0

TENANT: ContextVar[str | None] = ContextVar("tenant", default=None)

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Acquiring = PoolAcquireContext[asyncpg.Record]
else:
    Pool, Acquiring = asyncpg.Pool, PoolAcquireContext


class SharedPool(Pool):
    """As asyncpg's. Waiting for the share raises `TimeoutError` in the end."""

    def __init__(self, *arguments: Any, max_size: int, **options: Any) -> None:
        super().__init__(*arguments, max_size=max_size, **options)
        self._each = max(1, int(max_size * SHARE))
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def acquire(self, *, timeout: float | None = None) -> Acquiring:
        tenant = TENANT.get()
        if tenant is None:
            return super().acquire(timeout=timeout)
        share = self._shares.get(tenant)
        if share is None:
            share = self._shares[tenant] = asyncio.Semaphore(self._each)
        return _Share(self, timeout, share)


class _Share(Acquiring):
    __slots__ = ("_share",)

    def __init__(self, pool: Pool, timeout: float | None, share: asyncio.Semaphore) -> None:
        super().__init__(pool, timeout)
        self._share = share

    async def __aenter__(self) -> Any:
        if self._share.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._share.acquire()
        else:
            await self._share.acquire()
        try:
            return await super().__aenter__()
        except BaseException:
            self._share.release()
            raise

    async def __aexit__(self, *error: object) -> None:
        try:
            await super().__aexit__(*error)
        finally:
            self._share.release()
