"""Event streams that stay open: what they cost beside each other in memory and in queries."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import asyncpg

from milepost.operations.bench.figures import WentWrong

QUERIES = "select sum(xact_commit) from pg_stat_database"


@asynccontextmanager
async def open_streams(
    port: int, requests: Iterable[bytes], begun: bytes
) -> AsyncIterator[Sequence[asyncio.StreamReader]]:
    """One for each request; each has said `begun`. Raises `WentWrong`."""
    opened = []
    try:
        for request in requests:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
            opened.append((reader, writer))
            writer.write(request)
            await read_headers(reader)
            await reader.readuntil(begun)
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.close()


async def read_headers(reader: asyncio.StreamReader) -> dict[str, str]:
    """Raises `WentWrong` unless all is well."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if " 200 " not in f"{status} ":
        problem = await reader.readexactly(int(headers.get("content-length", 0)))
        raise WentWrong(f"{status}: {problem.decode()}")
    return headers


async def queries_per_second(pool: asyncpg.Pool, seconds: float) -> float:
    """Transactions of all who are connected; a statement alone is one."""
    before = await pool.fetchval(QUERIES)
    begin = time.perf_counter()
    await asyncio.sleep(seconds)
    return float(await pool.fetchval(QUERIES) - before) / (time.perf_counter() - begin)


def allow_files(streams: int) -> None:
    """Of this process, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = streams + 512
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
