from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.bulk.office import Office
from tests.jobs.desk import offices

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE


@pytest.fixture(scope="module")
async def kept_pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="job tests", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture
async def pool(kept_pool: asyncpg.Pool) -> asyncpg.Pool:
    """Of a database without jobs."""
    for schema in ("bulk", "progress_jobs", "credential_jobs"):
        await kept_pool.execute(f"delete from {schema}.jobs")
    return kept_pool


@pytest.fixture(scope="module")
async def kept_offices(
    kept_pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    async with offices(kept_pool, tmp_path_factory.mktemp("offices")) as opened:
        yield opened


@pytest.fixture
def everywhere(kept_offices: Office, pool: asyncpg.Pool) -> Office:  # noqa: ARG001 - emptied
    """For `desk`: nobody has a job."""
    return kept_offices
