"""An open stream of a page: what changed, whether numbers are old, and that somebody is still here.

id: 4711
event: changed
data: {"topics":["offering/o-1"],"spread":0.4}

event: stale             once, when read models fall behind for longer than they should
data: {"as_of":1767225600.0}

event: fresh             and when they have caught up
event: beat              every ten seconds: who hears nothing for longer has lost the line
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from litestar import Response
from litestar.types import Receive, Scope, Send

from milepost.dashboards.live.reader import Listener, Reader, School
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.web.answers.event_sender import MEDIA_TYPE, EventSender, Stalled, comment
from milepost.web.requests.quotas import leave_place

BEAT_SECONDS: Final = 10.0
# Then it begins anew, and rights are judged again.
LIFETIME_SECONDS: Final = range(480, 720)

_log = structlog.get_logger()


class LiveStream(Response[None]):
    """`admitted` counts it while it is open; `over`: whether its session has ended."""

    def __init__(
        self,
        reader: Reader,
        tenant: str,
        topics: frozenset[str],
        after: int | None,
        *,
        admitted: Callable[[], Any],
        over: Callable[[], bool],
    ) -> None:
        super().__init__(None, media_type=MEDIA_TYPE)
        self._reader = reader
        self._tenant = tenant
        self._topics = topics
        self._after = after
        self._admitted = admitted
        self._over = over

    def to_asgi_response(self, app: Any, request: Any, **_: Any) -> Any:  # noqa: ARG002 - litestar's
        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            with (
                self._admitted(),
                self._reader.listen(self._tenant, self._topics, self._after) as (listener, school),
            ):
                leave_place(scope)
                telling = _Telling(self._reader, listener, school, send, self._over)
                await telling.run(receive)

        return stream


class _Telling:
    def __init__(
        self,
        reader: Reader,
        listener: Listener,
        school: School,
        send: Send,
        over: Callable[[], bool],
    ) -> None:
        self._reader = reader
        self._listener = listener
        self._school = school
        self._sender = EventSender(send)
        self._over = over
        self._stale = False
        self._gone = False
        self._ends_at = time.monotonic() + random.choice(LIFETIME_SECONDS)  # noqa: S311

    async def run(self, receive: Receive) -> None:
        async def leave() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            self._gone = True
            self._listener.ring.set()

        leaving = asyncio.create_task(leave())
        try:
            await self._sender.begin(comment("changes follow", self._position()))
            last = await self._reason_to_end()
            if not self._gone:
                await self._sender.body(comment(last), more=False)
        except Stalled:
            _log.info("live_stream_stalled")
        finally:
            await cancel_and_wait(leaving)

    async def _reason_to_end(self) -> str:
        """Tell what there is until there is a reason to end. Raises `Stalled`."""
        while not self._gone:
            if not self._reader.running:
                return "this process ends: come back"
            if self._over():
                return "the session has ended"
            if time.monotonic() >= self._ends_at:
                return "come back"
            await self._tell()
            await self._wait()
        return "gone"

    async def _tell(self) -> None:
        told, spread = self._listener.collect()
        message = b""
        if told:
            message += _event("changed", {"topics": told, "spread": spread}, self._position())
        if self._school.stale != self._stale:
            self._stale = self._school.stale
            name = "stale" if self._stale else "fresh"
            message += _event(name, {"as_of": self._school.as_of})
        silent = asyncio.get_running_loop().time() - self._sender.sent_at
        if not message and silent >= BEAT_SECONDS:
            message = _event("beat", {}, self._position())
        if message:
            await self._sender.body(message)

    async def _wait(self) -> None:
        """Until it is rung, or is to show that it is still here."""
        ring = self._listener.ring
        silent = asyncio.get_running_loop().time() - self._sender.sent_at
        try:
            async with asyncio.timeout(max(0.0, BEAT_SECONDS - silent)):
                await ring.wait()
        except TimeoutError:
            return
        ring.clear()

    def _position(self) -> int | None:
        """None while nobody knows yet: who comes back then begins anew."""
        return self._school.shown if self._school.known else None


def _event(name: str, data: object, position: int | None = None) -> bytes:
    told = b"" if position is None else b"id: %d\n" % position
    return told + b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
