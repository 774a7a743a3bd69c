"""Writers and readers stopped, killed and held up at the worst moment, step by step."""

import asyncio

import asyncpg
import pytest
from tests.events.given import command
from tests.events.hindered import blocked, holding
from tests.events.soundness import unsound

from milepost.events.log import Appended
from milepost.events.store.postgres import PostgresLog

WAITING = """(select pid from pg_locks l join pg_stat_activity a using (pid)
    where not l.granted and a.datname = current_database())"""


@pytest.fixture(params=["first-of-its-tenant", "later"])
async def start(request, pool, tenant):
    """Where the log ends when the test begins."""
    if request.param == "later":
        await PostgresLog(pool).append(tenant, [command(("old-1", 0), events=3)])
        return 3
    return 0


@pytest.fixture
async def superuser(postgres):
    connection = await asyncpg.connect(postgres)
    yield connection
    await connection.close()


def writers(pool, tenant, count):
    log = PostgresLog(pool)
    return [
        asyncio.create_task(log.append(tenant, [command((f"own-{number}", 0), events=2)]))
        for number in range(count)
    ]


async def kill(postgres, pid):
    connection = await asyncpg.connect(postgres)
    assert await connection.fetchval(f"select pg_terminate_backend({pid})")
    await connection.close()


async def positions(pool, tenant):
    return [event.position for event in await PostgresLog(pool).read(tenant, limit=100_000)]


async def test_others_wait_for_a_writer_between_lock_and_commit_and_come_behind_it(
    postgres, pool, tenant, start
):
    log = PostgresLog(pool)
    async with holding(postgres, tenant, command(("held-1", 0), events=2)) as held:
        others = writers(pool, tenant, 5)
        await blocked(pool, 5)
        assert await positions(pool, tenant) == list(range(1, start + 1))
        assert (await log.heads()).get(tenant, 0) == start
        await held.commit()
        answers = [answer for [answer] in await asyncio.gather(*others)]
    assert sorted(a.first for a in answers) == [start + 3 + 2 * n for n in range(5)]
    assert [e.position for e in await log.read_stream(tenant, "held-1")] == [start + 1, start + 2]
    assert await positions(pool, tenant) == list(range(1, start + 13))
    assert await unsound(pool, tenant) == []


@pytest.mark.parametrize("end", ["killed", "rolled back"])
async def test_a_writer_that_ends_before_its_commit_leaves_nothing(
    postgres, pool, tenant, start, end
):
    log = PostgresLog(pool)
    lost = command(("held-1", 0), events=2)
    async with holding(postgres, tenant, lost) as held:
        others = writers(pool, tenant, 3)
        await blocked(pool, 3)
        if end == "killed":
            await kill(postgres, str(held.pid))
        else:
            await held.roll_back()
        answers = [answer for [answer] in await asyncio.gather(*others)]
    assert sorted(a.first for a in answers) == [start + 1, start + 3, start + 5]
    assert await log.read_stream(tenant, "held-1") == []
    assert await log.done(tenant, [lost.command_id]) == {}
    [again] = await log.append(tenant, [lost])
    assert isinstance(again, Appended)
    assert await unsound(pool, tenant) == []


async def test_a_waiting_writer_that_is_killed_holds_up_nobody(postgres, pool, tenant):
    async with holding(postgres, tenant, command(("held-1", 0))) as held:
        [doomed] = writers(pool, tenant, 1)
        await blocked(pool, 1)
        await kill(postgres, WAITING)
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.PostgresConnectionError)):
            await doomed
        others = writers(pool, tenant, 2)
        await blocked(pool, 2)
        await held.commit()
        await asyncio.gather(*others)
    assert await positions(pool, tenant) == [1, 2, 3, 4, 5]
    assert await unsound(pool, tenant) == []


async def test_an_unrelated_long_transaction_hides_nothing_and_holds_up_nobody(
    pool, superuser, tenant, start
):
    """It has a number and a snapshot, so whatever goes by those would wait for it."""
    log = PostgresLog(pool)
    async with superuser.transaction(isolation="repeatable_read"):
        await superuser.fetchval("select pg_current_xact_id()")
        for number in range(10):
            await log.append(tenant, [command(("a-1", number))])
            assert await positions(pool, tenant) == list(range(1, start + number + 2))
        seen = "select count(*) from log.events where tenant = $1"
        assert await superuser.fetchval(seen, tenant) == start
    assert await unsound(pool, tenant) == []


async def test_another_tenants_open_append_hides_nothing_and_holds_up_nobody(
    postgres, pool, tenant
):
    other = f"{tenant}-other"
    async with holding(postgres, other, command(("held-1", 0))) as held:
        await asyncio.gather(*writers(pool, tenant, 5))
        assert await positions(pool, tenant) == list(range(1, 11))
        assert await positions(pool, other) == []
        await held.commit()
    assert await positions(pool, other) == [1]


async def test_an_append_from_an_old_snapshot_is_refused(postgres, pool, tenant):
    """It would read versions that are no longer true; Postgres stops it at the lock."""
    await PostgresLog(pool).append(tenant, [command(("a-1", 0))])
    async with holding(postgres, tenant) as held:
        await held.connection.execute("set transaction isolation level repeatable read")
        await held.connection.fetchval("select count(*) from log.heads")
        await PostgresLog(pool).append(tenant, [command(("a-1", 1))])
        with pytest.raises(asyncpg.SerializationError):
            await held.log.append(tenant, [command(("a-1", 1))])
    assert await positions(pool, tenant) == [1, 2]


async def test_who_has_seen_a_position_has_seen_all_before_it_while_it_storms(pool, tenant):
    log, writing = PostgresLog(pool), asyncio.Event()

    async def storm(writer):
        for number in range(60):
            commands = [
                command((f"w{writer}-{number}", 0), events=1 + (number + n) % 3)
                for n in range(1 + number % 4)
            ]
            await log.append(tenant, commands)

    async def follow(limit):
        """Page by page, as a projector does."""
        last = pages = 0
        while page := await log.read(tenant, last, limit) or not writing.is_set():
            if page is not True:
                assert [e.position for e in page] == list(range(last + 1, last + 1 + len(page)))
                last, pages = page[-1].position, pages + 1
        return last, pages

    async def glance():
        """All that a head promises is there."""
        glances = 0
        while not writing.is_set():
            head = (await log.heads()).get(tenant, 0)
            seen = await positions(pool, tenant)
            assert seen == list(range(1, len(seen) + 1))
            assert len(seen) >= head
            glances += 1
        return glances

    readers = [asyncio.create_task(follow(limit)) for limit in (3, 50, 1000)]
    glancing = asyncio.create_task(glance())
    await asyncio.gather(*(storm(writer) for writer in range(4)))
    writing.set()
    head = (await log.heads())[tenant]
    for last, pages in await asyncio.gather(*readers):
        assert last == head
        assert pages > 5
    assert await glancing > 5
    assert await unsound(pool, tenant) == []
