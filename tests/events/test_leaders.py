"""All leaders of a process share one connection, and are told of it together when it is lost."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4
from weakref import ref

import asyncpg
import pytest
from tests.events.test_leadership import kill_holder
from tests.eventually import eventually

from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leaders import lead, shared_lease
from milepost.events.runtime.outages import TRANSIENT
from milepost.events.store.postgres import connect_pool

HELD = """select count(distinct pid) from pg_locks where locktype = 'advisory' and granted
    and database = (select oid from pg_database where datname = current_database())"""


class Leading:
    """Who leads what, and how often anybody began to."""

    def __init__(self) -> None:
        self.now: set[tuple[str, str]] = set()
        self.began = 0

    def work(self, who: str, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def work() -> None:
            self.began += 1
            self.now.add((who, name))
            try:
                await asyncio.Event().wait()
            finally:
                self.now.discard((who, name))

        return work


@asynccontextmanager
async def process(dsn: str, who: str, names: list[str], leading: Leading) -> AsyncIterator[None]:
    """With a pool that is smaller than the number of its leaders."""
    pool = await connect_pool(dsn, name=who, size=2)
    tasks = [
        asyncio.create_task(lead(pool, name, leading.work(who, name), TRANSIENT)) for name in names
    ]
    try:
        yield
    finally:
        await cancel_and_wait(*tasks)
        await asyncio.wait_for(pool.close(), 10)


@pytest.fixture
def names() -> list[str]:
    return [uuid4().hex for _ in range(6)]


async def test_more_leaders_than_connections_lead_and_leave_one_free(
    postgres: str, names: list[str]
):
    leading = Leading()
    connection = await asyncpg.connect(postgres)
    before = await connection.fetchval(HELD)
    async with process(postgres, "first", names, leading):
        await eventually(lambda: len(leading.now) == len(names))
        assert await connection.fetchval(HELD) == before + 1
    assert await connection.fetchval(HELD) == before
    await connection.close()


async def test_another_process_takes_over_what_a_process_led(postgres: str, names: list[str]):
    leading = Leading()
    async with process(postgres, "second", names, leading):
        await eventually(lambda: len(leading.now) == len(names))
        async with process(postgres, "first", names, leading):
            await asyncio.sleep(0.7)  # it has asked once more
            assert {who for who, _ in leading.now} == {"second"}
    async with process(postgres, "first", names, leading):
        await eventually(lambda: len(leading.now) == len(names))
        assert {who for who, _ in leading.now} == {"first"}


async def test_of_two_in_one_process_one_leads(postgres: str, names: list[str]):
    leading = Leading()
    async with process(postgres, "both", [names[0], names[0]], leading):
        await eventually(lambda: leading.began)
        await asyncio.sleep(0.7)
        assert leading.began == 1


async def test_all_begin_again_when_the_connection_is_lost(postgres: str, names: list[str]):
    leading = Leading()
    async with process(postgres, "first", names, leading):
        await eventually(lambda: len(leading.now) == len(names))
        await kill_holder(postgres)
        await eventually(lambda: leading.began == 2 * len(names) and len(leading.now) == len(names))


async def test_a_pool_that_was_closed_is_not_kept(postgres: str):
    pool = await connect_pool(postgres, name="gone", size=2)
    async with shared_lease(pool, uuid4().hex):
        pass
    await pool.close()
    kept = ref(pool)
    del pool
    gc.collect()
    assert kept() is None
