"""The pictures of each school: a table, of which nothing is ever changed."""

import asyncio
import re
from typing import Final

import asyncpg

from milepost.credentials.domain.refusals import TooManyImages
from milepost.credentials.images.raster import Raster, raster_of
from milepost.events.log import TENANT_PATTERN
from milepost.events.runtime.outages import Overloaded

# With `MAX_BYTES` each a school has a gigabyte at most.
MAX_IMAGES: Final = 500
MAX_WAITING: Final = 8
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TENANT: Final = re.compile(TENANT_PATTERN)

# Of two uploads of a school one waits: neither counts without the other.
LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('credentials.images/' || $1, 0))"
COUNT: Final = "select count(*) from credentials.images where tenant = $1 and digest <> $2"
ADD: Final = """insert into credentials.images (tenant, digest, png) values ($1, $2, $3)
    on conflict do nothing"""
READ: Final = "select png from credentials.images where tenant = $1 and digest = $2"
KNOWN: Final = "select exists (select from credentials.images where tenant = $1 and digest = $2)"


class Images:
    def __init__(self, pool: asyncpg.Pool, *, most: int = MAX_IMAGES) -> None:
        self._pool = pool
        self._most = most
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def raster(self, data: bytes) -> Raster:
        """In a thread, one at a time. Raises `ImageRefused`, `Overloaded`."""
        if self._waiting >= MAX_WAITING:
            raise Overloaded
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(raster_of, data)
        finally:
            self._waiting -= 1

    async def keep(self, tenant: str, digest: str, png: bytes) -> None:
        """Once; again is nothing to do. Raises `TooManyImages`."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK, tenant)
            if await connection.fetchval(COUNT, tenant, digest) >= self._most:
                raise TooManyImages(self._most)
            await connection.execute(ADD, tenant, digest, png)

    async def read(self, tenant: str, digest: str) -> bytes | None:
        """The PNG; None: there is none."""
        if not (_TENANT.fullmatch(tenant) and _DIGEST.fullmatch(digest)):
            return None
        png: bytes | None = await self._pool.fetchval(READ, tenant, digest)
        return png

    async def knows(self, tenant: str, digest: str) -> bool:
        return bool(await self._pool.fetchval(KNOWN, tenant, digest))
