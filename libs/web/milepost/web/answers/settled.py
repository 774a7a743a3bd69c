"""`Prefer: wait=5`: an answer that comes when everything that follows has followed (RFC 7240).

    read with Milepost-Position     wait until settled, then read models too, then read
    command                         do it, wait until what it wrote is settled, then answer

The answer says `Preference-Applied: wait=5` and `Milepost-Settled: true`, or, when the time was
up, `false` with `Milepost-Waits-For`: never an error. Its `Milepost-Position`, carried back, shows
what has followed.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

import msgspec
from litestar import Request
from litestar.types import HTTPScope, Message, Send

from milepost.events.policies.settlement import Settled
from milepost.web.requests.allowed_roles import SAFE_METHODS
from milepost.web.requests.positions import AWAITED, awaited_position
from milepost.web.requests.quotas import leave_place

MAX_SECONDS: Final = 30
# The headers of a request that may make it wait.
WAITING: Final = frozenset({b"prefer", b"milepost-position"})
# A route's option: waits until read models show this position, at most so many seconds.
SHOWS: Final = "shows"
Shows: TypeAlias = Callable[[str, int, float], Awaitable[bool]]

_WAIT: Final = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=$|[,;])', re.IGNORECASE)
_POSITION: Final = b"milepost-position"


class Settles(Protocol):
    async def wait(self, tenant: str, position: int, seconds: float) -> Settled: ...


def preferred_seconds(headers: Mapping[bytes, bytes]) -> int | None:
    """What the client prefers to wait, 30 s at most. None: not at all; what nobody knows is no
    preference.
    """
    prefer = headers.get(b"prefer")
    found = _WAIT.search(prefer.decode("latin-1")) if prefer else None
    return min(int(found[1]), MAX_SECONDS) or None if found else None


async def settled_send(settles: Settles, scope: HTTPScope, send: Send, seconds: int) -> Send:
    """Wait for what a read wants to see. Returns the `send` for the answer: a command's waits."""
    if scope["method"] not in SAFE_METHODS:
        return _Answer(settles, scope, send, seconds)
    request: Request[Any, Any, Any] = Request(scope)
    position = awaited_position(request)
    if position is None:
        return send
    leave_place(scope)
    deadline = time.monotonic() + seconds
    tenant = scope["user"].tenant
    found = await settles.wait(tenant, position, seconds)
    if not found.known:
        return send  # the route says what is wrong with the position
    shows: Shows | None = scope["route_handler"].opt.get(SHOWS)
    if shows is not None:
        shown = await shows(tenant, found.position, max(0.0, deadline - time.monotonic()))
        found = msgspec.structs.replace(found, settled=found.settled and shown)
        scope["state"][AWAITED] = None  # it has been waited for
    return _Answer(settles, scope, send, seconds, found)


class _Answer:
    """`send`, which tells how it stands with what follows."""

    def __init__(
        self,
        settles: Settles,
        scope: HTTPScope,
        send: Send,
        seconds: int,
        found: Settled | None = None,
    ) -> None:
        self._settles = settles
        self._scope = scope
        self._tenant: str = scope["user"].tenant
        self._send = send
        self._seconds = seconds
        self._found = found

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            message["headers"] = await self._with_outcome(list(message["headers"]))
        await self._send(message)

    async def _with_outcome(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        found = self._found
        if found is None:
            position = next((int(value) for name, value in headers if name == _POSITION), None)
            if position is None:  # nothing was written
                return headers
            leave_place(self._scope)
            found = await self._settles.wait(self._tenant, position, self._seconds)
            headers = [one for one in headers if one[0] != _POSITION]
            headers.append((_POSITION, b"%d" % max(position, found.position)))
        return [*headers, *_outcome(found, self._seconds)]


def _outcome(found: Settled, seconds: int) -> list[tuple[bytes, bytes]]:
    told = [
        (b"preference-applied", b"wait=%d" % seconds),
        (b"milepost-settled", b"true" if found.settled else b"false"),
    ]
    if waits_for := [*found.waits_for, *(f"{one};parked" for one in found.parked)]:
        told.append((b"milepost-waits-for", ", ".join(waits_for).encode()))
    return told
