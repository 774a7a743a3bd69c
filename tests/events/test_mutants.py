"""Take any guard away, and a scenario fails that passes with it. The table stands in
`guards_of_log.py` and `guards_of_transact.py`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.events import guards_of_log, guards_of_transact
from tests.events.mutants import LOG_SQL, Guard, break_log, broken_transactor, scratch_database
from tests.events.scenarios import Ground

from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import connect_pool

GUARDS = guards_of_log.GUARDS + guards_of_transact.GUARDS


@pytest.fixture(scope="module")
async def scratch(postgres: str) -> AsyncIterator[str]:
    async with scratch_database(postgres) as dsn:
        yield dsn


@asynccontextmanager
async def intact(postgres: str, tenant: str) -> AsyncIterator[Ground]:
    pool = await connect_pool(postgres, name="test")
    try:
        yield Ground(postgres, pool, tenant, Transactor)
    finally:
        await pool.close()


@asynccontextmanager
async def without(guard: Guard, postgres: str, scratch: str, tenant: str) -> AsyncIterator[Ground]:
    if guard.file == LOG_SQL:
        await break_log(scratch, guard.cut)
        async with intact(scratch, tenant) as ground:
            yield ground
    else:
        async with intact(postgres, tenant) as ground:
            yield ground._replace(transactor=broken_transactor(guard.file, guard.cut))


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.guard)
async def test_a_scenario_passes_with_the_guard_and_fails_without(
    postgres: str, scratch: str, tenant: str, guard: Guard
) -> None:
    async with intact(postgres, tenant) as ground:
        await guard.scenario(ground)
    async with without(guard, postgres, scratch, f"{tenant}-broken") as ground:
        with pytest.raises(Exception, match=guard.complaint):
            await guard.scenario(ground)
