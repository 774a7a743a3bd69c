"""Serving HTTP: granian inside our own event loop, so that one process can do more than serve."""

import asyncio

import structlog
from litestar.types import ASGIApp

from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.event_loop import collect_seldom
from milepost.web.admission import LIMITS, Admission, Limits
from milepost.web.listener import (
    AddressTaken,
    ListeningServer,
    listen,
    require_free,
    turn_away_overflow,
)

__all__ = ["AddressTaken", "require_free", "serve"]

_log = structlog.get_logger()


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    shutdown_seconds: float = 10,
    limits: Limits = LIMITS,
) -> None:
    """Answer requests until `stop` is set, then finish those under way, but not for ever.

    Raises `AddressTaken` before anything is served, `FatalError` when the app does not start.
    """
    with listen(host, port, limits) as listener:
        collect_seldom()  # the app has been made meanwhile
        admission = Admission(app, limits)
        server = ListeningServer(admission, listener, limits)
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        overflow = asyncio.create_task(turn_away_overflow(listener, server.connections))
        try:
            await asyncio.wait({serving, stopping, overflow}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_and_wait(stopping, overflow)
            listener.close()  # granian closes its copy: then nobody listens
            server.stop()  # type: ignore[no-untyped-call]
            await _drain(serving, shutdown_seconds)


async def _drain(serving: asyncio.Task[None], shutdown_seconds: float) -> None:
    try:
        await asyncio.wait_for(serving, shutdown_seconds)
    except TimeoutError:
        _log.warning("requests_abandoned", after_seconds=shutdown_seconds)
