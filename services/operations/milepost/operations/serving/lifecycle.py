"""A process's life: it runs until it is told to stop, and then ends what it has begun."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from milepost.events.runtime.cancellation import cancel_and_wait


async def stop_signal() -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM, and when the supervisor that started this process is gone."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if supervised():
        await loop.connect_read_pipe(lambda: _Lifeline(stop), sys.stdin)
    return stop


def supervised() -> bool:
    """Whether `milepost up` has started this process."""
    return "MILEPOST_SUPERVISED" in os.environ


class _Lifeline(asyncio.Protocol):
    """The supervisor holds the other end and never writes: it closes when the supervisor ends."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio's name
        self._stop.set()


async def until(stop: asyncio.Event, *works: Coroutine[Any, Any, object]) -> None:
    """Do all `works` until told to stop, then cancel them. One that ends or fails ends all."""
    tasks = [asyncio.create_task(work) for work in works]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait((*tasks, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel_and_wait(*tasks, stopping)
    for task in done:
        task.result()


async def together(*works: Coroutine[Any, Any, object]) -> None:
    """Do all `works`. The first that fails ends the others, and is raised as it is."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await cancel_and_wait(*tasks)
