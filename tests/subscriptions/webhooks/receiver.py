"""An endpoint on this machine: it hears what is sent to it, and answers as it was told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

SECONDS = 30


class Message(NamedTuple):
    """Header names in small letters."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


Answer = Callable[[Message], Reply]


def willing(message: Message) -> Reply:
    """What a receiver does that wants to be delivered to."""
    data = message.event["data"]
    return Reply(body=data["challenge"].encode()) if "challenge" in data else Reply(204)


class Receiver:
    def __init__(self, answer: Answer = willing) -> None:
        self.answer = answer
        self.heard: list[Message] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                message = await _read(reader)
                self.heard.append(message)
                writer.write(_written(self.answer(message)))
                await writer.drain()
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Message:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
    headers = {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    return Message(headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def _written(reply: Reply) -> bytes:
    headers = {"Content-Length": str(len(reply.body)), "Connection": "close", **reply.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} -\r\n{lines}\r\n".encode() + reply.body


@asynccontextmanager
async def receiving(answer: Answer = willing) -> AsyncIterator[Receiver]:
    async with listening(Receiver(answer)) as receiver:
        yield receiver


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
