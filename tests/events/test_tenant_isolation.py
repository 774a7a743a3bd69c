"""What stands still, fails or takes long of one school holds up no other: real Postgres."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from statistics import median
from uuid import uuid4

import pytest
from tests.events.given import command
from tests.events.hindered import blocked, holding
from tests.events.traffic import append
from tests.eventually import eventually

from milepost.events.commands.group_commit import GroupCommit
from milepost.events.log import Appended, Recorded
from milepost.events.parking.operator_actions import list_parked, retry
from milepost.events.parking.parked import Pool
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.store.tenant_share import TENANT
from milepost.events.subscriptions import subscription
from milepost.events.subscriptions.handler import Handler, TransactionalHandler
from milepost.events.subscriptions.subscription import Subscription

SLOW = "select true from pg_advisory_xact_lock(7)"
TYPES = (("enrollment", "learner_enrolled"),)


@pytest.fixture
async def pool(postgres) -> AsyncIterator[Pool]:
    pool = await connect_pool(postgres, name="test", size=10)
    yield pool
    await pool.close()


@pytest.fixture
def log(pool) -> PostgresLog:
    return PostgresLog(pool)


@dataclass
class Schools:
    """`sick` stands still at each event until `mended`; `well` is handled at once."""

    sick: str
    name: str = field(default_factory=lambda: f"isolation-{uuid4().hex[:8]}")
    mended: asyncio.Event = field(default_factory=asyncio.Event)
    reached: int = 0
    done: list[tuple[str, int]] = field(default_factory=list)
    fault: Exception | None = None

    @property
    def well(self) -> str:
        return f"{self.sick}-well"

    async def _handle(self, event: Recorded) -> None:
        if event.tenant == self.sick:
            self.reached += 1
            if self.fault:
                raise self.fault
            await self.mended.wait()
        if event.tenant in (self.sick, self.well):
            self.done.append((event.tenant, event.position))

    @property
    def handler(self) -> Handler:
        return Handler(self.name, TYPES, self._handle)

    @property
    def in_postgres(self) -> TransactionalHandler:
        return TransactionalHandler(self.name, TYPES, lambda _, event: self._handle(event))

    def of(self, tenant: str) -> list[int]:
        return [position for one, position in self.done if one == tenant]

    @asynccontextmanager
    async def running(self, handler, log, pool, nats_url, **options) -> AsyncIterator[None]:
        subscription = Subscription(handler, log, pool, nats_url, **options)
        task = asyncio.create_task(subscription.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture(autouse=True)
def the_clock_rings_soon(monkeypatch) -> None:
    """No relay runs here, and no message rings."""
    monkeypatch.setattr(subscription, "RECONCILE_SECONDS", 0.2)


@pytest.fixture
def schools(tenant) -> Schools:
    return Schools(tenant)


@pytest.mark.parametrize("kind", ["handler", "in_postgres"])
async def test_who_stands_still_holds_up_no_other_and_goes_on_in_order(
    kind, pool, log, nats_url, schools
):
    await append(log, schools.sick, "enrollment-a", *range(1, 31))
    async with schools.running(getattr(schools, kind), log, pool, nats_url, batch=10):
        await eventually(lambda: schools.reached)
        await append(log, schools.well, "enrollment-a", *range(1, 31))
        await eventually(lambda: schools.of(schools.well) == list(range(1, 31)))
        assert schools.of(schools.sick) == []
        schools.mended.set()
        await eventually(lambda: schools.of(schools.sick) == list(range(1, 31)))


async def test_a_school_that_takes_all_slots_takes_its_own(pool, log, nats_url, schools):
    for key in range(6):
        await append(log, schools.sick, f"enrollment-{key}", 1)
    async with schools.running(schools.handler, log, pool, nats_url, parallel=3):
        await eventually(lambda: schools.reached == 3)
        await append(log, schools.well, "enrollment-a", 1)
        await eventually(lambda: schools.of(schools.well) == [1])
        assert schools.reached == 3


async def test_what_an_operator_retries_holds_up_no_other(pool, log, nats_url, schools):
    schools.fault = ValueError("poison")
    await append(log, schools.sick, "enrollment-a", 1, 2)
    async with schools.running(schools.handler, log, pool, nats_url):
        await eventually(lambda: list_parked(pool, consumer=schools.name))
        schools.fault, schools.reached = None, 0
        [first, _] = await list_parked(pool, consumer=schools.name)
        await retry(pool, first.id, actor="ada")
        await eventually(lambda: schools.reached)
        await append(log, schools.well, "enrollment-a", 1)
        await append(log, schools.sick, "enrollment-a", 3)
        await eventually(lambda: schools.of(schools.well) == [1])
        schools.mended.set()
        await eventually(lambda: schools.of(schools.sick) == [1, 2, 3])


async def test_a_log_that_cannot_be_read_stops_no_other(pool, log, nats_url, schools):
    read, mended = log.read, schools.mended
    mended.set()
    broken = True

    async def cannot_read(tenant, *arguments):
        if tenant == schools.sick and broken:
            schools.reached += 1
            raise ValueError("invalid page in block 7")
        return await read(tenant, *arguments)

    log.read = cannot_read
    await append(log, schools.sick, "enrollment-a", 1)
    async with schools.running(schools.handler, log, pool, nats_url):
        await eventually(lambda: schools.reached)
        await append(log, schools.well, "enrollment-a", 1)
        await eventually(lambda: schools.of(schools.well) == [1])
        broken = False
        await eventually(lambda: schools.of(schools.sick) == [1])


async def test_what_is_passed_over_is_committed_and_moves_on(pool, log, nats_url, schools):
    await append(log, schools.well, "lesson-a", 1, 2, type_="lesson_started")
    reached = "select position from consumer.positions where consumer = $1 and tenant = $2"

    async def position():
        return await pool.fetchval(reached, schools.name, schools.well)

    async def stands_at(expected):
        return await position() == expected

    async with schools.running(schools.handler, log, pool, nats_url):
        await eventually(lambda: stands_at(2))
        await append(log, schools.well, "enrollment-a", 3)
        await append(log, schools.well, "lesson-b", 4, type_="lesson_started")
        await eventually(lambda: stands_at(4))
    assert schools.of(schools.well) == [3]


async def test_a_lock_on_one_log_holds_up_the_commands_of_no_other(postgres, pool, log, schools):
    sick = [f"{schools.sick}-{number}" for number in range(3)]
    commits = GroupCommit(log, connections=2)
    async with asyncio.timeout(30), AsyncExitStack() as held:
        for tenant in sick:
            await held.enter_async_context(holding(postgres, tenant, command(("book-a", 0))))
        stuck = [commits.submit(tenant, command(("book-b", 0))) for tenant in sick]
        seconds = []
        for number in range(10):
            begun = time.monotonic()
            await commits.submit(schools.well, command((f"book-{number}", 0)))
            seconds.append(time.monotonic() - begun)
        await blocked(pool, len(sick))
        assert not any(one.done() for one in stuck)
    await commits.close()
    assert [type(one.result()) for one in stuck] == [Appended] * len(sick)
    assert median(seconds) < 1


async def test_slow_queries_of_one_school_leave_connections_to_the_others(postgres, pool, schools):
    async def ask(tenant, query):
        TENANT.set(tenant)  # of this task alone
        return await shared.fetchval(query)

    async with await connect_pool(postgres, name="test", size=5) as shared:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(SLOW)
            slow = [asyncio.create_task(ask(schools.sick, SLOW)) for _ in range(9)]
            await blocked(pool, 2)
            async with asyncio.timeout(30):
                for _ in range(10):
                    assert await asyncio.create_task(ask(schools.well, "select true"))
            await blocked(pool, 2)
        assert await asyncio.gather(*slow) == [True] * 9
