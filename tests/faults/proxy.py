"""A wire to Postgres that a test may cut at a chosen moment."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

Cut = Literal["request", "answer"]
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


class Wire:
    """`cuts` holds the cuts to come, one per call: a request that never reaches Postgres, or an
    answer withheld after Postgres has committed and said so. None lets a call through.
    """

    def __init__(self, postgres: str) -> None:
        self._parts = urlsplit(postgres)
        self._open: set[Writer] = set()
        self.cuts: deque[Cut | None] = deque()
        self.made = 0
        self._flows = asyncio.Event()
        self._flows.set()

    def dsn(self, port: int) -> str:
        user = self._parts.netloc.rpartition("@")[0]
        netloc = f"{user}@127.0.0.1:{port}"
        return urlunsplit(self._parts._replace(netloc=netloc, query="sslmode=disable"))

    def cut(self) -> None:
        """Every connection, at once; what Postgres is doing for it goes on."""
        for writer in list(self._open):
            writer.transport.abort()

    def fall_silent(self) -> None:
        """As a network that breaks: nothing is closed, nothing arrives."""
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    async def carry(self, client: Reader, to_client: Writer) -> None:
        await self._flows.wait()
        host, port = self._parts.hostname, self._parts.port
        server, to_server = await asyncio.open_connection(host, port)
        self._open |= {to_client, to_server}
        pumps = [
            asyncio.create_task(self._requests(client, to_server)),
            asyncio.create_task(self._answers(server, to_client)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        self._open -= {to_client, to_server}
        to_client.transport.abort()
        to_server.transport.abort()

    async def _requests(self, client: Reader, to_server: Writer) -> None:
        with suppress(OSError):
            while chunk := await client.read(65536):
                await self._flows.wait()
                if self.cuts and self.cuts[0] == "request":
                    self._next()
                    return
                to_server.write(chunk)

    async def _answers(self, server: Reader, to_client: Writer) -> None:
        """Message by message: one byte that says what it is, four with its length."""
        withheld, completed = b"", False
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await server.readexactly(5)
                withheld += head + await server.readexactly(int.from_bytes(head[1:]) - 4)
                # CommandComplete, or PortalSuspended after one row; committed before "Z".
                completed |= head[:1] in b"Cs"
                if completed and head[:1] == b"Z":
                    completed = False
                    if self._next() == "answer":
                        return
                if not completed:
                    to_client.write(withheld)
                    withheld = b""

    def _next(self) -> Cut | None:
        cut = self.cuts.popleft() if self.cuts else None
        self.made += cut is not None
        return cut


@asynccontextmanager
async def wired(postgres: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire, and the address at its near end."""
    wire = Wire(postgres)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    try:
        yield wire, wire.dsn(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        wire.flow()
        wire.cut()
        await server.wait_closed()
