"""A new generation is built beside the old one, and nobody who reads notices but by its rows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from tests.events.library import (
    folding,
    live_writer,
    own_model,
    pages,
    project,
    projecting,
    record,
    rows,
)
from tests.eventually import eventually
from tests.watched import calls

from milepost.events.projections.catch_up import Pace
from milepost.events.projections.generations import (
    Live,
    NoGeneration,
    RebuildUnderWay,
    begin,
    drop,
    generations,
)
from milepost.events.projections.projector import Projector
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import rebuild, switch
from milepost.events.store.postgres import connect_pool

POSITION = """select position from dashboards.positions join dashboards.generations
    using (name, generation) where name = $1 and status = 'live' and tenant = $2"""


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=20)
    yield pool
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return f"t{uuid4().hex}"


@pytest.fixture
def reading() -> ReadModel:
    return own_model()


async def statuses(pool: asyncpg.Pool, one: ReadModel) -> dict[str, tuple[int, int]]:
    known = (await generations(pool, [one.name]))[one.name]
    return {status: (each.generation, each.version) for status, each in known.items()}


async def seen(pool: asyncpg.Pool, one: ReadModel, tenant: str):
    return await rows(pool, tenant, *(table.name for table in one.tables))


async def tables_of(pool: asyncpg.Pool, one: ReadModel) -> list[str]:
    pattern = f"%{one.name.removeprefix('reading')}\\_g%"
    query = "select relname from pg_class where relkind = 'r' and relname like $1 order by 1"
    return [record[0] for record in await pool.fetch(query, pattern)]


async def test_a_rebuild_gives_the_same_rows_in_a_new_generation(pool, tenant, reading):
    await record(pool, tenant, pages(1, 2, 3, 4, 5))
    await project(pool, reading)
    live = await seen(pool, reading, tenant)
    await rebuild(pool, [reading], pace=Pace(2))
    assert await seen(pool, reading, tenant) == live
    assert await statuses(pool, reading) == {"retired": (1, 1), "live": (2, 1)}


async def test_only_one_retired_generation_is_kept(pool, tenant, reading):
    await record(pool, tenant, pages(1))
    for _ in range(3):
        await rebuild(pool, [reading])
    assert await statuses(pool, reading) == {"retired": (3, 1), "live": (4, 1)}
    assert len(await tables_of(pool, reading)) == 4


async def test_a_rebuild_mends_what_was_spoiled(pool, tenant, reading):
    await record(pool, tenant, pages(1, 2, 3))
    await project(pool, reading)
    live = await seen(pool, reading, tenant)
    readers, books = (table.name for table in reading.tables)
    await pool.execute(f"update dashboards.{books} set pages = 99")
    await pool.execute(f"delete from dashboards.{readers}")
    assert await seen(pool, reading, tenant) != live
    await rebuild(pool, [reading])
    assert await seen(pool, reading, tenant) == live


async def test_a_tenant_is_rebuilt_without_touching_another(pool, tenant, reading):
    other = f"o{uuid4().hex}"
    for one in (tenant, other):
        await record(pool, one, pages(1, 2, 3))
    await project(pool, reading)
    right = await seen(pool, reading, tenant)
    books = reading.tables[1].name
    await pool.execute(f"update dashboards.{books} set pages = 99")
    await rebuild(pool, [reading], only_tenant=tenant)
    assert await seen(pool, reading, tenant) == right
    assert {one[2] for one in (await seen(pool, reading, other))[books]} == {99}
    assert await statuses(pool, reading) == {"live": (1, 1)}
    assert len(await tables_of(pool, reading)) == 2


async def test_a_killed_rebuild_goes_on_where_it_was(pool, tenant, reading):
    await record(pool, tenant, pages(*[1] * 400))
    await project(pool, reading, window=1000)
    task = asyncio.create_task(rebuild(pool, [reading], pace=Pace(1)))
    begun = "select position from dashboards.positions where name = $1 and generation = 2"
    await eventually(
        lambda: pool.fetchval(f"{begun} and tenant = $2 and position > 20", reading.name, tenant)
    )
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert await statuses(pool, reading) == {"live": (1, 1), "building": (2, 1)}
    folded = []

    def fold(rows, fact):
        folded.append(fact.position)
        reading.fold(rows, fact)

    counting = msgspec.structs.replace(reading, fold=fold)
    live = await seen(pool, reading, tenant)
    await rebuild(pool, [counting], pace=Pace(1000))
    assert await statuses(pool, reading) == {"retired": (1, 1), "live": (2, 1)}
    assert await seen(pool, reading, tenant) == live
    assert len(folded) < 400 + await _of_others(pool, tenant)


async def _of_others(pool, tenant):
    return await pool.fetchval("select count(*) from log.events where tenant <> $1", tenant)


async def test_an_abandoned_rebuild_leaves_nothing(pool, tenant, reading):
    await record(pool, tenant, pages(1))
    await project(pool, reading)
    begun = await begin(pool, reading, None)
    await drop(pool, reading.name, begun.generation)
    with pytest.raises(NoGeneration):
        await drop(pool, reading.name, begun.generation)
    with pytest.raises(Live):
        await drop(pool, reading.name, 1)
    assert await statuses(pool, reading) == {"live": (1, 1)}
    assert len(await tables_of(pool, reading)) == 2


async def test_a_rebuild_of_other_tenants_is_not_mixed_into_one_under_way(pool, tenant, reading):
    await record(pool, tenant, pages(1))
    await project(pool, reading)
    await begin(pool, reading, tenant)
    with pytest.raises(RebuildUnderWay):
        await rebuild(pool, [reading])


async def test_a_generation_that_parks_more_does_not_take_over_by_itself(pool, tenant, reading):
    lenient = msgspec.structs.replace(reading, fold=lambda _rows, _fact: None)
    await record(pool, tenant, pages(1, -1, 1))
    await project(pool, lenient)
    [rebuilt] = await rebuild(pool, [reading])
    assert (rebuilt.switched, rebuilt.parks_more) == (False, 1)
    assert (await statuses(pool, reading))["live"] == (1, 1)
    assert (await switch(pool, reading)).switched
    assert (await statuses(pool, reading))["live"] == (2, 1)


async def test_a_projector_follows_the_log_and_tenants_that_come_later(pool, tenant, reading):
    later = f"l{uuid4().hex}"
    async with projecting(pool, reading):
        await record(pool, tenant, pages(1, 2))
        await eventually(lambda: _reached(pool, reading, tenant, 2))
        await record(pool, later, pages(1))
        await record(pool, tenant, pages(1))
        await eventually(lambda: _reached(pool, reading, later, 1))
        await eventually(lambda: _reached(pool, reading, tenant, 3))


async def _reached(pool, one, tenant, position):
    return (await pool.fetchval(POSITION, one.name, tenant) or 0) >= position


async def test_newer_code_builds_beside_and_older_code_leaves_it_alone(
    pool, tenant, reading, monkeypatch
):
    await record(pool, tenant, pages(1, 2))
    await project(pool, reading)
    renamed = msgspec.structs.replace(reading.tables[1], name=f"{reading.tables[1].name}_renamed")
    newer = msgspec.structs.replace(
        reading,
        version=2,
        tables=(reading.tables[0], renamed),
        fold=folding(reading.tables[0], renamed),
    )
    async with projecting(pool, newer):
        await eventually(lambda: _is_live(pool, reading, (2, 2)))
        await record(pool, tenant, pages(5))
        await eventually(lambda: _reached(pool, reading, tenant, 3))
    assert [one[2] for one in (await rows(pool, tenant, renamed.name))[renamed.name]] == [6, 2]
    with pytest.raises(asyncpg.UndefinedTableError):
        await rows(pool, tenant, reading.tables[1].name)
    async with projecting(pool, reading):
        await record(pool, tenant, pages(5))
        rounds = calls(monkeypatch, Projector, "_live")
        await eventually(lambda: sum(bool(one.of._led) for one in rounds) >= 3)
    assert await statuses(pool, reading) == {"retired": (1, 1), "live": (2, 2)}
    assert await pool.fetchval(POSITION, reading.name, tenant) == 3


async def _is_live(pool, one, generation):
    return (await statuses(pool, one)).get("live") == generation


def grown(seen: list[int], by: int) -> Callable[[], bool]:
    """By so many, from now on."""
    enough = len(seen) + by
    return lambda: len(seen) >= enough


async def test_readers_never_see_a_switch(pool, tenant, reading):
    """While it is written, projected and rebuilt: the position never falls, the rows always fit."""
    books = reading.tables[1].name
    read = f"""select p.position,
               (select sum(pages) from dashboards.{books} where tenant = p.tenant)
        from dashboards.positions p join dashboards.generations using (name, generation)
        where name = $1 and status = 'live' and tenant = $2"""
    stop, seen = asyncio.Event(), list[int]()

    async def write() -> None:
        while not stop.is_set():
            await record(pool, tenant, pages(*[1] * 20))
            await asyncio.sleep(0.002)  # the pace of a school, not a wait

    async def watch() -> None:
        last = 0
        while not stop.is_set():
            position, pages_read = await pool.fetchrow(read, reading.name, tenant)
            assert position >= last
            assert pages_read == position
            last = position
            seen.append(position)

    await record(pool, tenant, pages(1))
    await project(pool, reading)
    async with projecting(pool, reading):
        writer = asyncio.create_task(write())
        watchers = [asyncio.create_task(watch()) for _ in range(4)]
        for _ in range(4):
            await rebuild(pool, [reading], pace=Pace(500))
            await eventually(grown(seen, 26))
        stop.set()
        await writer
        await asyncio.gather(*watchers)
        assert len(seen) > 100
        head = await pool.fetchval("select head from log.heads where tenant = $1", tenant)
        await eventually(lambda: _reached(pool, reading, tenant, head))
    assert (await statuses(pool, reading))["live"][0] == 5
    assert (await live_writer(pool, reading)).positions[tenant] == head
