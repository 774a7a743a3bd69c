"""The request as this process reads it: whole, bounded, and without a detour."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.types import Receive, Scope

from milepost.web.problems import BodyTooLarge, Malformed, RequestFault

DISCARDED_BYTES = 64 * 1024 * 1024
DISCARDED_SECONDS = 5.0
# Each part costs about 8 us, of however few bytes it is. A bulk file may come row by row.
PARTS_AT_LEAST = 16_384
BYTES_PER_PART = 256
IN_CRUMBS = "The body comes in too many small parts: send larger ones."


class Received(Request[Any, Any, State]):
    """Litestar's own `body()` goes through an async generator, which took 15 us a request."""

    async def body(self) -> bytes:
        """Raises `BodyTooLarge`, before reading more than is accepted."""
        state = self.scope["state"]
        body: bytes | None = state.get("body")
        if body is None:
            body = state["body"] = await self._read()
        return body

    @asynccontextmanager
    async def parts(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """The body as it comes, for a route that does not hold it.

        Reading raises `BodyTooLarge` when more comes than is accepted, `Malformed` when it breaks
        off. What has not been read on leaving is taken off the wire.
        """
        more = True

        async def read() -> AsyncIterator[bytes]:
            nonlocal more
            limit = self._limit()
            count = _Count(limit)
            if self._announced() > limit:
                raise BodyTooLarge(limit)
            while more:
                part, more = await self._part()
                count.add(part)
                yield part

        try:
            yield read()
        finally:
            if more:
                await discard(self.scope, self.receive)

    def header(self, name: bytes) -> bytes | None:
        """The first of that name, in small letters; litestar's `headers` copies all of them."""
        for one, value in self.scope["headers"]:
            if one == name:
                return value
        return None

    def _limit(self) -> int:
        limit = self.route_handler.resolve_request_max_body_size()
        assert limit is not None, "create_app sets one"
        return limit

    def _announced(self) -> int:
        announced = self.header(b"content-length")
        return int(announced) if announced is not None and announced.isdigit() else 0

    async def _read(self) -> bytes:
        limit = self._limit()
        if self._announced() > limit:
            await discard(self.scope, self.receive)
            raise BodyTooLarge(limit)
        body, more = await self._part()
        if not more and len(body) <= limit:
            return body
        return await self._read_on(body, limit, more=more)

    async def _read_on(self, first: bytes, limit: int, *, more: bool) -> bytes:
        """What comes in parts: put together in one buffer, so that small ones cost little."""
        body, count = bytearray(first), _Count(limit)
        try:
            count.add(first)
            while more:
                part, more = await self._part()
                count.add(part)
                body += part
        except RequestFault:
            if more:
                await discard(self.scope, self.receive)
            raise
        return bytes(body)

    async def _part(self) -> tuple[bytes, bool]:
        message = await self.receive()
        if message["type"] != "http.request":
            raise Malformed("The body ended before all of it had come.")
        return message["body"], message.get("more_body", False)


class _Count:
    """Of a body's bytes and parts: each part costs as much as many bytes, however small it is."""

    __slots__ = ("_limit", "_parts_left", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._parts_left = PARTS_AT_LEAST + limit // BYTES_PER_PART

    def add(self, part: bytes) -> None:
        """Raises `BodyTooLarge`, `Malformed` when it comes in too many parts."""
        self._size += len(part)
        self._parts_left -= 1
        if self._size > self._limit:
            raise BodyTooLarge(self._limit)
        if self._parts_left < 0:
            raise Malformed(IN_CRUMBS)


async def discard(scope: Scope, receive: Receive) -> None:
    """Take the rest of the body off the wire, within bounds, and keep nothing.

    The answer to a request whose body was not read would be lost: closing the connection on
    unread bytes resets it, often before the client has looked.
    """
    if any(name == b"expect" for name, _ in scope["headers"]):
        return  # the client is waiting to be told before it sends anything
    size, parts, more = 0, 0, True
    try:
        async with asyncio.timeout(DISCARDED_SECONDS):
            while more and size < DISCARDED_BYTES and parts < PARTS_AT_LEAST:
                message = await receive()
                if message["type"] != "http.request":
                    return
                more = message.get("more_body", False)
                size += len(message["body"])
                parts += 1
    except TimeoutError:
        return
