"""NATS killed, emptied, set back in time, while events flow: nothing lost, nothing twice."""

import asyncio
import shutil
from functools import partial
from uuid import uuid4

import asyncpg
import pytest
from tests.events.diary import Diary, consuming, lines
from tests.events.traffic import SERVICES, append, lose, positions, relaying
from tests.eventually import eventually
from tests.faults.nats_server import Server
from tests.tenants import new_tenant

from milepost.events.nats.jetstream import connected
from milepost.events.parking.operator_actions import list_parked, retry
from milepost.events.relay.reconcile import Mending, compare, no_progress
from milepost.events.relay.stream_inventory import StreamInventory
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog, connect_pool

pytestmark = pytest.mark.faults


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=10)
    yield pool
    await pool.close()


@pytest.fixture
async def server(data_dir):
    server = Server(data_dir)
    await server.start()
    yield server
    await server.child.stop()


@pytest.fixture
def tenant():
    return new_tenant()


@pytest.fixture
def diary(tenant):
    return Diary(f"diary-{uuid4().hex[:8]}", tenant)


async def publishing(log, tenant, key, numbers, pause_seconds=0.005):
    for number in numbers:
        await append(log, tenant, f"enrollment-{key}", number)
        await asyncio.sleep(pause_seconds)  # the pace of a school, not a wait


def wrote(pool, tenant, numbers, key="a"):
    async def holds():
        return await lines(pool, tenant, key) == list(numbers)

    return holds


async def end_lease(postgres):
    """As an administrator would: end the connection that holds the relays' lock."""
    connection = await asyncpg.connect(postgres)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    await connection.close()


def reaches(found, count):
    return len(found) >= count


def written(log, tenant, number):
    async def holds():
        return (await log.heads()).get(tenant, 0) >= number

    return holds


async def enrolled(log, tenant):
    return [e.position for e in await log.read(tenant, limit=10_000, types=["learner_enrolled"])]


async def test_kill_9_of_nats_under_way_loses_and_doubles_nothing(
    pool, postgres, server, tenant, diary
):
    log = PostgresLog(pool)
    async with relaying(log, postgres, server.url), consuming(diary, pool, server.url):
        flow = asyncio.create_task(publishing(log, tenant, "a", range(1, 401)))
        for heard in (100, 250):
            await eventually(partial(reaches, diary.seen, heard))
            await server.kill()
            await eventually(written(log, tenant, heard + 50))
            await server.start()
        await flow
        await eventually(wrote(pool, tenant, range(1, 401)), 40)
        expected = await enrolled(log, tenant)
        await eventually(lambda: _holds(server, tenant, expected), 20)
    assert diary.seen == list(range(1, 401))


@pytest.fixture
async def absent(data_dir):
    """A server that a test starts, if at all."""
    server = Server(data_dir)
    yield server
    if server.child:
        await server.child.stop()


async def test_a_policy_that_starts_while_nats_is_away_answers_and_hears_operators(
    pool, absent, tenant, diary
):
    log, poison = PostgresLog(pool), {2}
    diary.trouble = lambda number: 1 / (number not in poison)
    await publishing(log, tenant, "a", range(1, 4), 0)
    async with consuming(diary, pool, absent.url):
        await eventually(wrote(pool, tenant, [1]))
        await publishing(log, tenant, "b", range(4, 6), 0)
        await eventually(lambda: lists(pool, diary, "parked", "behind"))
        poison.clear()
        [first, _] = await list_parked(pool, consumer=diary.name)
        await retry(pool, first.id, actor="ada")
        await eventually(wrote(pool, tenant, [1, 2, 3]))
        await eventually(wrote(pool, tenant, [4, 5], "b"))


async def test_a_nats_that_comes_late_hurries_a_policy_as_if_it_had_been_there(
    pool, postgres, absent, diary, monkeypatch
):
    log, tenant = PostgresLog(pool), diary.tenant
    async with consuming(diary, pool, absent.url), relaying(log, postgres, absent.url):
        await publishing(log, tenant, "a", range(1, 4))
        await eventually(wrote(pool, tenant, range(1, 4)))
        monkeypatch.setattr("milepost.events.subscriptions.subscription.RECONCILE_SECONDS", 3600)
        await absent.start()
        await publishing(log, tenant, "a", range(4, 21))
        await eventually(wrote(pool, tenant, range(1, 21)))
    assert diary.seen == list(range(1, 21))


async def lists(pool, diary, *statuses):
    return [one.status for one in await list_parked(pool, consumer=diary.name)] == [*statuses]


async def test_a_nats_that_lost_everything_is_filled_again(pool, postgres, server, tenant, diary):
    log = PostgresLog(pool)
    async with relaying(log, postgres, server.url), consuming(diary, pool, server.url):
        await publishing(log, tenant, "a", range(1, 51))
        await eventually(wrote(pool, tenant, range(1, 51)))
        await server.kill()
        shutil.rmtree(server.store)
        await publishing(log, tenant, "a", range(51, 61))
        await server.start()
        await eventually(wrote(pool, tenant, range(1, 61)), 40)
        expected = await enrolled(log, tenant)
        await eventually(lambda: _holds(server, tenant, expected), 20)
    assert diary.seen == list(range(1, 61))


async def test_a_nats_set_back_by_a_power_failure_is_brought_up_to_date(
    pool, postgres, server, tenant, diary
):
    """The stream forgets what it had acknowledged, its consumers do not."""
    log = PostgresLog(pool)
    async with relaying(log, postgres, server.url), consuming(diary, pool, server.url):
        await publishing(log, tenant, "a", range(1, 51))
        await eventually(wrote(pool, tenant, range(1, 51)))
        await server.child.stop()
        shutil.copytree(server.store / "msgs", server.home / "before")
        await server.start()
        await publishing(log, tenant, "a", range(51, 101))
        await eventually(wrote(pool, tenant, range(1, 101)))
        await server.kill()
        shutil.rmtree(server.store / "msgs")
        shutil.copytree(server.home / "before", server.store / "msgs")
        await publishing(log, "another", "b", range(1, 31))
        await server.start()
        await publishing(log, tenant, "a", range(101, 151))
        await eventually(wrote(pool, tenant, range(1, 151)), 40)
        expected = await enrolled(log, tenant)
        await eventually(lambda: _holds(server, tenant, expected), 20)
    assert diary.seen == list(range(1, 151))


async def test_a_nats_set_back_to_just_after_a_mending_lacks_and_doubles_nothing(
    postgres, server, tenant
):
    """The last message is then a mended one, of a position long before the stream's end."""
    log = MemoryLog()
    await publishing(log, tenant, "a", range(1, 51), 0)
    async with relaying(log, postgres, server.url):
        await eventually(lambda: _holds(server, tenant, list(range(1, 51))))
    async with connected(server.url, "test") as client:
        await lose(client.jetstream(), tenant, 10)
        inventory = StreamInventory(client.jetstream())
        await inventory.read_on(no_progress)
        [gaps] = await compare(log, inventory, tuple(SERVICES), tenant, no_progress)
        assert await Mending(log, client, SERVICES, inventory).mend(gaps, no_progress) == 1
    await server.child.stop()
    shutil.copytree(server.store / "msgs", server.home / "before")
    await server.start()
    await publishing(log, tenant, "a", range(51, 101), 0)
    expected = [*range(1, 10), *range(11, 51), 10, *range(51, 101)]
    for _ in range(2):
        async with relaying(log, postgres, server.url):
            await eventually(lambda: _holds(server, tenant, expected))
        await server.kill()
        shutil.rmtree(server.store / "msgs")
        shutil.copytree(server.home / "before", server.store / "msgs")
        await server.start()


async def test_a_relay_that_loses_its_lease_leaves_the_rest_to_the_other(
    pool, postgres, server, tenant
):
    log = PostgresLog(pool)
    async with relaying(log, postgres, server.url), relaying(log, postgres, server.url):
        flow = asyncio.create_task(publishing(log, tenant, "a", range(1, 301)))
        for number in (50, 120, 190):
            await eventually(written(log, tenant, number))
            await end_lease(postgres)
        await flow
        expected = await enrolled(log, tenant)
        await eventually(lambda: _holds(server, tenant, expected), 20)


async def _holds(server, tenant, expected):
    return await positions(server.url, tenant) == expected
