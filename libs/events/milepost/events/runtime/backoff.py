"""Pauses that grow: between attempts at what is away, between looks at what may come."""

import asyncio
import random
import time
from collections.abc import Callable


class Backoff:
    """The first pause, then each `factor` times the one before, up to the longest.

    Of each, up to a share `jitter` is left away by chance: processes that lost the same server must
    not come back in the same moment. No pause is ever longer than said, nor beyond the deadline,
    which counts from the start. `draw` returns a number from 0 to 1.
    """

    __slots__ = (
        "_clock",
        "_deadline",
        "_draw",
        "_factor",
        "_first_seconds",
        "_jitter",
        "_longest_seconds",
        "_pause_seconds",
    )

    def __init__(
        self,
        first_seconds: float,
        longest_seconds: float,
        *,
        factor: float = 2.0,
        jitter: float = 0.25,
        deadline_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._factor = factor
        self._jitter = jitter
        self._clock = clock
        self._draw = draw
        self._deadline = None if deadline_seconds is None else clock() + deadline_seconds
        self._pause_seconds = 0.0

    @property
    def fresh(self) -> bool:
        """No pause has been made, or none since `reset`."""
        return not self._pause_seconds

    @property
    def expired(self) -> bool:
        return self._deadline is not None and self._clock() >= self._deadline

    def reset(self) -> None:
        """Something went well: begin anew with the shortest. The deadline stays."""
        self._pause_seconds = 0.0

    def next_seconds(self) -> float:
        """How long to pause now."""
        longer = self._pause_seconds * self._factor or self._first_seconds
        self._pause_seconds = min(longer, self._longest_seconds)
        pause = self._pause_seconds * (1 - self._jitter * self._draw())
        if self._deadline is None:
            return pause
        return max(0.0, min(pause, self._deadline - self._clock()))

    async def pause(self) -> bool:
        """False, at once, when the deadline has passed."""
        if self.expired:
            return False
        await asyncio.sleep(self.next_seconds())
        return True
