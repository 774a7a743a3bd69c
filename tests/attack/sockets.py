"""Connections that keep to no protocol: bytes that are sent as one likes, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

OPENED_AT_ONCE = 100


class Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@asynccontextmanager
async def connections(http: str, count: int, first: bytes = b"") -> AsyncIterator[list[Connection]]:
    """So many, each of which has sent `first`; all are dropped at the end."""
    opened: list[Connection] = []
    try:
        for begin in range(0, count, OPENED_AT_ONCE):
            some = min(OPENED_AT_ONCE, count - begin)
            opened += await asyncio.gather(*(connect(http, first) for _ in range(some)))
        yield opened
    finally:
        for connection in opened:
            connection.writer.transport.abort()


async def connect(http: str, first: bytes) -> Connection:
    address = urlsplit(http)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(first)
    return Connection(reader, writer)


async def closed(opened: Sequence[Connection], within: float) -> int:
    """How many of them the server has closed by then."""

    async def ends(connection: Connection) -> bool:
        try:
            while await connection.reader.read(65_536):
                pass
        except ConnectionError:
            pass
        return True

    tasks = [asyncio.create_task(ends(connection)) for connection in opened]
    done, late = await asyncio.wait(tasks, timeout=within)
    for task in late:
        task.cancel()
    return len(done)


def head(method: str, path: str, *lines: str, end: bool = True) -> bytes:
    text = "\r\n".join([f"{method} {path} HTTP/1.1", "host: milepost", *lines])
    return (text + ("\r\n\r\n" if end else "\r\n")).encode()
