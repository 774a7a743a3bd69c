"""An endpoint on this machine, which answers as a test likes, and knows what it was told."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec
from tests.eventually import eventually

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILS = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"


class Told(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def position(self) -> int:
        return int(msgspec.json.decode(self.body)["position"])


Answer = Callable[[Told, asyncio.StreamWriter], Awaitable[bytes]]


class Receiver:
    """`answers` by path; b"" closes the connection."""

    def __init__(self) -> None:
        self.port = 0
        self.told: list[Told] = []
        self.connections = 0
        self.answers: dict[str, bytes | Answer] = defaultdict(lambda: OK)
        self.seconds = 0.0

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Told]:
        return [one for one in self.told if one.path == path]

    async def was_told(self, times: int) -> None:
        """Until it was."""
        await eventually(lambda: len(self.told) >= times)
        assert len(self.told) == times

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (told := await _request(reader)) is not None:
                self.told.append(told)
                answer = self.answers[told.path]
                await asyncio.sleep(self.seconds)
                sent = answer if isinstance(answer, bytes) else await answer(told, writer)
                if not sent:
                    break
                writer.write(sent)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Told | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.splitlines()
    headers = {k.lower(): v.strip() for k, _, v in (one.partition(":") for one in lines) if k}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Told(first.split(" ")[1], headers, body)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
