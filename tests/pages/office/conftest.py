from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.pages.campus import PLAN, Campus, campus_on

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="pages", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def campus(
    pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Campus]:
    """Two seats, a waitlist, and an offering whose requests are approved."""
    folder: Path = tmp_path_factory.mktemp("campus")
    async with campus_on(pool, folder) as school:
        await school.open("spring", plan=PLAN, seats=2)
        await school.open("autumn", plan=PLAN, approval=True)
        for learner in ("ann", "ben", "cem", "dora"):
            await school.seat(learner)
        school.seats = {"eve": await school.seat("eve", "autumn")}
        await school.settle()
        yield school
