from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.dashboards.history import new_tenant

from milepost.events.postgres_log import connect_pool


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=12)
    yield pool
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return new_tenant()
