"""The sending side of a stream of server-sent events (WHATWG HTML, section 9.2).

It pulls: what has been sent is gone, and nothing is queued here. One that takes nothing for half a
minute is hung up on, and comes back.
"""

import asyncio
import random
from typing import Any, Final, cast

from litestar.types import Send

from milepost.web.errors import WebError

MEDIA_TYPE: Final = "text/event-stream"
STALLED_SECONDS: Final = 30.0
# After which readers come back, in milliseconds: not all in the same moment.
RETRY: Final = range(1_000, 3_000)
HEADERS: Final = (
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
)


class Stalled(WebError):
    """The reader takes nothing."""


def comment(text: str, position: int | None = None) -> bytes:
    told = b"" if position is None else b"id: %d\n" % position
    return b": %b\n%b\n" % (text.encode(), told)


class EventSender:
    """`sent_at`: when something was last sent, in the loop's time."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._clock = asyncio.get_running_loop().time
        self.sent_at = self._clock()

    async def begin(self, first: bytes) -> None:
        """Raises `Stalled`."""
        start = {"type": "http.response.start", "status": 200, "headers": list(HEADERS)}
        await self._send(cast("Any", start))
        retry = random.choice(RETRY)  # noqa: S311 - no secret
        await self.body(b"retry: %d\n" % retry + first)

    async def body(self, body: bytes, *, more: bool = True) -> None:
        """Raises `Stalled`."""
        part = {"type": "http.response.body", "body": body, "more_body": more}
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await self._send(cast("Any", part))
        except TimeoutError:
            raise Stalled from None
        self.sent_at = self._clock()
