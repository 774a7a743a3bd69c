"""How a policy's events are answered: in order per stream, in parallel across streams.

A reaction that a rule refuses is done with. While the log is away, it is waited for. Any other
error is tried three times (or for some 25 seconds when it should pass, as a stream where others
are always faster), then its event is parked with everything later of its stream.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import TypeAlias
from uuid import UUID

import structlog
from prometheus_client import Counter

from milepost.events.commands.transact import Contended, Transactor
from milepost.events.log import Recorded, event_at
from milepost.events.parking.parked import (
    PARKED,
    Failure,
    Pool,
    failed_again,
    mark_resolved,
    of_key,
    waiting,
)
from milepost.events.policies.policy import Policy
from milepost.events.policies.reactions import run_reactions
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.outages import READ_ONLY, UNAVAILABLE, Overloaded, is_transient

ATTEMPTS = 3
# Of an attempt that failed for a reason that should pass, though the log answers: some 25 seconds.
STUBBORN = 0.25
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 5.0
AT_ONCE = 500
# Nothing is wrong with the event: the same again later may well succeed.
TRANSIENT: tuple[type[BaseException], ...] = (*UNAVAILABLE, Overloaded)

HANDLED = Counter("milepost_policy_handled", "Events that a policy has answered", ["policy"])

Key: TypeAlias = tuple[str, str]


class PolicyRunner:
    """One policy's. What it gives back as failures, the caller parks with its own progress."""

    def __init__(
        self, policy: Policy, transactor: Transactor, pool: Pool, *, parallel: int = 250
    ) -> None:
        self._policy = policy
        self._transactor = transactor
        self._pool = pool
        self._slots = asyncio.Semaphore(parallel)
        self._parked: set[Key] = set()
        self._waiting = False
        self._log = structlog.get_logger().bind(policy=policy.name)

    async def recall(self) -> list[Key]:
        """What is parked, by whoever led before. Returns the streams that operators ask about."""
        held = await waiting(self._pool, self._policy.name)
        self._parked = {(one.tenant, one.key) for one in held}
        PARKED.labels(self._policy.name).set(sum(one.events for one in held))
        return [(one.tenant, one.key) for one in held if one.asked]

    def forget(self) -> None:
        """Another process leads: what is parked is for that one to say."""
        PARKED.remove(self._policy.name)

    async def answer(
        self, events: Sequence[Recorded], done: Collection[UUID] = ()
    ) -> list[Failure]:
        """Answer these, but for the reactions already `done`. Returns what is to be parked."""
        streams: dict[Key, list[Recorded]] = {}
        for event in events:
            streams.setdefault((event.tenant, event.stream), []).append(event)
        failures = await asyncio.gather(
            *(self._answer_stream(key, events, done) for key, events in streams.items())
        )
        return [one for some in failures for one in some]

    async def hear_operators(self) -> None:
        """Retry and skip what they have asked for since."""
        asked = await self.recall()
        for key in asked:
            await self._resume(*key)
        if asked:
            await self.recall()

    async def _answer_stream(
        self, key: Key, events: Sequence[Recorded], done: Collection[UUID]
    ) -> list[Failure]:
        if key in self._parked:
            return [_failure(event) for event in events]
        async with self._slots:
            for index, event in enumerate(events):
                if failure := await self._answer(event, done):
                    self._parked.add(key)
                    return [failure, *(_failure(later) for later in events[index + 1 :])]
        return []

    async def _answer(self, event: Recorded, done: Collection[UUID] = ()) -> Failure | None:
        """Try until it is done, or has failed too often while the log was there."""
        attempts, backoff = 0.0, Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
        while True:
            try:
                await run_reactions(self._transactor, self._policy, event, done)
            except Exception as error:  # noqa: BLE001 - waited for, or parked for a person
                attempts += await self._weight(event, error)
                if attempts >= ATTEMPTS:
                    return self._parks(event, error)
            else:
                self._goes_on()
                return None
            await backoff.pause()

    async def _resume(self, tenant: str, stream: str) -> None:
        """Do what is parked of a stream, in order, up to what nobody has decided on.

        Not all of a long one at once: other streams wait meanwhile.
        """
        for parked in await of_key(self._pool, self._policy.name, tenant, stream, limit=AT_ONCE):
            if parked.status == "parked":
                return
            if parked.status != "skip":
                event = await event_at(self._transactor.log, tenant, parked.position)
                if failure := await self._answer(event):
                    await failed_again(self._pool, parked, failure)
                    return
            await mark_resolved(self._pool, [parked])

    async def _weight(self, event: Recorded, error: Exception) -> float:
        """How much of an attempt this was: none when it says nothing about the event."""
        if not is_transient(error):
            return 1
        self._waits(event, error)
        if isinstance(error, Overloaded):
            return STUBBORN if isinstance(error, Contended) else 0
        if isinstance(error, READ_ONLY):
            return 0
        try:
            await self._transactor.log.heads()
        except UNAVAILABLE:
            return 0
        return STUBBORN

    def _waits(self, event: Recorded, error: BaseException) -> None:
        if not self._waiting:
            self._waiting = True
            self._log.warning("policy_waits", position=event.position, error=repr(error))

    def _goes_on(self) -> None:
        HANDLED.labels(self._policy.name).inc()
        if self._waiting:
            self._waiting = False
            self._log.info("policy_goes_on")

    def _parks(self, event: Recorded, error: Exception) -> Failure:
        self._log.error(
            "event_parked",
            tenant=event.tenant,
            position=event.position,
            stream=event.stream,
            type=event.type,
            exc_info=error,
        )
        return _failure(event, repr(error), ATTEMPTS)


def _failure(event: Recorded, error: str = "", attempts: int = 0) -> Failure:
    return Failure(event.tenant, event.position, event.stream, error, attempts)
