"""Serving HTTP: granian inside our own event loop, so that one process can do more than serve."""

import asyncio
import gc
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar.types import ASGIApp

from milepost.web.errors import WebError

T = TypeVar("T")

_log = structlog.get_logger()


class AddressTaken(WebError):
    """Somebody else listens there, or this process may not."""


async def serve(
    app: ASGIApp, host: str, port: int, stop: asyncio.Event, *, shutdown_seconds: float = 10
) -> None:
    """Answer requests until `stop` is set, then finish those under way, but not for ever.

    Raises `AddressTaken` before anything is served, `FatalError` when the app does not start.
    """
    require_free(host, port)
    collect_seldom()  # the app has been made meanwhile
    server = _server(app, host, port)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.stop()  # type: ignore[no-untyped-call]
        await _drain(serving, shutdown_seconds)


def require_free(host: str, port: int) -> None:
    """Granian shares its port (SO_REUSEPORT), so it would not notice. Raises `AddressTaken`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        raise AddressTaken(f"cannot listen on {host} port {port}: {fault.strerror}") from fault


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on uvloop, where there is one."""
    collect_seldom()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def collect_seldom() -> None:
    """What is here now is here to stay: the collector of cycles leaves it out from now on.

    It also comes less often: walking all of that again and again, it took a third of a busy
    service's time, and stopped it for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def _server(app: ASGIApp, host: str, port: int) -> Server:
    # Granian configures logging globally; incrementally, it leaves ours alone.
    no_handlers = {"incremental": True, "handlers": {}, "formatters": {}}
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        backlog=1024,
        websockets=False,
        log_dictconfig=no_handlers,
        log_enabled=False,
    )


async def _drain(serving: asyncio.Task[None], shutdown_seconds: float) -> None:
    try:
        await asyncio.wait_for(serving, shutdown_seconds)
    except TimeoutError:
        _log.warning("requests_abandoned", after_seconds=shutdown_seconds)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - there is none for Windows

    return uvloop.new_event_loop
