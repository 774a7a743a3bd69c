"""How long a test's event loop is held at a stretch."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

from milepost.events.runtime.cancellation import cancel_and_wait

HELD_MS_AT_MOST = 100
TICK_SECONDS = 0.005
# What a fixed piece of work takes where the bound was set. Neighbours on a host halve its speed.
WORK, USUAL_SECONDS = 300_000, 0.010


class Held:
    """The longest stretch so far, in milliseconds."""

    def __init__(self) -> None:
        self.longest_ms = 0.0

    async def watch(self) -> None:
        while True:
            began, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK_SECONDS)
            # What this process has worked meanwhile: a machine that stalls holds no loop.
            elapsed = min(time.perf_counter() - began, time.process_time() - worked)
            self.longest_ms = max(self.longest_ms, elapsed * 1000)


@asynccontextmanager
async def loop_watched() -> AsyncIterator[Held]:
    """Says how long the loop is held inside; asserts nothing."""
    held = Held()
    gc.freeze()  # as services do: what the tests before have left is not walked through meanwhile
    watching = asyncio.create_task(held.watch())
    await asyncio.sleep(0)  # it has begun
    try:
        yield held
        await asyncio.sleep(TICK_SECONDS * 2)  # it sees the end of what held it last
    finally:
        await cancel_and_wait(watching)
        gc.unfreeze()


@asynccontextmanager
async def loop_free(at_most_ms: float = HELD_MS_AT_MOST) -> AsyncIterator[Held]:
    """Fails when whatever happens inside holds the loop longer than that at a stretch.

    What the test does on the same loop counts: make large bodies before, and compare after.
    """
    most = at_most_ms * _slowness_in(int(time.monotonic()))
    async with loop_watched() as held:
        yield held
    if held.longest_ms >= most:
        most = max(most, at_most_ms * slowness())
    assert held.longest_ms < most, f"the loop was held for {held.longest_ms:.0f} of {most:.0f} ms"


def slowness() -> float:
    """How many times as long as usual this machine takes just now; 1 at least."""
    begin, total = time.process_time(), 0
    for number in range(WORK):
        total += number
    return max(1.0, (time.process_time() - begin) / USUAL_SECONDS)


@lru_cache(maxsize=1)
def _slowness_in(second: int) -> float:  # noqa: ARG001 - it is what the cache knows it by
    """Not worked out again at each turn of a test that watches hundreds of requests."""
    return slowness()
