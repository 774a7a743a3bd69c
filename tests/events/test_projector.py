"""Read models are right, whatever cuts the log into batches, stops, repeats or races."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.events.library import (
    BookNamed,
    canceled,
    facts_of,
    live_writer,
    model,
    pages,
    project,
    record,
    rows,
)

from milepost.events.projections import positions, shared_scan
from milepost.events.projections.catch_up import Pace
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.rebuild import rebuild
from milepost.events.projections.shared_scan import SharedScan, heads
from milepost.events.store.postgres import connect_pool

READING = model()


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=12)
    yield pool
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return f"t{uuid4().hex}"


async def position(pool: asyncpg.Pool, tenant: str) -> int:
    writer = await live_writer(pool, READING)
    return writer.positions[tenant]


async def test_events_become_rows_and_a_position(pool, tenant):
    await record(pool, tenant, [*pages(1, 2, 3, 4, 5), BookNamed(book="A", title="Emma")])
    await project(pool, READING)
    found = await rows(pool, tenant)
    assert [one[1:3] for one in found["readers"]] == [("ann", "ABCDA")]
    assert [one[1:] for one in found["books"]] == [
        ("A", 6, 1, "Emma"),
        ("B", 2, 1, None),
        ("C", 3, 1, None),
        ("D", 4, 1, None),
    ]
    assert await position(pool, tenant) == 6


async def test_events_of_other_types_move_the_position_alone(pool, tenant):
    await record(pool, tenant, pages(1))
    await pool.execute(
        "select log.append($1, '{o-1}', array[gen_random_uuid()], '{1}', '{1}', '{0}', '{}', '{}',"
        " '{1}', '{1}', '{unheard_of}', $2::jsonb[], $2::jsonb[], array[now()],"
        " array[gen_random_uuid()])",
        tenant,
        [b"{}"],
    )
    await project(pool, READING)
    assert await position(pool, tenant) == 2


async def test_ever_more_is_read_at_once_but_of_large_events_less(pool, tenant, monkeypatch):
    monkeypatch.setattr(shared_scan, "FIRST_WINDOW", 2)
    await record(pool, tenant, pages(*[1] * 40))
    writer = await live_writer(pool, READING)
    scan = SharedScan(pool, [writer], 16)

    async def left(end):
        found = []
        while behind := await scan.step({tenant: end}):
            found.append(behind)
        return found

    assert await left(40) == [38, 34, 26, 10]
    monkeypatch.setattr(shared_scan, "MAX_CHARACTERS", 1)
    await record(pool, tenant, pages(*[1] * 31))
    assert await left(71) == [15, 7, 3, 1]
    assert writer.positions[tenant] == 71


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 9)), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=8),
)
async def test_no_cut_and_no_restart_changes_a_row(pool, read, cuts):
    tenant = f"t{uuid4().hex}"
    await record(pool, tenant, [one for who, n in read for one in pages(n, n + 1, reader=who)])
    await _project_in(pool, tenant, cuts)
    live = await rows(pool, tenant)
    await rebuild(pool, [READING], only_tenant=tenant, pace=Pace(cuts[0][0]))
    assert await rows(pool, tenant) == live
    await rebuild(pool, [READING], pace=Pace(1000))
    assert await rows(pool, tenant) == live


async def _project_in(pool, tenant, cuts):
    """Windows of these sizes, over and over; a new process after each that says so."""
    head = (await heads(pool))[tenant]
    writer = await live_writer(pool, READING)
    while writer.positions.get(tenant, 0) < head:
        for window, restarts in cuts:
            await SharedScan(pool, [writer], window).step({tenant: head})
            writer = await live_writer(pool, READING) if restarts else writer


async def test_canceled_anywhere_nothing_is_lost_or_doubled(pool):
    """A process that dies at any point, and one that goes on in its place."""
    for n in range(1, 200):
        tenant = f"c{uuid4().hex}"
        await record(pool, tenant, pages(1, 2, 3, 4, 5, 6, 7))
        writer = await live_writer(pool, READING)
        await writer.add_tenants({tenant})
        stopped = await canceled(_write_all(pool, writer, tenant), n)
        await project(pool, READING)
        found = await rows(pool, tenant)
        assert [one[1:3] for one in found["readers"]] == [("ann", "ABCDABC")]
        assert [one[2] for one in found["books"]] == [1 + 5, 2 + 6, 3 + 7, 4]
        if not stopped:
            break
    assert 10 < n < 199


async def _write_all(pool, writer, tenant):
    facts = await facts_of(pool, READING.codec, tenant)
    await writer.write(tenant, facts[:4], 4)
    await writer.write(tenant, facts[4:], 7)


async def test_two_projectors_at_once_give_the_right_rows(pool, tenant):
    await record(pool, tenant, pages(*[1] * 200))
    await asyncio.gather(*(project(pool, READING, window) for window in (3, 3, 7)))
    assert [one[2] for one in (await rows(pool, tenant))["books"]] == [50, 50, 50, 50]


async def test_whoever_believes_in_an_old_position_is_refused(pool, tenant):
    await record(pool, tenant, pages(1))
    await project(pool, READING)
    old = await live_writer(pool, READING)
    await record(pool, tenant, pages(1))
    await project(pool, READING)
    with pytest.raises(Overtaken):
        await SharedScan(pool, [old], 5).step(await heads(pool))
    assert [one[2] for one in (await rows(pool, tenant))["books"]] == [2]


async def test_without_the_guard_what_was_read_before_would_count_twice(pool, tenant, monkeypatch):
    """The two tests around this one are worth something: the guard is what they see."""
    unguarded = positions.MOVE.replace(
        "and position = $4 and epoch = $5", "and $4 < $4 + 1 and $5 >= 0"
    )
    assert unguarded != positions.MOVE
    await record(pool, tenant, pages(1))
    old = await live_writer(pool, READING)
    await old.add_tenants({tenant})
    await project(pool, READING)
    monkeypatch.setattr(positions, "MOVE", unguarded)
    await SharedScan(pool, [old], 5).step({tenant: 1})
    assert [one[2] for one in (await rows(pool, tenant))["books"]] == [2]


async def test_whoever_holds_replaced_rows_is_refused(pool, tenant):
    """The positions are the same; only the epoch tells."""
    await record(pool, tenant, pages(1))
    holder = await project(pool, READING)
    await rebuild(pool, [READING], only_tenant=tenant)
    await record(pool, tenant, pages(1))
    with pytest.raises(Overtaken):
        await SharedScan(pool, [holder], 5).step({tenant: 2})
