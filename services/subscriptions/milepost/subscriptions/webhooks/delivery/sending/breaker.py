"""A host that fails again and again is left alone for a while. Pure.

    closed ── 10 failures in a row ─▶ open for 30 s ──▶ half open: one goes ── arrives ─▶ closed
                                        ▲ twice as long, 10 min at most ───────┘ fails

What counts is that nobody answers, or that the whole server is in trouble (5xx, 429): an address
that is not there says nothing of others. Of each school for itself: nobody can shut another
school's receivers by addresses that fail.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

THRESHOLD: Final = 10
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=10)


class Breaker(msgspec.Struct, frozen=True):
    """`failures` in a row, of which it `opened` so often."""

    failures: int = 0
    opened: int = 0
    open_until: datetime | None = None

    def failed(self, now: datetime) -> "Breaker":
        failures = self.failures + 1
        if failures < THRESHOLD or self.is_open(now):
            return Breaker(failures, self.opened, self.open_until)
        pause = min(FIRST_PAUSE * 2 ** min(self.opened, 10), LONGEST_PAUSE)
        return Breaker(failures, self.opened + 1, now + pause)

    def is_open(self, now: datetime) -> bool:
        return self.open_until is not None and now < self.open_until

    def at_once(self, limit: int) -> int:
        """How many may be under way, of a limit for hosts that answer."""
        return limit if self.failures < THRESHOLD else 1


CLOSED: Final = Breaker()
