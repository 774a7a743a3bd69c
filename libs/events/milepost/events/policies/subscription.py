"""Runs a policy on what the services publish: in order per stream, in parallel across streams.

NATS hurries, the log decides: a message only says how far to read. So whatever NATS loses, doubles
or brings late, a policy answers what the log holds, in its order, also while NATS is away.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn, TypeAlias
from uuid import UUID

from nats.aio.msg import Msg

from milepost.events.commands.transact import Transactor
from milepost.events.event import name_of
from milepost.events.log import Recorded, read_page
from milepost.events.nats.cloudevents import Foreign, place_of
from milepost.events.nats.jetstream import connected, ensure_stream
from milepost.events.nats.pull_consumer import PullConsumer
from milepost.events.parking.parked import Failure, Pool, park
from milepost.events.policies.policy import Policy, reaction_id
from milepost.events.policies.runner import TRANSIENT, PolicyRunner
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leadership import lead
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.runtime.retry import retry_forever

Bell: TypeAlias = asyncio.Queue[Sequence[Msg]]

LISTEN_SECONDS = 1.0
RECONCILE_SECONDS = 5.0

POSITIONS = "select tenant, position from consumer.positions where consumer = $1"
REACHED = """insert into consumer.positions (tenant, consumer, position)
    select tenant, $1, position from unnest($2::text[], $3::bigint[]) as r(tenant, position)
    on conflict (tenant, consumer) do update
    set position = greatest(positions.position, excluded.position), updated_at = now()"""


class Subscription:
    """One policy, wherever it leads: of all processes on a database one runs it at a time."""

    def __init__(
        self,
        policy: Policy,
        transactor: Transactor,
        pool: Pool,
        nats_url: str,
        *,
        batch: int = 500,
        parallel: int = 250,
        replicas: int = 1,
    ) -> None:
        self._policy = policy
        self._transactor = transactor
        self._pool = pool
        self._nats_url = nats_url
        self._batch = batch
        self._replicas = replicas
        self._answering = PolicyRunner(policy, transactor, pool, parallel=parallel)
        self._tags = tuple(tag for _, tag in policy.types)
        self._positions: dict[str, int] = {}

    async def run(self) -> NoReturn:
        """Until canceled, whoever goes away and comes back meanwhile."""
        await lead(self._pool, f"policy/{self._policy.name}", self._lead, TRANSIENT)

    async def _lead(self) -> None:
        rows = await self._pool.fetch(POSITIONS, self._policy.name)
        self._positions = {row["tenant"]: row["position"] for row in rows}
        await self._answering.recall()
        try:
            await self._work()
        finally:
            self._answering.forget()

    async def _work(self) -> None:
        bell: Bell = asyncio.Queue(1)
        listening = retry_forever(
            f"nats/{self._policy.name}", partial(self._listen, bell), UNAVAILABLE
        )
        tasks = [asyncio.create_task(work) for work in (self._follow(bell), listening)]
        try:
            await asyncio.gather(*tasks)
        finally:
            await cancel_and_wait(*tasks)

    async def _listen(self, bell: Bell) -> NoReturn:
        """Ring with what NATS has, and acknowledge what was then handled."""
        async with connected(self._nats_url, self._policy.name) as client:
            await ensure_stream(client.jetstream(), self._replicas)
            async with PullConsumer(
                client, self._policy.name, self._subjects(), self._batch
            ) as pull:
                while True:
                    if messages := await pull.messages(LISTEN_SECONDS):
                        await bell.put(messages)
                        await bell.join()
                        await pull.acknowledge(messages)

    def _subjects(self) -> list[str]:
        return [f"milepost.*.{service}.{name_of(tag)}" for service, tag in self._policy.types]

    async def _follow(self, bell: Bell) -> NoReturn:
        """By the bell, and by a slow clock of its own."""
        heads = self._transactor.log.heads
        clock = asyncio.get_running_loop().time
        caught_up_at, asked_at = -RECONCILE_SECONDS, clock()
        while True:
            if clock() - caught_up_at >= RECONCILE_SECONDS:
                await self._catch_up(await heads())
                caught_up_at = clock()
            if messages := await _rung(bell):
                await self._catch_up(_told(messages, await heads()))
                bell.task_done()
            if clock() - asked_at > LISTEN_SECONDS:
                await self._answering.hear_operators()
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
                page = await read_page(
                    self._transactor.log,
                    tenant,
                    after,
                    ends[tenant],
                    types=self._tags,
                    limit=self._batch,
                )
                reached[tenant] = page.reached
                events += page.events
                if len(events) >= self._batch:
                    break
            await self._handle(events, reached)

    async def _handle(self, events: Sequence[Recorded], reached: Mapping[str, int]) -> None:
        """Answer these, then remember how far we are."""
        failures = await self._answering.answer(events, await self._done(events))
        await self._remember(reached, failures)

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

    async def _remember(self, positions: Mapping[str, int], failures: Sequence[Failure]) -> None:
        name = self._policy.name
        async with self._pool.acquire() as connection, connection.transaction():
            if failures:
                await park(connection, name, failures)
            await connection.execute(REACHED, name, list(positions), list(positions.values()))
        self._positions.update(positions)


async def _rung(bell: Bell) -> Sequence[Msg]:
    """Nothing when it was silent for `LISTEN_SECONDS`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_SECONDS):
            return await bell.get()
    return ()


def _told(messages: Sequence[Msg], heads: Mapping[str, int]) -> dict[str, int]:
    """How far to read: as far as the messages go, but never beyond a head, to skip nothing."""
    furthest: dict[str, int] = {}
    for message in messages:
        try:
            tenant, position = place_of(message.subject, message.headers)
        except Foreign:
            continue
        known = min(position, heads.get(tenant, 0))
        furthest[tenant] = max(known, furthest.get(tenant, 0))
    return furthest
