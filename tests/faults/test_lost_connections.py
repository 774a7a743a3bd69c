"""The wire to Postgres cut before, after and in the middle of a commit: everything exactly once."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from tests.events.given import command
from tests.events.hindered import blocked, holding
from tests.events.soundness import unsound
from tests.events.visits import VISITS, visit, visit_both
from tests.faults.proxy import wired

from milepost.events.commands.transact import Transactor
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import PostgresLog, connect_pool


@pytest.fixture
async def line(postgres):
    """A wire, and a Transactor at its near end whose connection is warm."""
    async with wired(postgres) as (wire, dsn):
        pool = await connect_pool(dsn, name="wired")
        transactor = Transactor(PostgresLog(pool))
        await transactor.transact(f"warm-{uuid4()}", VISITS.of("1"), visit("ann"))
        yield wire, transactor
        await transactor.close()
        await pool.close()


async def visitors(pool, tenant):
    recorded = await PostgresLog(pool).read(tenant, limit=10_000)
    return [VISITS.codec.read(e).who for e in recorded]


@pytest.mark.parametrize("cut", ["request", "answer"])
async def test_a_call_cut_off_is_repeated_and_done_once(pool, tenant, line, cut):
    wire, transactor = line
    wire.cuts.extend([None, cut])  # the first call reads the stream
    outcome = await transactor.transact(tenant, VISITS.of("1"), visit("ann"))
    assert wire.made == 1
    assert (outcome.position, outcome.repeated) == (1, cut == "answer")
    assert await visitors(pool, tenant) == ["ann"]
    assert await unsound(pool, tenant) == []


async def test_a_call_that_outlives_its_connection_is_not_done_again(postgres, pool, tenant, line):
    """It still waits for the lock in Postgres when its repeat comes to wait beside it."""
    wire, transactor = line
    async with holding(postgres, tenant, command(("held-1", 0))) as held:
        ann = asyncio.create_task(transactor.transact(tenant, VISITS.of("1"), visit("ann")))
        await blocked(pool, 1)
        wire.cut()
        await blocked(pool, 2)
        await held.commit()
        outcome = await ann
    assert outcome.position == 2
    assert len(await PostgresLog(pool).read_stream(tenant, "visits-1")) == 1
    assert await unsound(pool, tenant) == []


async def test_a_wire_cut_again_and_again_loses_and_doubles_nothing(pool, tenant, line):
    wire, transactor = line
    wire.cuts.extend([None, None, "answer", None, "request"] * 6)
    names = [f"v{number}" for number in range(150)]

    async def come(number, who):
        await asyncio.sleep(number * 0.005)  # they come one after the other, cuts between them
        hot, own, name = VISITS.of("hot"), VISITS.of(who), uuid4()
        while True:  # as a client does that is told 503
            with suppress(*UNAVAILABLE):
                if number % 5:
                    return await transactor.transact(tenant, hot, visit(who), command_id=name)
                return await transactor.transact(
                    tenant, (hot, own), visit_both(who), command_id=name
                )

    await asyncio.gather(*(come(number, who) for number, who in enumerate(names)))
    assert wire.made >= 10
    expected = [who for number, who in enumerate(names) for _ in range(1 if number % 5 else 2)]
    assert sorted(await visitors(pool, tenant)) == sorted(expected)
    assert await unsound(pool, tenant) == []
