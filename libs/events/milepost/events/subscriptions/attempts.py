"""How often the effect of an event is tried, and when it counts as failed.

what it raises                                    counts   so it is parked after
────────────────────────────────────────────────  ───────  ─────────────────────
anything that says something about the event      1        3 attempts
what should pass by itself, while the log answers 1/4      some 25 seconds
too much waits already (`Overloaded`)             0        never
the log is away, or takes nothing from anybody    0        never
this process no longer leads                      raised   never
"""

from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

from milepost.events.commands.transact import Contended
from milepost.events.log import Log, Recorded
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.leadership import LeaseLost
from milepost.events.runtime.outages import READ_ONLY, UNAVAILABLE, Overloaded, is_transient

ATTEMPTS = 3
STUBBORN = 0.25
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 5.0

HANDLED = Counter("milepost_policy_handled", "Events that a policy has answered", ["policy"])


class Attempts:
    """Of one consumer: all its events wait for the same log."""

    def __init__(self, consumer: str, log: Log) -> None:
        self._log = log
        self._handled = HANDLED.labels(consumer)
        self._waiting = False
        self._logger = structlog.get_logger().bind(policy=consumer)

    async def run(
        self, event: Recorded, effect: Callable[[Recorded], Awaitable[object]]
    ) -> Exception | None:
        """Try until it is done: None; or until it has failed too often: why."""
        attempts, backoff = 0.0, Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
        while True:
            try:
                await effect(event)
            except LeaseLost:
                raise
            except Exception as error:  # noqa: BLE001 - waited for, or parked for a person
                attempts += await self._weight(event, error)
                if attempts >= ATTEMPTS:
                    self._report(event, error)
                    return error
            else:
                self.count(1)
                return None
            await backoff.pause()

    def count(self, handled: int) -> None:
        """So many are done."""
        self._handled.inc(handled)
        if self._waiting:
            self._waiting = False
            self._logger.info("policy_goes_on")

    async def _weight(self, event: Recorded, error: Exception) -> float:
        """How much of an attempt this was: none when it says nothing about the event."""
        if not is_transient(error):
            return 1
        self._wait(event, error)
        if isinstance(error, Overloaded):
            return STUBBORN if isinstance(error, Contended) else 0
        if isinstance(error, READ_ONLY):
            return 0
        try:
            await self._log.heads()
        except UNAVAILABLE:
            return 0
        return STUBBORN

    def _wait(self, event: Recorded, error: Exception) -> None:
        """Said once, not for each of the hundreds of events that wait with this one."""
        if not self._waiting:
            self._waiting = True
            self._logger.warning("policy_waits", position=event.position, error=repr(error))

    def _report(self, event: Recorded, error: Exception) -> None:
        self._logger.error(
            "event_parked",
            tenant=event.tenant,
            position=event.position,
            stream=event.stream,
            type=event.type,
            exc_info=error,
        )
