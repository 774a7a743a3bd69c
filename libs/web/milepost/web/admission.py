"""What each request may cost before it is anybody's: time to send its body, and a place.

Granian times the head of a request and the pause between two; the body is ours to time.
"""

import asyncio
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from milepost.events.runtime.outages import Overloaded
from milepost.web.problems import MEDIA_TYPE, BodyTooSlow, document, problem_of
from milepost.web.telemetry.metrics import SHED

BODY_BYTES_A_SECOND: Final = 4096


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

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self.limits = limits
        self.at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        if self.at_work >= self.limits.requests:
            await _refuse(scope, send)
            return
        self.at_work += 1
        try:
            await self._app(scope, _TimedBody(self, receive), send)
        finally:
            self.at_work -= 1


class _TimedBody:
    """`receive`, but not for ever."""

    __slots__ = ("_admission", "_began", "_more", "_receive", "_size")

    def __init__(self, admission: Admission, receive: Receive) -> None:
        self._admission = admission
        self._receive = receive
        self._began = 0.0
        self._size = 0
        self._more = True

    async def __call__(self) -> Any:
        if not self._more:  # whether the client goes away is no question of time
            return await self._receive()
        self._admission.at_work -= 1
        try:
            message = await self._in_time()
        finally:
            self._admission.at_work += 1
        self._more = bool(message.get("more_body"))
        self._size += len(message.get("body", b""))
        return message

    async def _in_time(self) -> Any:
        patience = asyncio.timeout_at(self._deadline())
        try:
            async with patience:
                return await self._receive()
        except TimeoutError:
            if not patience.expired():
                raise
            SHED.labels("slow_body").inc()
            raise BodyTooSlow from None

    def _deadline(self) -> float:
        if not self._began:
            self._began = asyncio.get_running_loop().time()
        return self._began + self._admission.limits.body_seconds + self._size / BODY_BYTES_A_SECOND


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
