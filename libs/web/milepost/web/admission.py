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
from milepost.web.requests.quotas import place_in
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
        self.bodies = _AwaitedBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        if self.at_work >= self.limits.requests:
            await _refuse(scope, send)
            return
        self.at_work += 1
        place = place_in(scope)
        place.add(self._end)
        try:
            await self._app(scope, _TimedBody(self, scope, receive), send)
        finally:
            place.leave()

    def _end(self) -> None:
        self.at_work -= 1


class _TimedBody:
    """`receive`, but not for ever.

    One timer looks after all who wait: an `asyncio.timeout` each took as long as a small body.
    """

    __slots__ = (
        "_admission",
        "_began",
        "_cancelling",
        "_expired",
        "_more",
        "_receive",
        "_scope",
        "_size",
        "_task",
        "_untold",
    )

    def __init__(self, admission: Admission, scope: HTTPScope, receive: Receive) -> None:
        self._admission = admission
        self._scope = scope
        self._receive = receive
        self._began = 0.0
        self._size = 0
        self._more = True
        self._untold = False
        self._expired = False

    async def __call__(self) -> Any:
        if not self._more:  # whether the client goes away is no question of time
            return await self._behind_the_body()
        admission = self._admission
        self._task = admission.bodies.add(self, self._deadline())
        admission.at_work -= 1
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            self._refuse_if_late()
            raise
        finally:
            admission.at_work += 1
            admission.bodies.remove(self)
        self._count(message)
        return message

    def expire(self) -> None:
        """As `asyncio.timeout` does it."""
        assert self._task is not None
        self._expired = True
        self._cancelling = self._task.cancelling()
        self._task.cancel()

    def _refuse_if_late(self) -> None:
        """Raises `BodyTooSlow` instead of what else was canceled."""
        if self._expired and self._task and self._task.uncancel() <= self._cancelling:
            SHED.labels("slow_body").inc()
            raise BodyTooSlow from None

    def _count(self, message: Any) -> None:
        self._size += len(message.get("body", b""))
        self._more = bool(message.get("more_body"))
        if self._more and self._size == _announced(self._scope):
            # Granian says that this was all when it is asked once more: a way through its threads
            # that takes as long as the one for the body.
            self._more, self._untold = False, True
            message["more_body"] = False

    async def _behind_the_body(self) -> Any:
        message = await self._receive()
        if self._untold and message["type"] == "http.request":
            message = await self._receive()
        self._untold = False
        return message

    def _deadline(self) -> float:
        if not self._began:
            self._began = time.monotonic()
        return self._began + self._admission.limits.body_seconds + self._size / BODY_BYTES_A_SECOND


class _AwaitedBodies:
    """Those that somebody waits for, and until when."""

    def __init__(self) -> None:
        self._until: dict[_TimedBody, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_look: asyncio.TimerHandle | None = None

    def add(self, body: _TimedBody, deadline: float) -> "asyncio.Task[Any] | None":
        """Returns the task that waits, this one."""
        self._until[body] = deadline
        if self._next_look is None:
            self._look_later()
        return asyncio.current_task(self._loop)  # without the loop it asks the system for it

    def remove(self, body: _TimedBody) -> None:
        self._until.pop(body, None)

    def _look(self) -> None:
        now = time.monotonic()
        for body in [one for one, deadline in self._until.items() if deadline <= now]:
            self.remove(body)
            body.expire()
        self._next_look = None
        if self._until:
            self._look_later()

    def _look_later(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next_look = self._loop.call_later(LOOK_SECONDS, self._look)


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
