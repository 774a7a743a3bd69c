"""When to ask again, and how long to wait before."""

import random
from http import HTTPStatus
from typing import Final

import msgspec

# Milepost is busy or away, or a proxy before it says so. All commands may be repeated.
PASSING: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """`attempts` counts the first one too. Pauses double from `first_pause_seconds`, with jitter.

    A `Retry-After` of at most `longest_pause_seconds` is obeyed; after a longer one, the caller
    hears the problem at once and decides.
    """

    attempts: int = 7
    first_pause_seconds: float = 0.1
    longest_pause_seconds: float = 10.0

    def pause_seconds(self, failures: int, retry_after: float | None) -> float | None:
        """Before the next attempt, after so many; None: give up."""
        if failures >= self.attempts:
            return None
        if retry_after is not None and retry_after > self.longest_pause_seconds:
            return None
        pause: float = self.first_pause_seconds * 2 ** (failures - 1)
        jittered = min(pause, self.longest_pause_seconds) * random.uniform(0.5, 1)  # noqa: S311
        return max(jittered, retry_after or 0.0)


ONCE: Final = Retries(attempts=1)
