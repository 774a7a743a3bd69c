"""Answers of megabytes: so many bytes of them in a process, until they have been read.

    room      256 MiB; an answer takes 4 KiB for each event that it may hold, 8 MiB at most
    a school  a quarter of it
    who comes when there is none left waits for some seconds, and is told to come again

They are sent in pieces, each when the one before has gone: a reader that is slow holds its part of
the room, and no more; one that takes nothing is hung up on.
"""

import asyncio
from collections import Counter
from functools import partial
from typing import Any, Final, cast

import structlog
from litestar import Response
from litestar.types import Receive, Scope, Send

from milepost.events.runtime.outages import Overloaded
from milepost.web.requests.quotas import place_in

ROOM_BYTES: Final = 256 * 1024 * 1024
MAX_BYTES: Final = 8 * 1024 * 1024
EVENT_BYTES: Final = 4 * 1024
WAIT_SECONDS: Final = 5.0
PIECE_BYTES: Final = 256 * 1024
STALLED_SECONDS: Final = 30.0

_log = structlog.get_logger()


def room_for(limit: int) -> int:
    """In bytes. An answer ends behind the event that fills it."""
    return min(MAX_BYTES, limit * EVENT_BYTES)


class AnswerRoom:
    """Of a process."""

    def __init__(self, room_bytes: int = ROOM_BYTES) -> None:
        self._left = room_bytes
        self._share = room_bytes // 4
        self._of_tenant: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    async def admit(self, scope: Any, tenant: str, size: int) -> None:
        """Until the request leaves its place. Raises `Overloaded`."""

        def fits() -> bool:
            return self._left >= size and self._of_tenant[tenant] + size <= self._share

        try:
            async with asyncio.timeout(WAIT_SECONDS), self._changed:
                await self._changed.wait_for(fits)
                self._left -= size
                self._of_tenant[tenant] += size
        except TimeoutError:
            raise Overloaded from None
        place_in(scope).add(partial(self._give_back, tenant, size))

    def _give_back(self, tenant: str, size: int) -> None:
        self._left += size
        self._of_tenant.subtract({tenant: size})
        self._of_tenant = +self._of_tenant
        self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class InPieces(Response[bytes]):
    """A body that is sent as it is read."""

    def to_asgi_response(self, app: Any, request: Any, **_: Any) -> Any:  # noqa: ARG002 - litestar's
        async def respond(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
            try:
                await self._send(send)
            except TimeoutError:
                _log.info("answer_not_read", size=len(self.content))

        return respond

    async def _send(self, send: Send) -> None:
        told = {
            **self.headers,
            "content-type": str(self.media_type),
            "content-length": str(len(self.content)),
        }
        headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        await send(cast("Any", {"type": "http.response.start", "status": 200, "headers": headers}))
        for begin in range(0, len(self.content), PIECE_BYTES):
            await _piece(send, self.content[begin : begin + PIECE_BYTES], more=True)
        await _piece(send, b"", more=False)


async def _piece(send: Send, body: bytes, *, more: bool) -> None:
    async with asyncio.timeout(STALLED_SECONDS):
        await send(cast("Any", {"type": "http.response.body", "body": body, "more_body": more}))
