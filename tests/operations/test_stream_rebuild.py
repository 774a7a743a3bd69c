"""`milepost stream rebuild`: the cure for a stream that holds what the log did not write."""

import asyncio
import json
import os

import asyncpg
import nats
import pytest
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from tests.commands.forked import forked
from tests.events.traffic import append, messages, positions, relaying
from tests.eventually import eventually
from tests.tenants import new_tenant

from milepost.events.nats.jetstream import STREAM, ensure_stream
from milepost.events.relay.strays import forget_strays, strays_by_tenant
from milepost.events.store.postgres import PostgresLog, connect_pool

pytestmark = [pytest.mark.servers, pytest.mark.faults]  # they start processes


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=12)
    await forget_strays(pool)
    yield pool
    await pool.close()


@pytest.fixture
def tenant():
    return new_tenant()


@pytest.fixture
async def js(nats_url):
    client = await nats.connect(nats_url)
    js = client.jetstream()
    await ensure_stream(js)
    yield js
    try:
        await js.delete_stream(STREAM)
    finally:
        await client.close()


@pytest.fixture
def milepost(postgres, nats_url):
    env = {**os.environ, "MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}

    async def run(*arguments):
        process = await asyncio.create_subprocess_exec(
            *(*forked(), *arguments),
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        return process.returncode, out.decode(), errors.decode()

    return run


def holds(nats_url, tenant, count):
    async def whole():
        return await positions(nats_url, tenant) == list(range(1, count + 1))

    return whole


def counted(nats_url, tenant, count):
    async def there():
        return len(await messages(nats_url, f"milepost.{tenant}.>")) == count

    return there


@pytest.fixture
async def astray(pool, tenant, postgres, nats_url, js):
    """Ten events in a stream of somebody's limits, of which a subscriber has read five; a stray."""
    log = PostgresLog(pool)
    await js.update_stream((await js.stream_info(STREAM)).config.evolve(max_bytes=10**9))
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, tenant, "enrollment-a", *range(1, 11))
        await eventually(holds(nats_url, tenant, 10))
        subject = f"milepost.{tenant}.>"
        config = ConsumerConfig(
            durable_name="payroll", filter_subject=subject, deliver_policy=DeliverPolicy.NEW
        )
        await js.add_consumer(STREAM, config)
        await js.publish(f"milepost.{tenant}.enrollment.learner_enrolled", b"{}")
        await append(log, tenant, "enrollment-a", 11)
        await eventually(lambda: strays_by_tenant(pool))
        await eventually(counted(nats_url, tenant, 12))
    return log


@pytest.mark.usefixtures("astray")
async def test_without_a_yes_nothing_is_changed(tenant, js, nats_url, milepost):
    code, out, errors = await milepost("stream", "rebuild", "--dry-run", "--json")
    assert code == 0, errors
    plan = json.loads(out.splitlines()[-1])
    assert (plan["dry_run"], plan["strays"]) == (True, 1)
    assert plan["consumers"] == [
        {"name": "payroll", "subjects": [f"milepost.{tenant}.>"], "pending": 2}
    ]
    code, _, errors = await milepost("stream", "rebuild")
    assert (code, "say --yes" in errors) == (1, True)
    assert len(await messages(nats_url, f"milepost.{tenant}.>")) == 12
    assert (await js.consumer_info(STREAM, "payroll")).config.durable_name == "payroll"


async def test_the_stream_is_made_anew_from_the_log_with_its_limits_and_its_consumers(
    astray, tenant, js, nats_url, pool, *, milepost
):
    code, out, errors = await milepost("stream", "rebuild", "--yes", "--json")
    assert code == 0, errors
    told = json.loads(out.splitlines()[-1])
    assert told["published"] == told["events"] >= 11
    assert await positions(nats_url, tenant) == list(range(1, 12))
    assert (await js.stream_info(STREAM)).config.max_bytes == 10**9
    assert (await js.consumer_info(STREAM, "payroll")).num_pending == 11
    assert await strays_by_tenant(pool) == []
    assert (await milepost("relay", "--reconcile", "--dry-run"))[0] == 0
    assert (await astray.heads())[tenant] == 11


async def test_a_relay_that_runs_meanwhile_goes_on_in_the_new_one(
    astray, tenant, postgres, nats_url, pool, *, milepost
):
    async with relaying(astray, postgres, nats_url, pool=pool):
        rebuilding = asyncio.create_task(milepost("stream", "rebuild", "--yes"))
        number = 11
        while not rebuilding.done():
            number += 1
            await append(astray, tenant, "enrollment-a", number)
            await asyncio.sleep(0.05)
        code, out, errors = await rebuilding
        assert (code, "The stream holds" in out) == (0, True), errors
        await eventually(holds(nats_url, tenant, number))


async def test_without_a_stream_one_is_made(pool, tenant, js, nats_url, milepost):
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    await js.delete_stream(STREAM)
    code, _, errors = await milepost("stream", "rebuild", "--yes")
    assert code == 0, errors
    assert await positions(nats_url, tenant) == [1]
    with pytest.raises(NotFoundError):
        await js.consumer_info(STREAM, "payroll")


SET_BACK = """
    set session_replication_role = replica;
    delete from log.events where tenant = '{tenant}' and position > {head};
    delete from log.links where tenant = '{tenant}' and last > {head};
    delete from log.commands where tenant = '{tenant}' and last > {head};
    update log.heads set head = {head}, link = (
        select link from log.links where tenant = '{tenant}' and last = {head})
     where tenant = '{tenant}';
    set session_replication_role = origin"""


async def set_back(postgres, tenant, head):
    """As a restored backup holds the tenant's log."""
    connection = await asyncpg.connect(postgres)
    await connection.execute(SET_BACK.format(tenant=tenant, head=head))
    await connection.close()


async def ids_of(log, tenant):
    return [str(event.event_id) for event in await log.read(tenant, 0, 1000)]


async def ids_in_stream(nats_url, tenant):
    return [
        (one.headers or {})["ce-id"] for one in await messages(nats_url, f"milepost.{tenant}.>")
    ]


@pytest.mark.usefixtures("js")
async def test_postgres_set_back_beside_the_same_nats_is_said_and_cured(
    pool, tenant, postgres, nats_url, milepost
):
    log = PostgresLog(pool)
    async with relaying(log, postgres, nats_url, pool=pool):
        for number in range(1, 13):
            await append(log, tenant, "enrollment-a", number)
        await eventually(holds(nats_url, tenant, 12))
    lost = (await ids_of(log, tenant))[8:]
    await set_back(postgres, tenant, 8)
    log = PostgresLog(pool)
    await append(log, tenant, "enrollment-a", 13)
    ours = await ids_of(log, tenant)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(counted(nats_url, tenant, 13))
        await eventually(lambda: strays_by_tenant(pool))
    assert await ids_in_stream(nats_url, tenant) == [*ours[:8], *lost, ours[8]]
    [named] = await strays_by_tenant(pool)
    assert (named.tenant, named.messages, named.first, named.last) == (tenant, 4, 9, 12)

    code, out, _ = await milepost("relay", "--reconcile", "--json", "--tenant", tenant)
    assert (code, json.loads(out.splitlines()[-1])["tenants"][0]["strange"]) == (1, 4)
    code, _, errors = await milepost("stream", "rebuild", "--yes")
    assert code == 0, errors
    assert await ids_in_stream(nats_url, tenant) == ours
    assert (await milepost("relay", "--reconcile", "--tenant", tenant))[0] == 0
    assert await strays_by_tenant(pool) == []
