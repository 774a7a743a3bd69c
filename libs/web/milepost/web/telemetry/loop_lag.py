"""How long the event loop was held: while it is, nobody is answered.

A task sleeps a little, again and again, and looks how much later than asked it wakes. What holds
the loop (or the interpreter's lock, in a thread) for so long is counted, and said in the log.
"""

import asyncio
import time
from typing import Final

import structlog
from prometheus_client import Histogram

TICK_SECONDS: Final = 0.02
HELD_SECONDS: Final = 0.1
FOLD_SECONDS: Final = 1.0
BUCKETS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

LAG = Histogram(
    "milepost_loop_lag_seconds",
    "How much later than asked the event loop woke a sleeping task",
    buckets=BUCKETS_SECONDS,
)

_log = structlog.get_logger()


class LoopWatch:
    def __init__(self) -> None:
        self._turned_at = time.monotonic()

    def still_seconds(self) -> float:
        """How long ago the loop was last seen to turn. Any thread may ask."""
        return time.monotonic() - self._turned_at

    async def run(self) -> None:
        """Until it is cancelled. Warns at most once a second, with how often and how long."""
        times, longest, said_at = 0, 0.0, 0.0
        while True:
            asked = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self._turned_at = now = time.monotonic()
            lag = max(0.0, now - asked)
            LAG.observe(lag)
            if lag > HELD_SECONDS:
                times, longest = times + 1, max(longest, lag)
            if times and now - said_at >= FOLD_SECONDS:
                _log.warning("loop_held", times=times, longest_ms=round(longest * 1000))
                times, longest, said_at = 0, 0.0, now
