"""A `milepost` process to measure, on the servers of the ground it stands on."""

import asyncio
import os
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from milepost.operations.embedded import free_port
from milepost.process.settings import Settings

READY_SECONDS = 60


class ServiceFailed(Exception):
    """The measured process did not answer as it should; the message says how."""


@asynccontextmanager
async def running(place: Settings, *arguments: str) -> AsyncIterator[int]:
    """`milepost ARGUMENTS…` until leaving; the port it serves on. Raises `ServiceFailed`."""
    port = free_port(0)
    env = {
        "MILEPOST_POSTGRES": place.postgres,
        "MILEPOST_NATS": place.nats,
        "MILEPOST_DATA_DIR": str(place.data_dir / "running"),
        "MILEPOST_PORT": str(port),
        "MILEPOST_LOG_LEVEL": "warning",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "milepost.operations", *arguments),
        env={**os.environ, **env},
        stdout=sys.stderr,  # standard output is for the figures
    )
    try:
        await asyncio.to_thread(_wait_until_ready, port)
        yield port
    finally:
        process.terminate()
        await process.wait()


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise ServiceFailed(f"not ready after {READY_SECONDS} s: {error}") from error
        time.sleep(0.05)
