"""How long a test's event loop is held at a stretch."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from milepost.events.runtime.cancellation import cancel_and_wait

HELD_MS_AT_MOST = 100
TICK_SECONDS = 0.005


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
    async with loop_watched() as held:
        yield held
    assert held.longest_ms < at_most_ms, f"the loop was held for {held.longest_ms:.0f} ms"
