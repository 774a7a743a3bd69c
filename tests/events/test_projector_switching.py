"""Comparing, switching, going back and looking back, while events come in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
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
from tests.eventually import blocked, eventually
from tests.watched import calls

from milepost.events.projections.as_of import (
    AsOf,
    AsOfInvalid,
    ends_at,
    parse_as_happened,
    parse_as_of,
)
from milepost.events.projections.catch_up import Pace
from milepost.events.projections.compare import ATTEMPTS, LiveStands
from milepost.events.projections.generations import (
    NoGeneration,
    OtherVersion,
    every_generation,
    generations,
)
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.projector import Projector
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import build_past, compare, rebuild, rollback, switch
from milepost.events.projections.shared_scan import SharedScan
from milepost.events.projections.switch import stand_still
from milepost.events.store.postgres import connect_pool

STANDS = """select p.position, (select sum(pages) from dashboards.{books} where tenant = p.tenant)
    from dashboards.positions p join dashboards.generations using (name, generation)
    where name = $1 and status = 'live' and tenant = $2"""

OTHERS_MOVE = """select from dashboards.positions p
    join dashboards.generations g using (name, generation)
    where name = $1 and tenant = $2 and status = 'live' for update of p"""


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=30)
    yield pool
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return f"t{uuid4().hex}"


@pytest.fixture
def reading() -> ReadModel:
    return own_model()


@pytest.fixture
def books(reading: ReadModel) -> str:
    return reading.tables[1].name


async def live(pool: asyncpg.Pool, one: ReadModel) -> tuple[int, int]:
    found = (await generations(pool, [one.name]))[one.name]["live"]
    return found.generation, found.version


@asynccontextmanager
async def traffic(pool, reading, tenant) -> AsyncIterator[list[int]]:
    """One page an event; and readers, who see positions that never fall and rows that fit them."""
    stop = asyncio.Event()
    seen = [0]

    async def write() -> None:
        while not stop.is_set():
            await record(pool, tenant, pages(*[1] * 10))
            await asyncio.sleep(0.002)  # the pace of a school, not a wait

    async def watch() -> None:
        stands = STANDS.format(books=reading.tables[1].name)
        while not stop.is_set():
            position, read = await pool.fetchrow(stands, reading.name, tenant)
            assert position >= seen[-1]
            assert read == position
            seen.append(position)
            await asyncio.sleep(0.001)  # leaves the processor to the others

    await record(pool, tenant, pages(1))
    await project(pool, reading)
    tasks = [asyncio.create_task(write()), asyncio.create_task(watch())]
    try:
        yield seen
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def test_generations_are_compared_where_both_stand_while_events_come_in(
    pool, tenant, reading
):
    async with projecting(pool, reading), traffic(pool, reading, tenant):
        for _ in range(3):
            await rebuild(pool, [reading], pace=Pace(50), switch="never")
            found = await compare(pool, reading, pace=Pace(50))
            assert found.identical
            assert found.tables[0].rows[0] >= 1
            await switch(pool, reading)
            assert (await compare(pool, reading, only_tenant=tenant)).identical


async def test_compare_names_the_first_rows_that_differ(pool, tenant, reading, books):
    await record(pool, tenant, [*pages(1, 2, 3), *pages(4, reader="ben")])
    await project(pool, reading)
    await rebuild(pool, [reading], switch="never")
    table = f"dashboards.{books}_g2"
    await pool.execute(f"update {table} set pages = 99, title = 'Emma' where book = 'B'")
    await pool.execute(f"delete from {table} where book = 'C'")
    found = await compare(pool, reading, only_tenant=tenant)
    assert not found.identical
    assert [(one.table, one.identical) for one in found.tables] == [
        (reading.tables[0].name, True),
        (books, False),
    ]
    told = [(one.key["book"], one.column, one.live, one.other) for one in found.differences]
    assert told[:2] == [("B", "pages", 2, 99), ("B", "title", None, "Emma")]
    key, column, row, missing = told[2]
    assert (key, column, missing) == ("C", None, None)
    assert row["pages"] == 3


async def test_what_differs_does_not_take_over_unless_its_version_is_new(
    pool, tenant, reading, books
):
    await record(pool, tenant, pages(1, 2, 3))
    await project(pool, reading)
    await pool.execute(f"update dashboards.{books} set pages = 99")
    [kept] = await rebuild(pool, [reading], switch="proven")
    assert kept.comparison
    assert (kept.switched, kept.comparison.identical) == (False, False)
    assert await live(pool, reading) == (1, 1)
    newer = msgspec.structs.replace(reading, version=2)
    [taken] = await rebuild(pool, [newer], switch="proven")
    assert (taken.switched, taken.comparison) == (True, None)
    assert await live(pool, reading) == (2, 2)


async def test_a_live_one_that_nobody_feeds_cannot_be_compared(pool, tenant, reading, monkeypatch):
    monkeypatch.setattr("milepost.events.projections.compare.PAUSE_SECONDS", 0.5 / ATTEMPTS)
    await record(pool, tenant, pages(1))
    await project(pool, reading)
    await rebuild(pool, [reading])
    await rebuild(pool, [reading], switch="never")
    building = (await generations(pool, [reading.name]))[reading.name]["building"]
    await pool.execute(
        "update dashboards.positions set position = 0"
        " where name = $1 and generation < $2 and tenant = $3",
        reading.name,
        building.generation,
        tenant,
    )
    with pytest.raises(LiveStands):
        await compare(pool, reading)


def shows_more(seen):
    """Than now."""
    shown = seen[-1]
    return lambda: seen[-1] > shown


async def test_rolling_back_and_forth_never_shows_an_earlier_position(pool, tenant, reading):
    async with projecting(pool, reading), traffic(pool, reading, tenant) as seen:
        await rebuild(pool, [reading])
        for generation in (1, 2, 1):
            await eventually(shows_more(seen))
            assert (await rollback(pool, reading)).switched
            assert await live(pool, reading) == (generation, 1)
        reached = seen[-1]
        await eventually(lambda: seen[-1] > reached)
    assert [one.status for one in await every_generation(pool, reading.name)] == ["live", "retired"]


async def test_without_anything_built_or_retired_there_is_nothing_to_switch_to(
    pool, tenant, reading
):
    await record(pool, tenant, pages(1))
    await project(pool, reading)
    for work in (rollback, switch, compare):
        with pytest.raises(NoGeneration):
            await work(pool, reading)


async def test_readers_of_a_view_make_nobody_wait_for_the_switch(pool, tenant, reading, books):
    await record(pool, tenant, pages(1, 2))
    await project(pool, reading)
    await rebuild(pool, [reading], switch="never")
    loop = asyncio.get_running_loop()
    async with pool.acquire() as slow, slow.transaction():
        await slow.fetchval(f"select count(*) from dashboards.{books}")
        switching = asyncio.create_task(switch(pool, reading))
        # The time itself is what is tried: so long the switch is kept waiting.
        longest, until_at = 0.0, loop.time() + 0.8
        while loop.time() < until_at:
            begun = loop.time()
            await pool.fetchval(f"select count(*) from dashboards.{books}")
            longest = max(longest, loop.time() - begun)
            await asyncio.sleep(0.01)  # the pace of the readers
        assert not switching.done()
    assert (await switching).switched
    assert longest < 0.9


async def test_a_deployment_is_served_by_old_code_until_new_code_has_caught_up(
    pool, tenant, reading, books, monkeypatch
):
    """Both run; the new one sees an event for two pages, which tells whose rows are shown."""
    monkeypatch.setattr("milepost.events.projections.projector.RENEWAL_SECONDS", 0.1)
    readers, table = reading.tables
    single = folding(readers, table)

    def doubled(rows, fact):
        single(rows, fact)
        rows.of(table, fact.event.book).pages += fact.event.pages

    newer = msgspec.structs.replace(reading, version=2, fold=doubled)
    newest = {reading.name: newer}
    stands = STANDS.format(books=books)
    await record(pool, tenant, pages(*[1] * 300))
    async with projecting(pool, reading):
        await eventually(lambda: _reached(pool, reading, tenant, 300))
        async with projecting(pool, newer):
            factor, last = 1, 300
            while factor == 1:
                await record(pool, tenant, pages(1, 1))
                position, read = await pool.fetchrow(stands, reading.name, tenant)
                assert position >= last
                factor, last = read // position, position
                assert read == factor * position
            assert (factor, await live(pool, reading)) == (2, (2, 2))
            await record(pool, tenant, pages(1))
            head = await pool.fetchval("select head from log.heads where tenant = $1", tenant)
            await eventually(lambda: _reached(pool, reading, tenant, head))
            with pytest.raises(OtherVersion):
                await rollback(pool, newer)
            looks = calls(monkeypatch, Projector, "_outdated")
            await rollback(pool, reading)
            # New code accepts the rollback: it has looked twice, and renews nothing.
            await eventually(lambda: sum(look.of._models == newest for look in looks) >= 2)
            assert await live(pool, reading) == (1, 1)
        await record(pool, tenant, pages(1))
        await eventually(lambda: _reached(pool, reading, tenant, head + 1))
    position, read = await pool.fetchrow(stands, reading.name, tenant)
    assert read == position == head + 1


async def _reached(pool, one, tenant, position):
    return (await live_writer(pool, one)).positions.get(tenant, 0) >= position


async def test_older_code_undoes_nothing_that_newer_code_builds(pool, tenant, reading):
    await record(pool, tenant, pages(1))
    await project(pool, reading)
    newer = msgspec.structs.replace(reading, version=2)
    await rebuild(pool, [newer], switch="never")
    with pytest.raises(OtherVersion):
        await rebuild(pool, [reading])
    with pytest.raises(OtherVersion):
        await rebuild(pool, [newer], only_tenant=tenant)
    await switch(pool, newer)
    with pytest.raises(OtherVersion):
        await rebuild(pool, [reading])


async def test_models_are_led_one_by_one_and_read_together_where_one_leads_them(pool, tenant):
    one, other = own_model(), own_model()
    await record(pool, tenant, pages(1))
    async with projecting(pool, one):
        await eventually(lambda: _reached(pool, one, tenant, 1))
        async with projecting(pool, one, other):
            await eventually(lambda: _reached(pool, other, tenant, 1))
            assert await _leaders(pool, one, other) == 2
        await record(pool, tenant, pages(1))
        await eventually(lambda: _reached(pool, one, tenant, 2))
    async with projecting(pool, one, other):
        await eventually(lambda: _reached(pool, other, tenant, 2))
        assert await _leaders(pool, one, other) == 1


async def _leaders(pool, *models):
    names = [f"projection/{one.name}/1" for one in models]
    return await pool.fetchval(
        """select count(distinct pid) from pg_locks, unnest($1::text[]) as asked(name)
        where locktype = 'advisory' and granted
          and (classid::bigint << 32 | objid::bigint) = hashtextextended(asked.name, 0)""",
        names,
    )


async def test_a_past_moment_is_what_the_model_showed_then(pool, tenant, reading, books):
    await record(pool, tenant, pages(1, 2))
    await project(pool, reading)
    then = await rows(pool, tenant, *(table.name for table in reading.tables))
    at = AsOf(at=await pool.fetchval("select clock_timestamp()"))
    await record(pool, tenant, pages(3, 4))
    await project(pool, reading)
    for as_of in (at, AsOf(position=2)):
        ends = await ends_at(pool, as_of, tenant)
        assert ends == {tenant: 2}
        asked = (pool, [reading], str(as_of), ends)
        [past] = await build_past(*asked, only_tenant=tenant, pace=Pace(1))
        assert await build_past(*asked, only_tenant=tenant) == [past]
        shown = {
            table.name: [
                tuple(row)
                for row in await pool.fetch(f"select * from {past.table(table.name)} order by 2")
            ]
            for table in reading.tables
        }
        assert shown == then
    statuses = [one.status for one in await every_generation(pool, reading.name)]
    assert statuses == ["live", "past", "past"]
    assert len((await rows(pool, tenant, books))[books]) == 2


async def test_what_had_happened_by_a_day_is_told_whenever_it_was_recorded(
    pool, tenant, reading, books
):
    await record(pool, tenant, pages(1, 2))
    occurred_at = await pool.fetchval(
        "select max(occurred_at) from log.events where tenant = $1", tenant
    )
    then = parse_as_happened(occurred_at.isoformat())
    before = parse_as_happened((occurred_at - timedelta(days=1)).isoformat())
    assert then.happened_by == occurred_at < await pool.fetchval("select now()")

    async def built(as_of):
        ends = await ends_at(pool, as_of, tenant)
        [past] = await build_past(pool, [reading], str(as_of), ends, only_tenant=tenant)
        assert past.happened_by == as_of.happened_by
        return past.generation, await pool.fetch(f"select * from {past.table(books)}")

    number, told = await built(then)
    assert sum(row["pages"] for row in told) == 3
    assert (await built(before))[1] == []
    await record(pool, tenant, pages(3))
    again, more = await built(then)  # recorded since, and known now
    assert again == number
    assert sum(row["pages"] for row in more) == 6


@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        ("12", AsOf(position=12)),
        ("2026-03-01T09:30", AsOf(at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC))),
        ("2026-03-01T09:30+02:00", AsOf(at=datetime(2026, 3, 1, 7, 30, tzinfo=UTC))),
        (
            "2026-03-01",
            AsOf(at=datetime(2026, 3, 2, tzinfo=UTC) - timedelta(microseconds=1)),
        ),
    ],
)
def test_as_of_is_a_position_a_time_or_the_end_of_a_day(text, as_of):
    assert parse_as_of(text) == as_of


async def test_what_is_no_moment_of_the_past_is_refused(pool, tenant):
    for school in (tenant, f"{tenant}-other"):
        await record(pool, school, pages(1))
    for text in ("yesterday", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"):
        with pytest.raises(AsOfInvalid):
            parse_as_of(text)
    for as_of, named in (
        (AsOf(position=2), tenant),
        (AsOf(position=0), tenant),
        (AsOf(position=1), None),
        (AsOf(at=datetime.now(UTC) + timedelta(days=1)), tenant),
        (parse_as_of("9999-12-31"), tenant),
    ):
        with pytest.raises(AsOfInvalid):
            await ends_at(pool, as_of, named)


async def test_a_switch_waits_while_the_live_one_moves_and_leaves_the_lock(pool, tenant, reading):
    await record(pool, tenant, pages(1))
    await project(pool, reading)
    async with pool.acquire() as connection, connection.transaction():
        assert (await stand_still(connection, reading.name))[tenant] == 1
        moving = asyncio.create_task(_move(pool, reading, tenant))
        await blocked(pool)
        assert not moving.done()
    await moving
    assert await _reached(pool, reading, tenant, 2)


async def test_a_school_that_is_switched_holds_up_no_other(pool, tenant, reading):
    for school in (tenant, f"{tenant}-other"):
        await record(pool, school, pages(1))
    await project(pool, reading)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(OTHERS_MOVE, reading.name, f"{tenant}-other")
        async with asyncio.timeout(30):
            await rebuild(pool, [reading], only_tenant=tenant)
    assert await _reached(pool, reading, tenant, 1)


async def _move(pool, reading, tenant):
    await record(pool, tenant, pages(1))
    await project(pool, reading)


async def test_whoever_fed_what_was_live_until_a_switch_is_fenced(pool, tenant, reading):
    await record(pool, tenant, pages(1))
    feeding = await project(pool, reading)
    await rebuild(pool, [reading])
    await record(pool, tenant, pages(1))
    with pytest.raises(Overtaken):
        await SharedScan(pool, [feeding], 10).step({tenant: 2})
