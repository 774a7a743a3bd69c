"""Of all who ask for a lease one holds it, until it lets go or its connection is gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import asyncpg
import pytest
from tests.eventually import eventually
from tests.faults.proxy import Wire, wired
from tests.watched import Call, calls

from milepost.events.runtime.leadership import LeaseLost, Leases, Source, lease
from milepost.events.store.postgres import connect_pool


@pytest.fixture(params=["dsn", "pool"])
async def source(request: pytest.FixtureRequest, postgres: str) -> AsyncIterator[Source]:
    if request.param == "dsn":
        yield postgres
        return
    pool = await connect_pool(postgres, name="lease", size=4)
    yield pool
    await pool.close()


@pytest.fixture
def name() -> str:
    return uuid4().hex


@pytest.fixture(params=["dsn", "pool"])
async def line(
    request: pytest.FixtureRequest, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Wire, Source]]:
    """A wire that may fall silent, and what stands at its near end."""
    monkeypatch.setattr("milepost.events.runtime.leadership.ANSWER_SECONDS", 0.2)
    async with wired(postgres) as (wire, dsn):
        if request.param == "dsn":
            yield wire, dsn
            return
        pool = await connect_pool(dsn, name="lease", size=4)
        yield wire, pool
        pool.terminate()


async def kill_holder(postgres: str) -> None:
    connection = await asyncpg.connect(postgres)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    await connection.close()


async def hold(source: Source, name: str, seconds: float = 0.0) -> str:
    async with lease(source, name, retry_seconds=0.02) as held:
        return await held.keep(asyncio.sleep(seconds, "done"))


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Of anybody to lead anything, so far."""
    return calls(monkeypatch, Leases, "acquire")


def refused(tries: list[Call], times: int = 1) -> Callable[[], bool]:
    return lambda: sum(not one.answer for one in tries) >= times


def taken(tries: list[Call]) -> Callable[[], bool]:
    return lambda: any(one.answer for one in tries)


async def test_the_second_waits_until_the_first_lets_go(source, name, tries):
    async with lease(source, name):
        second = asyncio.create_task(hold(source, name))
        await eventually(refused(tries, 3))
        assert not second.done()
    assert await second == "done"


async def test_other_names_do_not_wait(source, name):
    async with lease(source, name):
        assert await hold(source, f"{name}-other") == "done"


async def test_work_ends_when_the_connection_is_gone(source, name, postgres, tries):
    async with asyncio.timeout(10):
        working = asyncio.create_task(hold(source, name, seconds=60))
        await eventually(taken(tries))
        await kill_holder(postgres)
        with pytest.raises(LeaseLost):
            await working
        assert await hold(source, name) == "done"


async def test_who_waits_does_so_for_ever_as_long_as_the_server_answers(line, name):
    _, source = line
    async with lease(source, name):
        second = asyncio.create_task(hold(source, name))
        await asyncio.sleep(0.5)  # longer than one answer is waited for
        assert not second.done()
    assert await second == "done"


async def test_who_lets_go_is_not_kept_by_a_server_that_says_nothing(line, name):
    wire, source = line
    async with asyncio.timeout(3):
        async with lease(source, name) as held:
            wire.fall_silent()
        assert held.lost.is_set()


async def test_who_is_canceled_while_the_server_says_nothing_does_end(line, name, tries):
    wire, source = line
    async with asyncio.timeout(3):
        holder = asyncio.create_task(hold(source, name, seconds=60))
        await eventually(taken(tries))
        wire.fall_silent()
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder


async def test_who_waits_is_told_when_the_server_says_nothing_any_more(line, name, tries):
    wire, source = line
    async with asyncio.timeout(3), lease(source, name):
        second = asyncio.create_task(hold(source, name))
        await eventually(refused(tries))
        wire.fall_silent()
        with pytest.raises(TimeoutError):
            await second


async def test_a_failure_of_the_work_is_raised_and_lets_go(source, name):
    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with lease(source, name) as held:
            await held.keep(fail())
    assert await hold(source, name) == "done"


async def test_who_is_canceled_waiting_or_holding_lets_go(source, name, tries):
    holder = asyncio.create_task(hold(source, name, seconds=60))
    await eventually(taken(tries))
    waiting = asyncio.create_task(hold(source, name, seconds=60))
    await eventually(refused(tries))
    for task in (waiting, holder):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await hold(source, name) == "done"
