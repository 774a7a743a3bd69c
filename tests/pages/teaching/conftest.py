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
    """Ines teaches spring, where four learners are as far as learners get; Ivo teaches autumn."""
    folder: Path = tmp_path_factory.mktemp("campus")
    async with campus_on(pool, folder) as school:
        for offering, instructor in (("spring", "ines"), ("autumn", "ivo")):
            await school.open(offering, plan=PLAN)
            await school.teach(instructor, offering)
        seats = {one: await school.seat(one) for one in ("ann", "ben", "cem", "dora")}
        await school.settle()
        for learner in ("ann", "ben", "cem"):
            await school.learn(seats[learner], ("completed", "intro"), ("started", "tables"))
        await school.learn(
            seats["ann"], ("completed", "tables"), ("scored", "quiz", 0.9), ("scored", "essay", 0.8)
        )
        await school.learn(seats["ben"], ("scored", "quiz", 0.3), ("scored", "quiz", 0.4))
        school.seats = seats
        await school.settle()
        yield school
