"""What each request may cost before it is anybody's: time to send its body, and a place.

Granian times the head of a request and the pause between two; the body is ours to time.
"""

import asyncio
import time
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from milepost.events.runtime.outages import Overloaded
from milepost.web.problems import MEDIA_TYPE, BodyTooSlow, document, problem_of
from milepost.web.telemetry.metrics import SHED

BODY_BYTES_A_SECOND: Final = 4096
LOOK_SECONDS: Final = 0.25


class Limits(NamedTuple):
    """`head_seconds` are for the head of a request, from the first moment, and until the next one
    on the connection; `body_seconds` until a body must have come at `BODY_BYTES_A_SECOND`;
    `stalled_seconds` until whoever reads nothing of an answer is taken to be gone.
    """

    connections: int = 10_000
    requests: int = 2_000
    head_seconds: float = 15
    body_seconds: float = 20
    stalled_seconds: float = 30


LIMITS: Final = Limits()


class Admission:
    """Around the whole application: at most so many requests at work, 503 to any further.

    Who still sends its body holds a connection, and no place. A body has `body_seconds`, and a
    second more for each `BODY_BYTES_A_SECOND` that have come; `BodyTooSlow` is raised where it is
    read.
    """

    def __init__(self, app: ASGIApp, limits: Limits = LIMITS) -> None:
        self._app = app
        self.limits = limits
        self.at_work = 0
        self.deadlines = _Deadlines()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        if self.at_work >= self.limits.requests:
            await _refuse(scope, send)
            return
        self.at_work += 1
        try:
            await self._app(scope, _TimedBody(self, scope, receive), send)
        finally:
            self.at_work -= 1


class _TimedBody:
    """`receive`, but not for ever."""

    __slots__ = ("_admission", "_began", "_more", "_receive", "_scope", "_size", "_untold")

    def __init__(self, admission: Admission, scope: HTTPScope, receive: Receive) -> None:
        self._admission = admission
        self._scope = scope
        self._receive = receive
        self._began = 0.0
        self._size = 0
        self._more = True
        self._untold = False

    async def __call__(self) -> Any:
        if not self._more:  # whether the client goes away is no question of time
            return await self._behind_the_body()
        self._admission.at_work -= 1
        try:
            message = await self._in_time()
        finally:
            self._admission.at_work += 1
        self._size += len(message.get("body", b""))
        self._more = bool(message.get("more_body"))
        if self._more and self._size == _announced(self._scope):
            # Granian says that this was all when it is asked once more: a way through its threads
            # that takes as long as the one for the body.
            self._more, self._untold = False, True
            message["more_body"] = False
        return message

    async def _behind_the_body(self) -> Any:
        message = await self._receive()
        if self._untold and message["type"] == "http.request":
            message = await self._receive()
        self._untold = False
        return message

    async def _in_time(self) -> Any:
        patience = asyncio.timeout(None)
        self._admission.deadlines.add(patience, self._deadline())
        try:
            async with patience:
                return await self._receive()
        except TimeoutError:
            if not patience.expired():
                raise
            SHED.labels("slow_body").inc()
            raise BodyTooSlow from None
        finally:
            self._admission.deadlines.remove(patience)

    def _deadline(self) -> float:
        if not self._began:
            self._began = time.monotonic()
        return self._began + self._admission.limits.body_seconds + self._size / BODY_BYTES_A_SECOND


class _Deadlines:
    """Timeouts that one timer looks after: a timer each cost more than reading a small body."""

    def __init__(self) -> None:
        self._of: dict[asyncio.Timeout, float] = {}
        self._next_look: asyncio.TimerHandle | None = None

    def add(self, patience: asyncio.Timeout, deadline: float) -> None:
        self._of[patience] = deadline
        if self._next_look is None:
            self._look_later()

    def remove(self, patience: asyncio.Timeout) -> None:
        self._of.pop(patience, None)

    def _look(self) -> None:
        now = time.monotonic()
        for patience in [one for one, deadline in self._of.items() if deadline <= now]:
            self.remove(patience)
            patience.reschedule(0)  # long ago: at once
        self._next_look = None
        if self._of:
            self._look_later()

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)


def _announced(scope: HTTPScope) -> int | None:
    """The size of the body; None when it comes in chunks, and nobody knows."""
    size = None
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length" and value.isdigit():
            size = int(value)
    return size


async def _refuse(scope: HTTPScope, send: Send) -> None:
    SHED.labels("requests").inc()
    problem = problem_of(Overloaded())
    body = document(problem, scope["path"], None)
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "connection": "close",  # what it is still sending is not read
        **problem.headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": HTTPStatus.SERVICE_UNAVAILABLE,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
