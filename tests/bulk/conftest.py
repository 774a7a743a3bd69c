from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests.bulk.office import Office, office_on

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    """Of a database without jobs."""
    opened = await connect_pool(postgres, name="bulk tests", size=8, role=ENROLLMENT_ROLE)
    await opened.execute("delete from bulk.jobs")
    yield opened
    await opened.close()


@pytest.fixture
async def office(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Office]:
    async with office_on(pool, tmp_path, f"t-{uuid4().hex[:12]}") as office:
        yield office
