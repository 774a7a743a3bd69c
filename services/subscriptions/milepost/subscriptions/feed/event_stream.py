"""A stream of server-sent events (WHATWG HTML, section 9.2) that follows the log.

    id: 4711                  the position: comes back as `Last-Event-ID`
    event: credential_awarded
    data: {"specversion": …

    : nothing new             every 15 s, with an `id:` where the log has gone on without an event
    id: 4790                  for this reader; without data it is no event for whoever listens

It pulls: what has been sent is gone, and what is not read is not fetched. So a slow reader costs a
page at most; one that takes nothing for half a minute is hung up on, and comes back.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import structlog
from litestar import Response
from litestar.types import Receive, Scope, Send

from milepost.events.event import name_of
from milepost.events.log import Recorded
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.lru_cache import LruCache
from milepost.events.runtime.outages import is_transient
from milepost.subscriptions.feed.follower import Follower
from milepost.web.answers.event_sender import MEDIA_TYPE, EventSender, Stalled, comment
from milepost.web.requests.quotas import leave_place

KEEP_ALIVE_SECONDS: Final = 15.0
LATEST, LATEST_BYTES = 4_096, 4_096

_log = structlog.get_logger()


class Messages:
    """Events as they are sent: each is written once for all who are told at about the same time."""

    def __init__(self, encode: Callable[[Recorded], bytes]) -> None:
        self._encode = encode
        self._latest = LruCache[tuple[str, int], bytes](LATEST)

    def of(self, event: Recorded) -> bytes:
        key = event.tenant, event.position
        written = self._latest.get(key)
        if written is None:
            written = self._write(event)
            if len(written) <= LATEST_BYTES:
                self._latest.put(key, written)
        return written

    def _write(self, event: Recorded) -> bytes:
        """Without line breaks in it: JSON has none."""
        name = name_of(event.type).encode()
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.position, name, self._encode(event))


class EventStream(Response[None]):
    """`follower` is entered with what rings it; `admitted` counts the stream while it is open."""

    def __init__(
        self,
        admitted: Callable[[], Any],
        follower: Callable[[asyncio.Event], AbstractAsyncContextManager[Follower]],
        messages: Messages,
        expires_at: float,
    ) -> None:
        super().__init__(None, media_type=MEDIA_TYPE)
        self._admitted = admitted
        self._follower = follower
        self._messages = messages
        self._expires_at = expires_at

    def to_asgi_response(self, app: Any, request: Any, **_: Any) -> Any:  # noqa: ARG002 - litestar's
        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            ring = asyncio.Event()
            with self._admitted():
                leave_place(scope)
                async with self._follower(ring) as follower:
                    telling = _Telling(follower, self._messages, send, self._expires_at)
                    await telling.run(receive, ring)

        return stream


class _Telling:
    """One open stream. `_told`: the last `id:` that was sent."""

    def __init__(
        self, follower: Follower, messages: Messages, send: Send, expires_at: float
    ) -> None:
        self._follower = follower
        self._messages = messages
        self._sender = EventSender(send)
        self._expires_at = expires_at
        self._clock = asyncio.get_running_loop().time
        self._told = follower.position
        self._gone = False

    async def run(self, receive: Receive, ring: asyncio.Event) -> None:
        async def leave() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            self._gone = True
            ring.set()

        leaving = asyncio.create_task(leave())
        try:
            await self._sender.begin(comment("events follow", self._told))
            last = await self._reason_to_end()
            if not self._gone:
                await self._sender.body(comment(last), more=False)
        except Stalled:
            _log.info("event_stream_stalled", position=self._told)
        finally:
            await cancel_and_wait(leaving)

    async def _reason_to_end(self) -> str:
        """Tell what there is, until there is a reason to end. Raises `Stalled`."""
        try:
            while not self._gone:
                if time.time() >= self._expires_at:
                    return "the token has expired: come back with another"
                if not await self._step():
                    return "this process ends: come back"
        except Stalled:
            raise
        except Exception as error:  # noqa: BLE001 - the answer has begun: it can only end
            if not is_transient(error):
                _log.exception("event_stream_failed")
            return "the log does not answer: come back"
        return "gone"

    async def _step(self) -> bool:
        """False when all that is here has been told and the process is to end."""
        follower = self._follower
        found = await follower.next()
        if found is not None and found.events:
            self._told = found.events[-1].position
            await self._sender.body(b"".join(map(self._messages.of, found.events)))
        elif found is None and follower.ends:
            return False
        elif found is None:
            await follower.wait(self._pause_seconds())
        if self._clock() >= self._sender.sent_at + KEEP_ALIVE_SECONDS:
            await self._keep_alive()
        return True

    def _pause_seconds(self) -> float:
        """Until it has been silent for too long, or the token expires."""
        silent = self._sender.sent_at + KEEP_ALIVE_SECONDS - self._clock()
        return max(0.0, min(silent, self._expires_at - time.time()))

    async def _keep_alive(self) -> None:
        """With the position, where it has moved: who comes back need not begin before it."""
        position = max(self._told, self._follower.position)
        moved = position if position > self._told else None
        self._told = position
        await self._sender.body(comment("nothing new", moved))
