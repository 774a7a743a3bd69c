"""Clocks that a test moves, and that tell how often somebody has looked at them."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Clock(Generic[T]):
    """Shows what it is set to; a loop that waits has gone round whenever it looks."""

    def __init__(self, now: T) -> None:
        self.now = now
        self.looks = 0

    def __call__(self) -> T:
        self.looks += 1
        return self.now

    monotonic = __call__  # in the place of the module `time`

    def looked_at(self, times: int) -> Callable[[], bool]:
        """Whether it has been so many times from now on."""
        enough = self.looks + times
        return lambda: self.looks >= enough
