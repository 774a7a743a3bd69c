"""The event loop of a process: uvloop where there is one, and a collector that seldom comes."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on uvloop, where there is one."""
    collect_seldom()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)


def collect_seldom() -> None:
    """What is here now is here to stay: the collector of cycles leaves it out from now on.

    It also comes less often: walking all of that again and again, it took a third of a busy
    service's time, and stopped it for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@contextmanager
def uncollected() -> Iterator[None]:
    """For what makes many objects and no cycles, without a pause: looking for some among so many
    took as long as making them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - there is none for Windows

    return uvloop.new_event_loop
