from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.bulk.office import Office, offices_on

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE


@pytest.fixture(scope="module")
async def kept_pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="bulk tests", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture
async def pool(kept_pool: asyncpg.Pool) -> asyncpg.Pool:
    """Of a database without jobs."""
    await kept_pool.execute("delete from bulk.jobs")
    return kept_pool


@pytest.fixture(scope="module")
async def offices(
    kept_pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    async with offices_on(kept_pool, tmp_path_factory.mktemp("offices")) as opened:
        yield opened


@pytest.fixture
async def office(pool: asyncpg.Pool, offices: Office) -> Office:  # noqa: ARG001 - emptied
    return offices.of_new_school()
