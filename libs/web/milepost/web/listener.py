"""The listening socket: how many connections it takes, and what becomes of the others.

granian takes     up to a limit; HTTP/1.1, so that its timeouts hold from the first byte
Linux closes      a connection whose other side reads nothing, or is gone, for `stalled_seconds`
the overflow      answers 503 to whoever is not taken: full is full, but never silent
"""

import asyncio
import contextlib
import os
import resource
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.net import SocketHolder  # type: ignore[attr-defined] # its stubs lack it
from granian.server.embed import Server
from litestar.types import ASGIApp

from milepost.web.admission import Limits
from milepost.web.errors import WebError
from milepost.web.telemetry.metrics import SHED

BACKLOG: Final = 1024
# Files and sockets that are not connections: Postgres, NATS, logs, the interpreter's own.
OTHER_FILES: Final = 512
# Of an answer that nobody reads, the system takes no more than this. Otherwise it takes megabytes
# from each of a hundred such connections, one after the other, and those who read wait for it.
UNREAD_BYTES: Final = 128 * 1024
LOOK_SECONDS: Final = 0.1
# So many looks in which somebody waits: a full server, and one that does not come to accept.
FULL_LOOKS, STUCK_LOOKS = 5, 100
OPEN_FILES: Final = Path("/dev/fd")  # of this process, on Linux and macOS
TURNED_AWAY_AT_ONCE: Final = 512
RETRY_AFTER_SECONDS: Final = 5
_BUSY = (
    b'{"type":"urn:milepost:problem:unavailable","title":"Unavailable","status":503,"instance":"/",'
    b'"detail":"There are too many connections. Nothing was taken: try again shortly."}'
)
BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n"
    b"content-length: %d\r\nretry-after: %d\r\nconnection: close\r\n\r\n%b"
    % (len(_BUSY), RETRY_AFTER_SECONDS, _BUSY)
)

_log = structlog.get_logger()


class AddressTaken(WebError):
    """Somebody else listens there, or this process may not."""


def require_free(host: str, port: int) -> None:
    """Raises `AddressTaken`. Binds only: nobody can connect meanwhile, to be cut off."""
    with _address(host, port) as (family, address), socket.socket(family) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # as `listen` does: IPv4's port of this number is another
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)


def listen(host: str, port: int, limits: Limits) -> socket.socket:
    """Raises `AddressTaken`."""
    with _address(host, port) as (family, address):
        listener = socket.create_server(address, family=family, backlog=BACKLOG)
    listener.setblocking(False)
    # What is accepted inherits these.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: else only the peer's system says it is gone
        listener.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _milliseconds(limits.stalled_seconds)
        )
    return listener


@contextlib.contextmanager
def _address(host: str, port: int) -> Iterator[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    """Raises `AddressTaken` for what is not found, and for what cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        yield family, address[:2]
    except OSError as fault:
        raise AddressTaken(f"cannot listen on {host} port {port}: {fault.strerror}") from fault


class ListeningServer(Server):
    """Granian on a socket of ours, whose options and queue we see."""

    def __init__(self, app: ASGIApp, listener: socket.socket, limits: Limits) -> None:
        self.connections = allowed_connections(limits.connections)
        # Granian configures logging globally; incrementally, it leaves ours alone.
        no_handlers = {"incremental": True, "handlers": {}, "formatters": {}}
        super().__init__(
            app,
            interface=Interfaces.ASGI,
            backlog=BACKLOG,
            backpressure=self.connections,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=_milliseconds(limits.head_seconds)),
            websockets=False,
            log_dictconfig=no_handlers,
            log_enabled=False,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # A copy, which granian closes in its own time.
        copy = os.dup(self._listener.fileno())
        self._shd: Any = SocketHolder(copy, False, BACKLOG)  # type: ignore[call-arg]
        self._ssp: Any = None


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def allowed_connections(wanted: int) -> int:
    """As many as this process may have files for; what it may raise, it raises."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    allowed = max(soft - OTHER_FILES, soft // 2)
    _log.warning("few_files_allowed", files=soft, connections=allowed, wanted=wanted)
    return allowed


async def turn_away_overflow(listener: socket.socket, connections: int) -> None:
    """Answer 503 to whoever the server does not take. Runs until it is cancelled.

    The server takes what comes at once while it has fewer than `connections`. A machine that is
    busy with something else lets it wait, though: only a full one turns away soon.
    """
    waiting = 0
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        waiting = waiting + 1 if _somebody_waits(listener) else 0
        full = waiting >= FULL_LOOKS and _open_files() >= connections
        if full or waiting >= STUCK_LOOKS:
            _turn_away(listener)


def _open_files() -> int:
    return sum(1 for _ in OPEN_FILES.iterdir())


def _somebody_waits(listener: socket.socket) -> bool:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(0))


def _turn_away(listener: socket.socket) -> None:
    count = 0
    while count < TURNED_AWAY_AT_ONCE and _turned_away(listener):
        count += 1
    SHED.labels("connections").inc(count)
    _log.warning("connections_turned_away", count=count)


def _turned_away(listener: socket.socket) -> bool:
    try:
        connection, _ = listener.accept()
    except OSError:  # nobody waits any more, or there is no file left
        return False
    with connection, contextlib.suppress(OSError):
        connection.setblocking(False)
        connection.send(BUSY)
        connection.shutdown(socket.SHUT_WR)
        # What has come and was not read would make the system reset it, answer and all.
        connection.recv(65_536)
    return True
