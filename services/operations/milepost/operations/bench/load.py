"""A load of HTTP requests from loopback, bounded in count: the least that can time an answer.

Requests are bytes made beforehand and answers are only counted, so that measuring does not cost
what it measures. Not a client for anything else.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from milepost.operations.bench.figures import percentile

STUCK_SECONDS = 120.0


class Load(msgspec.Struct, frozen=True):
    """`latencies_ms` sorted; `statuses` counts answers by status code."""

    seconds: float
    latencies_ms: list[float]
    statuses: dict[int, int]

    @property
    def per_second(self) -> float:
        return len(self.latencies_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        return round(percentile(self.latencies_ms, percent), 2)


def post(path: str, token: str, body: bytes, host: str = "127.0.0.1") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str, token: str, host: str = "127.0.0.1") -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n".encode()


async def run_load(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send every request once, one at a time per connection. Raises `TimeoutError` when stuck."""
    waiting = iter(requests)
    loop = asyncio.get_running_loop()
    clients = [_Connection(waiting) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    begin = time.perf_counter()
    for client in clients:
        client.send_next()
    await asyncio.wait_for(asyncio.gather(*(c.finished for c in clients)), STUCK_SECONDS)
    seconds = time.perf_counter() - begin
    statuses: dict[int, int] = {}
    for client in clients:
        for status in client.statuses:
            statuses[status] = statuses.get(status, 0) + 1
    latencies = sorted(ms for client in clients for ms in client.latencies_ms)
    return Load(seconds, latencies, statuses)


class _Connection(asyncio.Protocol):
    def __init__(self, waiting: Iterator[bytes]) -> None:
        self._waiting = waiting
        self._answer = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies_ms: list[float] = []
        self.statuses: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by class

    def send_next(self) -> None:
        assert self._transport is not None
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self.latencies_ms.append((time.perf_counter() - self._sent) * 1000)
        self.statuses.append(int(head[9:12]))
        self._answer = b""
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.finished.done():
            return
        if exc:
            self.finished.set_exception(exc)
        else:
            self.finished.set_result(None)


def _content_length(head: bytes) -> int:
    name = b"content-length: "
    start = head.lower().find(name)
    return int(head[start + len(name) :].partition(b"\r\n")[0]) if start >= 0 else 0
