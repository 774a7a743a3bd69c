"""A pool, and a tenant of one's own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.tenants import new_tenant

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=12)
    yield pool
    await pool.close()


@pytest.fixture
async def enrollment_pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    """Of the role that alone reads bulk jobs and the vault."""
    pool = await connect_pool(postgres, name="test", size=2, role=ENROLLMENT_ROLE)
    yield pool
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return new_tenant()
