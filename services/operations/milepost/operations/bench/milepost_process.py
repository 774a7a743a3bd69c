"""A `milepost` process to measure, on the servers of the ground it stands on."""

import asyncio
import os
import signal
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import psutil

from milepost.operations.bench.figures import WentWrong
from milepost.operations.local.child_process import Child
from milepost.operations.local.embedded import free_port
from milepost.web.settings import Settings

READY_SECONDS = 60
# A proxy that the environment names is not for this.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Running(NamedTuple):
    """`port` is the one that it answers on."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """What all its threads have used until now, for the system's calls too."""
        spent = self.process.cpu_times()
        return spent.user + spent.system


@asynccontextmanager
async def milepost_process(place: Settings, *arguments: str) -> AsyncIterator[Running]:
    """`milepost ARGUMENTS…` until leaving. Raises `WentWrong`."""
    port = free_port(0)
    if arguments[0] in ("relay", "project"):
        arguments = (*arguments, "--health-port", str(port))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "milepost.operations", *arguments),
        env={**os.environ, **_environment(place, port)},
        stdin=asyncio.subprocess.PIPE,  # closed when we end, however we end
        stdout=sys.stderr,  # standard output is for the figures
        start_new_session=True,
    )
    child = Child(arguments[0], process, signal.SIGTERM)
    try:
        await asyncio.to_thread(_wait_until_ready, child, port)
        yield Running(port, psutil.Process(process.pid))
    finally:
        await child.stop()


def _environment(place: Settings, port: int) -> dict[str, str]:
    return {
        "MILEPOST_POSTGRES": place.postgres,
        "MILEPOST_NATS": place.nats,
        "MILEPOST_DATA_DIR": str(place.data_dir),
        "MILEPOST_PORT": str(port),
        "MILEPOST_LOG_LEVEL": place.log_level,
        "MILEPOST_OUTBOUND_PRIVATE": place.outbound_private,
        "MILEPOST_SUPERVISED": "1",
        # One client asks as often as it can.
        "MILEPOST_CALLER_REQUESTS_PER_SECOND": "0",
        "MILEPOST_TENANT_REQUESTS_PER_SECOND": "0",
    }


def _wait_until_ready(child: Child, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with direct.open(f"http://127.0.0.1:{port}/health/ready", timeout=5):
                return
        except OSError as error:
            if not child.running or time.monotonic() > deadline:
                raise WentWrong(f"{child.name} does not become ready: {error}") from error
        time.sleep(0.05)
