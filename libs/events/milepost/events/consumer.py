"""Runs a policy on what the services publish: in order per stream, in parallel across streams.

NATS hurries, the log decides: a message only says how far to read. So whatever NATS loses, doubles
or brings late, a policy answers what the log holds, in its order.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import NoReturn
from uuid import UUID

import structlog
from nats.aio.msg import Msg
from prometheus_client import Counter, Gauge

from milepost.events.cloudevents import place_of
from milepost.events.event import name_of
from milepost.events.faults import AWAY, Overloaded
from milepost.events.jetstream import connected, ensure_stream
from milepost.events.lease import LeaseLost, lease
from milepost.events.log import Recorded
from milepost.events.parked import (
    Failure,
    Key,
    Pool,
    asked_keys,
    failed_again,
    of_key,
    park,
    parked_keys,
    settled,
)
from milepost.events.policy import Policy, reaction_id
from milepost.events.pull import Pull
from milepost.events.settle import answer
from milepost.events.transact import Contended, Transactor

ATTEMPTS = 3
# Of an attempt that failed for a reason that should pass, though the log answers: some 25 seconds.
STUBBORN = 0.25
LISTEN_SECONDS = 1.0
RECONCILE_SECONDS = 5.0
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 5.0
# Nothing is wrong with the event: the same again later may well succeed.
PASSING: tuple[type[BaseException], ...] = (*AWAY, Overloaded)
INTERRUPTIONS: tuple[type[BaseException], ...] = (*PASSING, LeaseLost)

HANDLED = Counter("milepost_policy_handled", "Events that a policy has answered", ["policy"])
PARKED = Gauge("milepost_policy_parked_streams", "Streams with a parked event", ["policy"])

POSITIONS = "select tenant, position from consumer.positions where consumer = $1"
REACHED = """insert into consumer.positions (tenant, consumer, position)
    select tenant, $1, position from unnest($2::text[], $3::bigint[]) as r(tenant, position)
    on conflict (tenant, consumer) do update
    set position = greatest(positions.position, excluded.position), updated_at = now()"""


class Consumer:
    """One policy, wherever it leads: of all processes on a database one runs it at a time.

    A reaction that a rule refuses is done with. While the log is away, it is waited for. Any other
    error is tried three times (or for some 25 seconds when it should pass, as a stream where others
    are always faster), then its event is parked with everything later of its stream.
    """

    def __init__(
        self,
        policy: Policy,
        transactor: Transactor,
        pool: Pool,
        nats_url: str,
        *,
        batch: int = 500,
        parallel: int = 250,
    ) -> None:
        self._policy = policy
        self._transactor = transactor
        self._pool = pool
        self._nats_url = nats_url
        self._batch = batch
        self._slots = asyncio.Semaphore(parallel)
        self._tags = tuple(tag for _, tag in policy.types)
        self._positions: dict[str, int] = {}
        self._parked: set[Key] = set()
        self._waiting = False
        self._log = structlog.get_logger().bind(policy=policy.name)

    async def run(self) -> None:
        """Until canceled, whoever goes away and comes back meanwhile."""
        pause_seconds = 0.0
        while True:
            try:
                async with lease(self._pool, f"policy/{self._policy.name}") as held:
                    pause_seconds = 0.0
                    self._log.info("policy_leads")
                    await held.keep(self._lead())
            except INTERRUPTIONS as error:
                if not pause_seconds:
                    self._log.warning("policy_interrupted", error=repr(error))
            pause_seconds = min(pause_seconds * 2 or 0.1, MAX_PAUSE_SECONDS)
            await asyncio.sleep(pause_seconds)

    async def _lead(self) -> None:
        rows = await self._pool.fetch(POSITIONS, self._policy.name)
        self._positions = {row["tenant"]: row["position"] for row in rows}
        self._parked = await parked_keys(self._pool, self._policy.name)
        async with connected(self._nats_url, self._policy.name) as client:
            await ensure_stream(client.jetstream())
            async with Pull(client, self._policy.name, self._subjects(), self._batch) as pull:
                await self._follow(pull)

    def _subjects(self) -> list[str]:
        return [f"milepost.*.{service}.{name_of(tag)}" for service, tag in self._policy.types]

    async def _follow(self, pull: Pull) -> NoReturn:
        heads = self._transactor.log.heads
        await self._catch_up(await heads())
        clock = asyncio.get_running_loop().time
        heard_at = asked_at = clock()
        while True:
            messages = await pull.messages(LISTEN_SECONDS)
            if messages:
                await self._catch_up(_told(messages, await heads()))
                await pull.acknowledge(messages)
                heard_at = clock()
            elif clock() - heard_at > RECONCILE_SECONDS:
                await self._catch_up(await heads())
                heard_at = clock()
            if clock() - asked_at > LISTEN_SECONDS:
                await self._hear_operators()
                asked_at = clock()

    async def _catch_up(self, ends: Mapping[str, int]) -> None:
        """Handle what the log holds of each tenant, to these positions or beyond."""
        while behind := [
            tenant for tenant, end in ends.items() if self._positions.get(tenant, 0) < end
        ]:
            events: list[Recorded] = []
            reached: dict[str, int] = {}
            for tenant in behind:
                after = self._positions.get(tenant, 0)
                found = await self._transactor.log.read(tenant, after, self._batch, self._tags)
                last = [event.position for event in found[-1:]]
                reached[tenant] = max([ends[tenant], *last] if len(found) < self._batch else last)
                events += found
                if len(events) >= self._batch:
                    break
            await self._handle(events, reached)

    async def _handle(self, events: Sequence[Recorded], reached: Mapping[str, int]) -> None:
        """Answer these, then remember how far we are."""
        streams: dict[Key, list[Recorded]] = {}
        for event in events:
            streams.setdefault((event.tenant, event.stream), []).append(event)
        done = await self._done(events)
        failures = await asyncio.gather(
            *(self._answer_stream(key, events, done) for key, events in streams.items())
        )
        await self._remember(reached, [one for some in failures for one in some])

    async def _done(self, events: Sequence[Recorded]) -> set[UUID]:
        """The first reactions that were done before: by another delivery, or in-process."""
        ids: dict[str, list[UUID]] = {}
        for event in events:
            command_id = reaction_id(self._policy.name, event.event_id, 0)
            ids.setdefault(event.tenant, []).append(command_id)
        found: set[UUID] = set()
        for tenant, asked in ids.items():
            found |= (await self._transactor.log.done(tenant, asked)).keys()
        return found

    async def _answer_stream(
        self, key: Key, events: Sequence[Recorded], done: Collection[UUID]
    ) -> list[Failure]:
        if key in self._parked:
            return [Failure(event) for event in events]
        async with self._slots:
            for index, event in enumerate(events):
                if failure := await self._answer(event, done):
                    self._parked.add(key)
                    return [failure, *(Failure(later) for later in events[index + 1 :])]
        return []

    async def _answer(self, event: Recorded, done: Collection[UUID] = ()) -> Failure | None:
        """Try until it is done, or has failed too often while the log was there."""
        attempts, pause_seconds = 0.0, FIRST_PAUSE_SECONDS
        while True:
            try:
                await answer(self._transactor, self._policy, event, done)
            except Exception as error:  # noqa: BLE001 - waited for, or parked for a person
                attempts += await self._weight(event, error)
                if attempts >= ATTEMPTS:
                    return self._parks(event, error)
            else:
                self._goes_on()
                return None
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, MAX_PAUSE_SECONDS)

    async def _remember(self, positions: Mapping[str, int], failures: Sequence[Failure]) -> None:
        name = self._policy.name
        async with self._pool.acquire() as connection, connection.transaction():
            if failures:
                await park(connection, name, failures)
            await connection.execute(REACHED, name, list(positions), list(positions.values()))
        self._positions.update(positions)
        PARKED.labels(name).set(len(self._parked))

    async def _hear_operators(self) -> None:
        for key in await asked_keys(self._pool, self._policy.name):
            if await self._resume(key):
                self._parked.discard(key)
        PARKED.labels(self._policy.name).set(len(self._parked))

    async def _resume(self, key: Key) -> bool:
        """Do what is parked of a stream, in order. False when something of it stays parked."""
        for parked in await of_key(self._pool, self._policy.name, key):
            if parked.status == "parked":
                return False
            if parked.status == "skip":
                await settled(self._pool, parked, "skipped")
                continue
            [event] = await self._transactor.log.read(parked.tenant, parked.position - 1, 1)
            if failure := await self._answer(event):
                await failed_again(self._pool, parked, failure)
                return False
            await settled(self._pool, parked, "done")
        return True

    async def _weight(self, event: Recorded, error: Exception) -> float:
        """How much of an attempt this was: none when it says nothing about the event."""
        if not _passes(error):
            return 1
        self._waits(event, error)
        if isinstance(error, Overloaded):
            return STUBBORN if isinstance(error, Contended) else 0
        try:
            await self._transactor.log.heads()
        except AWAY:
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
        return Failure(event, repr(error), ATTEMPTS)


def _passes(error: Exception) -> bool:
    # asyncpg counts a value that Postgres cannot take among its interface errors.
    return isinstance(error, PASSING) and not isinstance(error, ValueError)


def _told(messages: Sequence[Msg], heads: Mapping[str, int]) -> dict[str, int]:
    """How far to read: as far as the messages go, but never beyond a head, to skip nothing."""
    furthest: dict[str, int] = {}
    for message in messages:
        tenant, position = place_of(message.headers or {})
        known = min(position, heads.get(tenant, 0))
        furthest[tenant] = max(known, furthest.get(tenant, 0))
    return furthest
