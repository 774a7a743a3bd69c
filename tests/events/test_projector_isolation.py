"""What cannot be read or written of one school keeps no other's read models waiting."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from uuid import uuid4

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.events.library import own_model, pages, projecting, record
from tests.eventually import eventually

from milepost.events.parking.parked import Pool
from milepost.events.projections.generations import ensure_live
from milepost.events.runtime.turns import PAUSED
from milepost.events.store.postgres import connect_pool

# Of a year that no date of Python has: asyncpg cannot read the row.
UNREADABLE = """select last from log.append($1, '{reading-zoe}', array[gen_random_uuid()],
    '{1}', '{1}', '{0}', '{}', '{}', '{1}', '{1}', '{page_read}', $2::jsonb[], $2::jsonb[],
    array['20000-01-01'::timestamptz], array[gen_random_uuid()])"""
REACHED = """select coalesce(min(position), 0) from dashboards.positions
    where name = any($1) and tenant = $2"""
LOCK = "select from dashboards.positions where name = any($1) and tenant = $2 for update"


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[Pool]:
    pool = await connect_pool(postgres, name="test", size=14)
    yield pool
    await pool.close()


@pytest.fixture
def schools() -> tuple[str, str]:
    own = uuid4().hex[:8]
    return f"sick-{own}", f"well-{own}"


@asynccontextmanager
async def unreadable(pool, _names, tenant):
    await pool.execute(UNREADABLE, tenant, [b"{}"])
    yield


@asynccontextmanager
async def locked(pool, names, tenant):
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK, names, tenant)
        yield


def stands(pool, names, tenant, position):
    async def reached():
        return await pool.fetchval(REACHED, names, tenant) == position

    return reached


async def delays(pool, names, tenant):
    """Of ten events, one after the other, until all models have them."""
    seconds = []
    for number in range(2, 12):
        begun = time.monotonic()
        await record(pool, tenant, pages(number))
        await eventually(stands(pool, names, tenant, number))
        seconds.append(time.monotonic() - begun)
    return seconds


def paused():
    return PAUSED.labels("projector")._value.get() == 1


@pytest.mark.parametrize("trouble", [locked, unreadable])  # what is unreadable stays so
async def test_nobody_waits_for_who_cannot_be_read_or_written(pool, schools, trouble):
    models = [own_model() for _ in range(3)]
    names, (sick, well) = [one.name for one in models], schools
    await record(pool, sick, pages(1))
    await record(pool, well, pages(1))
    async with projecting(pool, *models):
        await eventually(stands(pool, names, sick, 1))
        await eventually(stands(pool, names, well, 1))
        async with trouble(pool, names, sick):
            await record(pool, sick, pages(2))
            await eventually(paused)
            seconds = await delays(pool, names, well)
            assert await stands(pool, names, sick, 1)()
        if trouble is locked:
            await eventually(stands(pool, names, sick, 2))
            await eventually(lambda: not paused())
    assert median(seconds) < 1


async def test_a_model_that_cannot_be_renewed_keeps_no_other_waiting(pool, schools):
    old, other = own_model(), own_model()
    sick, well = schools
    await ensure_live(pool, old)
    async with unreadable(pool, [], sick):
        new = msgspec.structs.replace(old, version=2)
        with capture_logs() as logs:
            async with projecting(pool, new, other):
                await eventually(lambda: [one for one in logs if one["event"] == "renewal_failed"])
                await record(pool, well, pages(1))
                await eventually(stands(pool, [other.name], well, 1))
