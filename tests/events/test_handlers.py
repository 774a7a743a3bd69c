"""Effects that are not commands: at least once, or once with the checkpoint; in order per key."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from tests.events.traffic import append, relaying
from tests.eventually import eventually

from milepost.events.log import Log, Recorded, pages
from milepost.events.parking.operator_actions import list_parked, retry, skip
from milepost.events.parking.parked import Connection, Pool
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.subscriptions.checkpoint import Checkpoint, CheckpointMoved
from milepost.events.subscriptions.handler import (
    AnyHandler,
    Handler,
    KeyOf,
    TransactionalHandler,
    stream_of,
)
from milepost.events.subscriptions.runner import Runner
from milepost.events.subscriptions.subscription import Subscription
from milepost.events.subscriptions.transaction import TransactionRunner

TYPES = (("enrollment", "learner_enrolled"),)
EFFECTS = """create table public.effects (consumer text not null, position bigint not null,
    number bigint not null, ordinal bigint generated always as identity);
    grant select, insert on public.effects to milepost_service"""
WRITE = "insert into public.effects (consumer, position, number) values ($1, $2, $3)"
WRITTEN = "select number from public.effects where consumer = $1 order by ordinal"


class Poison(Exception):
    pass


def number_of(event: Recorded) -> int:
    return int(msgspec.json.decode(event.data)["number"])


def last_digit(event: Recorded) -> str:
    """A key of one's own: events of many streams share it."""
    return str(number_of(event) % 10)


@dataclass
class Effects:
    """Its handlers write each number down; `trouble` is called before that, and may raise."""

    tenant: str
    name: str
    trouble: Callable[[int], None] = lambda _: None
    seen: list[int] = field(default_factory=list)
    writes: bool = False

    def elsewhere(self, key_of: KeyOf = stream_of) -> Handler:
        async def handle(event: Recorded) -> None:
            if event.tenant == self.tenant:
                await asyncio.sleep(0)
                self.trouble(number_of(event))
                self.seen.append(number_of(event))

        return Handler(self.name, TYPES, handle, key_of)

    def in_postgres(self, key_of: KeyOf = stream_of) -> TransactionalHandler:
        async def handle(connection: Connection, event: Recorded) -> None:
            if event.tenant == self.tenant:
                self.seen.append(number_of(event))
                await connection.execute(WRITE, self.name, event.position, number_of(event))
                self.trouble(number_of(event))

        self.writes = True
        return TransactionalHandler(self.name, TYPES, handle, key_of)

    async def written(self, pool: Pool) -> list[int]:
        return [row["number"] for row in await pool.fetch(WRITTEN, self.name)]

    async def done(self, pool: Pool) -> list[int]:
        """Without what was tried and failed."""
        return await self.written(pool) if self.writes else self.seen

    async def last(self, pool: Pool, count: int) -> list[int]:
        return (await self.done(pool))[-count:]

    async def parked(self, pool: Pool) -> list[tuple[str, str, int]]:
        found = await list_parked(pool, consumer=self.name)
        return [(one.key, one.status, one.position) for one in found]


@pytest.fixture(scope="module")
async def postgres_with_effects(postgres: str) -> str:
    connection = await asyncpg.connect(postgres)
    await connection.execute(EFFECTS)
    await connection.close()
    return postgres


@pytest.fixture
async def pool(postgres_with_effects: str) -> AsyncIterator[Pool]:
    pool = await connect_pool(postgres_with_effects, name="test", size=10)
    yield pool
    await pool.close()


@pytest.fixture
def log(pool: Pool) -> PostgresLog:
    return PostgresLog(pool)


@pytest.fixture
async def relayed(log: PostgresLog, postgres: str, nats_url: str) -> AsyncIterator[str]:
    """The address of a NATS that the log is published to."""
    async with relaying(log, postgres, nats_url):
        yield nats_url


@pytest.fixture
def effects(tenant: str) -> Effects:
    return Effects(tenant, f"effects-{uuid4().hex[:8]}")


@asynccontextmanager
async def subscribed(handler: AnyHandler, pool: Pool, nats_url: str) -> AsyncIterator[None]:
    task = asyncio.create_task(Subscription(handler, PostgresLog(pool), pool, nats_url).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def recorded(log: Log, tenant: str) -> list[Recorded]:
    return [event async for page in pages(log, tenant) for event in page.events]


async def running(
    handler: TransactionalHandler, pool: Pool, log: Log
) -> tuple[TransactionRunner, Checkpoint]:
    """As a process that has just started to lead has it."""
    checkpoint = Checkpoint(pool, handler.name)
    await checkpoint.load()
    runner = TransactionRunner(handler, log, pool, checkpoint)
    await runner.parked.load()
    return runner, checkpoint


def refuse(*numbers: int) -> Callable[[int], None]:
    def trouble(number: int) -> None:
        if number in numbers:
            raise Poison(number)

    return trouble


async def handle(runner: TransactionRunner, events: Sequence[Recorded]) -> None:
    await runner.run(events, {events[-1].tenant: events[-1].position})


@pytest.mark.parametrize("kind", ["elsewhere", "in_postgres"])
async def test_a_handler_gets_each_event_once_in_the_order_of_its_key(
    kind, pool, log, relayed, effects
):
    async with subscribed(getattr(effects, kind)(last_digit), pool, relayed):
        for start in (0, 10, 20):
            for key in "abc":
                numbers = [start + 100 * "abc".index(key) + digit for digit in range(10)]
                await append(log, effects.tenant, f"enrollment-{key}", *numbers)
        done = await eventually(lambda: all_of(effects.done(pool), 90))
    order = [number_of(event) for event in await recorded(log, effects.tenant)]
    for digit in range(10):
        expected = [number for number in order if number % 10 == digit]
        assert [number for number in done if number % 10 == digit] == expected


@pytest.mark.parametrize("kind", ["elsewhere", "in_postgres"])
async def test_what_fails_is_parked_with_its_key_over_all_streams_and_other_keys_go_on(
    kind, pool, log, relayed, effects
):
    effects.trouble = refuse(11)
    tenant = effects.tenant
    await append(log, tenant, "enrollment-a", 1, 2, 11, 12, 21)
    await append(log, tenant, "enrollment-b", 31, 32)
    expected = [("1", "parked", 3), ("1", "behind", 5), ("1", "behind", 6)]
    async with subscribed(getattr(effects, kind)(last_digit), pool, relayed):
        await eventually(lambda: holds(effects.parked(pool), expected))
        assert sorted(await eventually(lambda: all_of(effects.done(pool), 4))) == [1, 2, 12, 32]
        effects.trouble = lambda _: None
        await retry(pool, (await list_parked(pool, consumer=effects.name))[0].id, actor="ada")
        await eventually(lambda: holds(effects.parked(pool), []))
        await append(log, tenant, "enrollment-c", 41)
        await eventually(lambda: holds(effects.last(pool, 4), [11, 21, 31, 41]))


async def all_of(found, count):
    numbers = await found
    return numbers if len(numbers) >= count else None


async def holds(found, expected):
    return await found == expected


async def test_an_event_whose_key_cannot_be_told_is_kept_with_its_stream(
    pool, log, tenant, effects
):
    def poisonous(_: Recorded) -> str:
        raise Poison

    effects.trouble = refuse(1)
    await append(log, tenant, "enrollment-a", 1, 2)
    runner = Runner(effects.elsewhere(key_of=poisonous), log, pool)
    failures = await runner.run(await recorded(log, tenant))
    assert [(one.key, one.error) for one in failures] == [
        ("enrollment-a", "Poison(1)"),
        ("enrollment-a", ""),
    ]


async def test_what_a_batch_needs_is_fetched_before_its_first_event(pool, log, tenant, effects):
    fetched: list[int] = []

    async def prefetch(events: Sequence[Recorded]) -> None:
        fetched.extend(map(number_of, events))

    def is_fetched(number: int) -> None:
        assert number in fetched

    effects.trouble = is_fetched
    await append(log, tenant, "enrollment-a", 1, 2, 3)
    handler = msgspec.structs.replace(effects.elsewhere(), prefetch=prefetch)
    assert await Runner(handler, log, pool).run(await recorded(log, tenant)) == []
    assert effects.seen == [1, 2, 3]


async def test_a_batch_is_handled_in_one_call_and_alone_what_fails_in_it(
    pool, log, tenant, effects
):
    calls: list[list[int]] = []
    one_by_one = effects.in_postgres()

    async def handle_all(connection: Connection, events: Sequence[Recorded]) -> None:
        calls.append([number_of(event) for event in events])
        for event in events:
            await one_by_one.handle(connection, event)

    await append(log, tenant, "enrollment-a", 1, 2)
    await append(log, tenant, "enrollment-b", 3, 4)
    handler = msgspec.structs.replace(one_by_one, handle_all=handle_all)
    runner, _ = await running(handler, pool, log)
    events = await recorded(log, tenant)
    await handle(runner, events[:2])
    effects.trouble = refuse(3)
    await handle(runner, events[2:])
    assert calls == [[1, 2], [3, 4]]
    assert await effects.written(pool) == [1, 2]
    assert await effects.parked(pool) == [
        ("enrollment-b", "parked", 3),
        ("enrollment-b", "behind", 4),
    ]


async def test_what_comes_while_a_handler_rests_is_handled_together(pool, log, relayed, effects):
    batches: list[int] = []
    one_by_one = effects.in_postgres()

    async def handle_all(connection: Connection, events: Sequence[Recorded]) -> None:
        batches.append(len([one for one in events if one.tenant == effects.tenant]))
        for event in events:
            await one_by_one.handle(connection, event)

    handler = msgspec.structs.replace(one_by_one, handle_all=handle_all, rest_seconds=1)
    async with subscribed(handler, pool, relayed):
        await append(log, effects.tenant, "enrollment-a", 1)
        await eventually(lambda: all_of(effects.done(pool), 1))
        started = monotonic()
        for number in range(2, 12):
            await append(log, effects.tenant, "enrollment-a", number)
            await asyncio.sleep(0.05)  # by itself, each would be a batch
        assert await eventually(lambda: all_of(effects.done(pool), 11)) == [*range(1, 12)]
    ours = [one for one in batches if one]  # the log holds what other schools did, too
    assert len(ours) <= 3 + (monotonic() - started) / handler.rest_seconds


async def test_a_batch_that_is_interrupted_leaves_neither_effect_nor_checkpoint(
    pool, log, tenant, effects
):
    await append(log, tenant, "enrollment-a", 1, 2, 3)
    handler, events = effects.in_postgres(), await recorded(log, tenant)

    def canceled(number: int) -> None:
        if number == 3:
            raise asyncio.CancelledError

    effects.trouble = canceled
    runner, _ = await running(handler, pool, log)
    with pytest.raises(asyncio.CancelledError):
        await handle(runner, events)
    assert await effects.written(pool) == []
    effects.trouble = lambda _: None
    runner, checkpoint = await running(handler, pool, log)
    assert checkpoint.positions == {}
    await handle(runner, events)
    assert await effects.written(pool) == [1, 2, 3]


async def test_of_a_batch_with_a_poisonous_event_the_others_are_written_once(
    pool, log, tenant, effects
):
    effects.trouble = refuse(3, 5)
    for key, number in zip("abcdef", range(1, 7), strict=True):
        await append(log, tenant, f"enrollment-{key}", number)
    runner, checkpoint = await running(effects.in_postgres(), pool, log)
    await handle(runner, await recorded(log, tenant))
    assert await effects.written(pool) == [1, 2, 4, 6]
    assert checkpoint.positions == {tenant: 6}
    assert [row[1:] for row in await effects.parked(pool)] == [("parked", 3), ("parked", 5)]


async def test_a_statement_that_postgres_refuses_spoils_no_other_effect(pool, log, tenant, effects):
    await append(log, tenant, "enrollment-a", 1)
    await append(log, tenant, "enrollment-b", 2)

    async def swallow(connection: Connection, event: Recorded) -> None:
        await connection.execute(WRITE, effects.name, event.position, number_of(event))
        if number_of(event) == 1:
            with suppress(asyncpg.PostgresError):
                await connection.execute("select 1 / 0")

    handler = msgspec.structs.replace(effects.in_postgres(), handle=swallow)
    runner, _ = await running(handler, pool, log)
    await handle(runner, await recorded(log, tenant))
    assert await effects.written(pool) == [2]
    assert [row[1:] for row in await effects.parked(pool)] == [("parked", 1)]


async def test_a_connection_lost_under_way_costs_nothing(pool, log, tenant, effects):
    await append(log, tenant, "enrollment-a", 1, 2, 3)
    cut = iter([2])

    async def cutting(connection: Connection, event: Recorded) -> None:
        await connection.execute(WRITE, effects.name, event.position, number_of(event))
        if number_of(event) == next(cut, None):
            await connection.close()

    handler = msgspec.structs.replace(effects.in_postgres(), handle=cutting)
    runner, _ = await running(handler, pool, log)
    await handle(runner, await recorded(log, tenant))
    assert await effects.written(pool) == [1, 2, 3]
    assert await effects.parked(pool) == []


async def test_who_has_lost_the_lease_unnoticed_writes_nothing(pool, log, tenant, effects):
    await append(log, tenant, "enrollment-a", 1, 2, 3)
    events = await recorded(log, tenant)
    slower, _ = await running(effects.in_postgres(), pool, log)
    faster, _ = await running(effects.in_postgres(), pool, log)
    await handle(faster, events[:2])
    with pytest.raises(CheckpointMoved):
        await handle(slower, events)
    assert await effects.written(pool) == [1, 2]


async def test_who_has_lost_the_lease_parks_nothing_either(pool, log, tenant, effects):
    effects.trouble = refuse(3)
    await append(log, tenant, "enrollment-a", 1, 2, 3)
    events = await recorded(log, tenant)
    slower, _ = await running(effects.in_postgres(), pool, log)
    faster, _ = await running(effects.in_postgres(), pool, log)
    await handle(faster, events[:2])
    effects.seen.clear()
    with pytest.raises(CheckpointMoved):
        await handle(slower, events)
    assert effects.seen == [1, 2, 3, 1], "the first that is handled alone is tried once"
    assert await effects.parked(pool) == []


async def test_of_two_that_resume_at_once_one_does_it(pool, log, tenant, effects):
    effects.trouble = refuse(1)
    await append(log, tenant, "enrollment-a", 1)
    first, _ = await running(effects.in_postgres(), pool, log)
    await handle(first, await recorded(log, tenant))
    other, _ = await running(effects.in_postgres(), pool, log)
    effects.trouble = lambda _: None
    await retry(pool, (await list_parked(pool, consumer=effects.name))[0].id, actor="ada")
    found = await asyncio.gather(first.resume(), other.resume(), return_exceptions=True)
    assert all(one is None or isinstance(one, CheckpointMoved) for one in found)
    assert await effects.written(pool) == [1]
    assert await effects.parked(pool) == []


async def test_what_is_skipped_has_no_effect_and_what_waits_behind_it_has(
    pool, log, tenant, effects
):
    effects.trouble = refuse(1)
    await append(log, tenant, "enrollment-a", 1, 2)
    runner, _ = await running(effects.in_postgres(), pool, log)
    await handle(runner, await recorded(log, tenant))
    first, _ = await list_parked(pool, consumer=effects.name)
    await skip(pool, first.id, actor="ada", reason="known")
    await runner.resume()
    assert await effects.written(pool) == [2]
    assert await effects.parked(pool) == []


async def test_a_checkpoint_is_moved_only_from_where_it_is_believed_to_be(pool, tenant, effects):
    other = f"{tenant}-other"
    checkpoint = Checkpoint(pool, effects.name)
    await checkpoint.advance({tenant: 3, other: 5})
    stale = Checkpoint(pool, effects.name)
    with pytest.raises(CheckpointMoved):
        await stale.advance({tenant: 9})
    await stale.load()
    assert stale.positions == {tenant: 3, other: 5}
    await stale.advance({tenant: 4})
    with pytest.raises(CheckpointMoved):
        await checkpoint.advance({other: 6, tenant: 5})
    await stale.load()
    assert stale.positions == {tenant: 4, other: 5}, "neither was moved"
    assert checkpoint.backlog({tenant: 3, other: 6, "new": 1}) == [other, "new"]
