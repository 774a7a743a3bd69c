"""A webhook's endpoint that costs as little as it can, and a bare client that calls it."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import httpx2
import msgspec

from milepost.events.runtime.event_loop import run
from milepost.operations.bench.figures import WentWrong

AT_ONCE: Final = 16
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Receiver:
    """`arrived`: when each position came first, by `perf_counter`. `bodies`: their bytes."""

    def __init__(self) -> None:
        self.port = 0
        self.arrived: dict[int, float] = {}
        self.calls = 0
        self.body = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def reply_to(self, body: bytes) -> bytes:
        """The answer to it."""
        self.calls += 1
        position = body.partition(b'"position":"')[2].partition(b'"')[0]
        if position:
            self.arrived.setdefault(int(position), time.perf_counter())
            self.body = body
            return OK
        challenge = msgspec.json.decode(body)["data"]["challenge"].encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(challenge), challenge)


class _Connection(asyncio.Protocol):
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._bytes = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are none of asyncio

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        head, _, rest = self._bytes.partition(b"\r\n\r\n")
        found = head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
        if found and len(rest) >= int(found) and self._transport is not None:
            self._bytes = rest[int(found) :]
            self._transport.write(self._receiver.reply_to(rest[: int(found)]))


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(receiver), "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


async def bare_calls_per_second(url: str, body: bytes, calls: int) -> float:
    """By an HTTP client in a process of its own, as Milepost is one. Raises `WentWrong`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, url, str(calls)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(body)
    if process.returncode:
        raise WentWrong(f"the bare client ended with {process.returncode}")
    return float(said)


async def _call(url: str, body: bytes, calls: int) -> float:
    limits = httpx2.Limits(max_connections=AT_ONCE)
    left = iter(range(calls))
    async with httpx2.AsyncClient(trust_env=False, limits=limits) as client:

        async def some() -> None:
            for _ in left:
                answer = await client.post(url, content=body)
                answer.raise_for_status()

        begin = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
        return calls / (time.perf_counter() - begin)


def main() -> None:
    body = sys.stdin.buffer.read()
    sys.stdout.write(f"{run(_call(sys.argv[1], body, int(sys.argv[2])))}")


if __name__ == "__main__":
    main()
