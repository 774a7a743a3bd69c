"""A log of each kind, and a tenant of one's own."""

from collections.abc import AsyncIterator

import pytest
from tests.tenants import new_tenant

from milepost.events.log import Log
from milepost.events.store.dry_run import DryRunLog
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog, connect_pool


@pytest.fixture(params=["memory", "dry-run", "postgres"])
async def log(request: pytest.FixtureRequest, postgres: str) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield MemoryLog()
        return
    if request.param == "dry-run":
        yield await DryRunLog.over(MemoryLog())
        return
    pool = await connect_pool(postgres, name="test")
    yield PostgresLog(pool)
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return new_tenant()
