from collections.abc import AsyncIterator

import asyncpg
import pytest

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    """Of a database without jobs."""
    opened = await connect_pool(postgres, name="job tests", size=8, role=ENROLLMENT_ROLE)
    await opened.execute("delete from bulk.jobs")
    await opened.execute("delete from progress_jobs.jobs")
    await opened.execute("delete from credential_jobs.jobs")
    yield opened
    await opened.close()
