"""When a process that ended is started again, and when that is hopeless."""

import random
import signal
import time
from collections.abc import Callable

from milepost.events.runtime.backoff import Backoff

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0
# Who was alive for so long has started.
SETTLED_SECONDS = 5.0
STARTS_AT_MOST = 5
# What a stop, an operator or a lack of memory sends: no fault of the process itself.
SENT_BY_OTHERS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class Restarts:
    """One process's ends, in this `up`.

        it ended …                                            then
        ────────────────────────────────────────────────────  ─────────────────────────────
        by a signal that others send, or as it was told to    again, for ever
        after it had once been alive for 5 seconds            again, for ever
        by itself, at its start, 5 times, never alive so long  hopeless

    Pauses grow to 10 seconds; who was alive for so long begins anew with the shortest.
    """

    def __init__(
        self,
        *,
        started: bool = False,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`started`: it has answered once already, as a server has that was waited for."""
        self._started = started
        self._failed_starts = 0
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, factor=1.5, draw=draw)
        self._clock = clock
        self._began = clock()

    @property
    def hopeless(self) -> bool:
        return not self._started and self._failed_starts >= STARTS_AT_MOST

    def began(self) -> None:
        """It runs from now on."""
        self._began = self._clock()

    def ended(self, code: int) -> float:
        """It ended with `code`, negative for a signal. Seconds to pause before it is started."""
        alive_seconds = self._clock() - self._began
        if alive_seconds >= SETTLED_SECONDS:
            self._started = True
        if alive_seconds >= LONGEST_PAUSE_SECONDS:
            self._backoff.reset()
        if not (code == 0 or -code in SENT_BY_OTHERS):
            self._failed_starts += 1
        return self._backoff.next_seconds()

    def not_begun(self) -> float:
        """It could not even be started. Seconds to pause before the next attempt."""
        self._failed_starts += 1
        return self._backoff.next_seconds()
