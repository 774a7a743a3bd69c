"""Probes and metrics on a listener, a thread and an event loop of their own.

    main loop     services, policies, … ; may be held, its listener may be full
    probes' loop  /health/live    503 when the main loop has not turned for STILL_SECONDS
                  /health/ready   asks its checks of the main loop, and waits CHECK_SECONDS for them
                  /metrics        read where they stand

A second listener on the main loop would hold while connections are exhausted, but not while the
loop is: a thread holds in both cases, and can tell the two apart.
"""

import asyncio
import threading
from collections.abc import Mapping

from litestar import Litestar
from prometheus_client import CollectorRegistry

from milepost.events.runtime.event_loop import loop_factory
from milepost.web.admission import Limits
from milepost.web.server import serve
from milepost.web.telemetry.health import Check, health_routes
from milepost.web.telemetry.loop_lag import LoopWatch
from milepost.web.telemetry.metrics import exposition
from milepost.web.telemetry.metrics_peers import Peers

# Long after this a loop does not come back by itself: whoever asks may start the process again.
STILL_SECONDS = 30
LOOK_SECONDS = 0.1
LIMITS = Limits(connections=100, requests=50, head_seconds=5, body_seconds=5, stalled_seconds=5)


async def serve_probes(
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    watch: LoopWatch,
    ready: Mapping[str, Check],
    registry: CollectorRegistry,
    peers: Peers | None = None,
) -> None:
    """Answer until `stop` is set. `watch` runs on this loop; no one else uses `peers`.

    Raises `AddressTaken`.
    """
    checks = {name: _across(asyncio.get_running_loop(), check) for name, check in ready.items()}

    async def measured() -> bytes:
        return await exposition(registry, peers)

    def alive() -> bool:
        return watch.still_seconds() < STILL_SECONDS

    app = Litestar(
        [health_routes(checks, measured, alive)], openapi_config=None, logging_config=None
    )
    ended = threading.Event()
    thread = asyncio.create_task(asyncio.to_thread(_run, app, host, port, ended))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({thread, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        ended.set()
        await thread


def _across(loop: asyncio.AbstractEventLoop, check: Check) -> Check:
    """The same check, from another thread's loop: pools and connections belong to theirs."""

    async def checked() -> bool:
        return await check()

    async def ask() -> bool:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(checked(), loop))

    return ask


def _run(app: Litestar, host: str, port: int, ended: threading.Event) -> None:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(app, host, port, ended))


async def _serve(app: Litestar, host: str, port: int, ended: threading.Event) -> None:
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(app, host, port, stop, shutdown_seconds=1, limits=LIMITS))
    while not ended.is_set() and not serving.done():  # noqa: ASYNC110 - another thread sets it
        await asyncio.sleep(LOOK_SECONDS)
    stop.set()
    await serving
