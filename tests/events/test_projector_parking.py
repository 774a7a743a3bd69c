"""What cannot be folded waits with all that follows of its key, live and rebuilt alike."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from tests.events.library import (
    READERS,
    canceled,
    fold,
    live_writer,
    model,
    own_model,
    pages,
    project,
    record,
    rows,
)
from tests.eventually import eventually

from milepost.events.parking.operator_actions import (
    decisions,
    find,
    list_parked,
    retry,
    retry_all,
    skip,
)
from milepost.events.parking.parked import Parked, consumer_of, mark_resolved
from milepost.events.projections.catch_up import Pace
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.projector import Projector
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import rebuild, rollback
from milepost.events.projections.shared_scan import SharedScan, heads
from milepost.events.projections.writer import GenerationWriter
from milepost.events.store.postgres import connect_pool

READING = model()
LENIENT = msgspec.structs.replace(
    READING, fold=lambda rows, fact: fact.event.pages < 0 or fold(rows, fact)
)
CONSUMER = "projection/reading"


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=12)
    yield pool
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return f"t{uuid4().hex}"


async def parked(pool: asyncpg.Pool, tenant: str, one: ReadModel = READING) -> list[Parked]:
    """Of the live generation."""
    live = (await live_writer(pool, one)).generation
    found = await list_parked(pool, tenant=tenant, consumer=consumer_of(one.name))
    return [each for each in found if each.generation == live.generation]


async def standing(pool, tenant):
    return [(one.status, one.position) for one in await parked(pool, tenant)]


async def hear(pool: asyncpg.Pool, one: ReadModel = READING) -> GenerationWriter:
    writer = await live_writer(pool, one)
    await writer.resume()
    return writer


async def trails(pool, tenant):
    return {one[1]: one[2] for one in (await rows(pool, tenant))["readers"]}


@pytest.fixture
async def choked(pool, tenant) -> list[Parked]:
    """Ann's third event does not fold, her fourth waits behind it; ben is not concerned."""
    read = [*pages(1, 2, -3, 4), *pages(5, 6, reader="ben")]
    await record(pool, tenant, read)
    await project(pool, READING, window=10)
    return await parked(pool, tenant)


async def test_what_does_not_fold_waits_with_what_follows_of_its_key(pool, tenant, choked):
    first, second = choked
    assert (first.status, first.position, first.key, first.attempts) == ("parked", 3, "ann", 1)
    assert (first.error, first.type) == ("ValueError('nobody reads backwards')", "page_read")
    assert (second.status, second.position, second.attempts) == ("behind", 4, 0)
    assert await trails(pool, tenant) == {"ann": "AB", "ben": "AB"}
    assert (await live_writer(pool, READING)).positions[tenant] == 6


@pytest.mark.usefixtures("choked")
async def test_what_comes_later_of_a_parked_key_waits_too_also_after_a_restart(pool, tenant):
    await record(pool, tenant, [*pages(7), *pages(8, reader="ben")])
    await project(pool, READING, window=10)
    assert [one.position for one in await parked(pool, tenant)] == [3, 4, 7]
    assert await trails(pool, tenant) == {"ann": "AB", "ben": "ABA"}


@pytest.mark.parametrize("window", [1, 2, 10])
async def test_what_postgres_cannot_hold_is_parked(pool, tenant, window):
    """An integer too big, NUL, half a character, and a sum that only Postgres sees overflow."""
    big = 2**62
    await record(
        pool,
        tenant,
        [
            *(
                event
                for number, reader in ((2**63, "ann"), (13, "ida"), (14, "joe"))
                for event in pages(number, reader=reader)
            ),
            *(event for reader in ("ben", "cleo") for event in pages(big, reader=reader)),
            *pages(7, reader="dan"),
        ],
    )
    await project(pool, msgspec.structs.replace(READING, fold=_unstorable), window=window)
    assert {one.position for one in await parked(pool, tenant)} == {1, 2, 3, 5}
    assert (await rows(pool, tenant))["books"] == [(tenant, "A", big + 7, 2, None)]


def _unstorable(rows, fact):
    fold(rows, fact)
    reader = rows.of(READERS, fact.event.reader)
    reader.trail += {13: "\x00", 14: "\ud800"}.get(fact.event.pages, "")


async def test_what_cannot_be_decoded_or_placed_is_parked(pool, tenant):
    await record(pool, tenant, pages(1, 2))
    await pool.execute(
        "select log.append($1, '{reading-ben}', array[gen_random_uuid()], '{1}', '{1}', '{0}',"
        " '{}', '{}', '{1}', '{1}', '{page_read}', $2::jsonb[], $2::jsonb[], array[now()],"
        " array[gen_random_uuid()])",
        tenant,
        [b"{}"],
    )
    unplaced = msgspec.structs.replace(
        READING,
        tables=(
            msgspec.structs.replace(READING.tables[0], key_of=_unplaced),
            READING.tables[1],
        ),
    )
    await project(pool, unplaced, window=10)
    assert [(one.position, one.status) for one in await parked(pool, tenant)] == [
        (2, "parked"),
        (3, "parked"),
    ]


def _unplaced(fact):
    return (fact.event.reader,) if fact.event.pages != 2 else 1 / 0


async def test_retry_folds_it_and_what_waits_behind_it_in_order(pool, tenant, choked):
    await retry(pool, choked[0].id, actor="ada", reason="mended")
    await hear(pool, LENIENT)
    assert await parked(pool, tenant) == []
    assert await trails(pool, tenant) == {"ann": "ABD", "ben": "AB"}
    done = await find(pool, choked[0].id)
    assert done.status == "done"
    [decision] = await decisions(pool, done)
    assert (decision.decision, decision.actor, decision.reason) == ("retry", "ada", "mended")
    live = await rows(pool, tenant)
    await rebuild(pool, [LENIENT], only_tenant=tenant)
    assert await rows(pool, tenant) == live


async def test_what_waits_behind_goes_on_when_a_retry_ended_half_way(pool, tenant, choked):
    await mark_resolved(pool, choked[:1])
    await hear(pool)
    assert await standing(pool, tenant) == []
    assert await trails(pool, tenant) == {"ann": "ABD", "ben": "AB"}


async def test_a_long_queue_is_done_in_parts(pool, tenant, choked, monkeypatch):
    monkeypatch.setattr("milepost.events.projections.writer.AT_ONCE", 1)
    await retry(pool, choked[0].id, actor="ada")
    await hear(pool, LENIENT)
    assert await standing(pool, tenant) == []
    assert await trails(pool, tenant) == {"ann": "ABD", "ben": "AB"}


async def test_a_retry_that_fails_again_stays_parked(pool, tenant, choked):
    await retry(pool, choked[0].id, actor="ada")
    await hear(pool)
    assert await standing(pool, tenant) == [("parked", 3), ("behind", 4)]
    assert (await find(pool, choked[0].id)).attempts == 2
    assert await trails(pool, tenant) == {"ann": "AB", "ben": "AB"}


async def test_what_waits_and_fails_itself_is_parked_in_its_turn(pool, tenant):
    await record(pool, tenant, pages(-1, 2, -3, 4))
    await project(pool, READING, window=10)
    await skip(pool, (await parked(pool, tenant))[0].id, actor="ada", reason="a test")
    await hear(pool)
    assert await standing(pool, tenant) == [("parked", 3), ("behind", 4)]
    assert await trails(pool, tenant) == {"ann": "B"}


async def test_what_is_skipped_is_left_out_for_good_also_by_code_that_could(pool, tenant, choked):
    await skip(pool, choked[0].id, actor="ada", reason="typed twice")
    await hear(pool)
    assert await trails(pool, tenant) == {"ann": "ABD", "ben": "AB"}
    assert (await find(pool, choked[0].id)).status == "skipped"
    heard: list[int] = []

    def listens(rows, fact):
        heard.append(fact.position)
        LENIENT.fold(rows, fact)

    await rebuild(pool, [msgspec.structs.replace(READING, fold=listens)], only_tenant=tenant)
    assert heard == [1, 2, 4, 5, 6]
    assert await trails(pool, tenant) == {"ann": "ABD", "ben": "AB"}


async def test_a_decision_holds_for_every_generation_that_parked_the_event(pool, tenant):
    reading = own_model()
    await record(pool, tenant, pages(1, 2, -3, 4))
    await project(pool, reading, window=10)
    [first, _] = await parked(pool, tenant, reading)
    await rebuild(pool, [reading])
    assert len(await list_parked(pool, tenant=tenant, consumer=first.consumer)) == 4
    await skip(pool, first.id, actor="ada", reason="typed twice")
    await hear(pool, reading)
    assert await _trail(pool, tenant, reading) == "ABD"
    await rollback(pool, reading)
    assert await _trail(pool, tenant, reading) == "ABD"
    assert await list_parked(pool, tenant=tenant, consumer=first.consumer) == []


async def _trail(pool, tenant, one):
    readers = one.tables[0].name
    [[_, _, trail, _]] = (await rows(pool, tenant, readers))[readers]
    return trail


async def test_everything_that_failed_is_retried_at_once_when_the_fold_is_mended(pool, tenant):
    await record(pool, tenant, [*pages(-1, 2), *pages(-3, reader="ben")])
    await project(pool, READING, window=10)
    assert await retry_all(pool, CONSUMER, tenant=tenant, actor="ada") == 2
    await hear(pool, LENIENT)
    assert await parked(pool, tenant) == []


async def test_whoever_holds_rows_of_before_a_retry_is_refused(pool, tenant, choked):
    """The positions are the same; only the epoch tells."""
    holder = await live_writer(pool, READING)
    await retry(pool, choked[0].id, actor="ada")
    await hear(pool, LENIENT)
    await record(pool, tenant, pages(5))
    with pytest.raises(Overtaken):
        await SharedScan(pool, [holder], 5).step({tenant: 7})


async def test_canceled_anywhere_a_retry_is_done_once(pool):
    for n in range(1, 200):
        tenant = f"c{uuid4().hex}"
        await record(pool, tenant, pages(1, -2, 3, 4))
        await project(pool, READING, window=10)
        await retry(pool, (await parked(pool, tenant))[0].id, actor="ada")
        writer = await live_writer(pool, LENIENT)
        stopped = await canceled(writer.resume(), n)
        await hear(pool, LENIENT)
        assert await trails(pool, tenant) == {"ann": "ACD"}
        assert [one[2] for one in (await rows(pool, tenant))["books"]] == [1, 3, 4]
        if not stopped:
            break
    assert 5 < n < 199


async def test_two_who_hear_the_same_retry_do_it_once(pool, tenant, choked):
    await retry(pool, choked[0].id, actor="ada")
    both = [await live_writer(pool, LENIENT) for _ in range(2)]
    done = await asyncio.gather(*(one.resume() for one in both), return_exceptions=True)
    assert all(one is None or isinstance(one, Overtaken) for one in done)
    assert [one[2] for one in (await rows(pool, tenant))["books"]] == [6, 8, 4]


async def test_a_tenants_rebuild_brings_what_it_parked_along(pool, tenant, choked):
    await rebuild(pool, [READING], only_tenant=tenant)
    now = await parked(pool, tenant)
    assert [one.position for one in now] == [one.position for one in choked]
    assert not {one.id for one in now} & {one.id for one in choked}
    await retry(pool, now[0].id, actor="ada")
    await hear(pool, LENIENT)
    assert await trails(pool, tenant) == {"ann": "ABD", "ben": "AB"}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.integers(-2, 9)), min_size=1, max_size=25),
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=6),
    st.lists(st.sampled_from(["retry", "skip", "wait"]), max_size=6),
)
async def test_rebuilt_equals_live_with_parked_and_skipped_events(pool, read, cuts, said):
    tenant = f"t{uuid4().hex}"
    await record(pool, tenant, [one for who, n in read for one in pages(n, reader=who)])
    head = (await heads(pool))[tenant]
    decide = iter(said)
    writer = await live_writer(pool, READING)
    while writer.positions.get(tenant, 0) < head:
        for window, restarts in cuts:
            await SharedScan(pool, [writer], window).step({tenant: head})
            await _decide(pool, tenant, next(decide, "wait"))
            await writer.resume()
            writer = await live_writer(pool, READING) if restarts else writer
    live = (await rows(pool, tenant), await standing(pool, tenant))
    await rebuild(pool, [READING], only_tenant=tenant, pace=Pace(cuts[0][0]))
    assert (await rows(pool, tenant), await standing(pool, tenant)) == live


async def _decide(pool, tenant, decision):
    for first in [one for one in await parked(pool, tenant) if one.status == "parked"][:1]:
        if decision == "retry":
            await retry(pool, first.id, actor="ada")
        elif decision == "skip":
            await skip(pool, first.id, actor="ada", reason="a test")


async def test_a_running_projector_hears_and_tells(pool, tenant):
    await record(pool, tenant, pages(1, -2, 3))
    projecting = asyncio.create_task(Projector(pool, [READING]).run())
    try:
        await eventually(lambda: _stands(pool, tenant, ("parked", 2), ("behind", 3)))
        told = await pool.fetchval(HELD, CONSUMER)
        await eventually(lambda: _told() == told >= 2)
        await skip(pool, (await parked(pool, tenant))[0].id, actor="ada", reason="a test")
        await eventually(lambda: _stands(pool, tenant))
        await eventually(lambda: _told() == told - 2)
        assert await trails(pool, tenant) == {"ann": "AC"}
    finally:
        projecting.cancel()
        await asyncio.gather(projecting, return_exceptions=True)
    assert _told() == -1


async def _stands(pool, tenant, *expected):
    return await standing(pool, tenant) == list(expected)


HELD = """select count(*) from consumer.parked
    where consumer = $1 and status not in ('done', 'skipped') and generation = (
        select generation from dashboards.generations where status = 'live' and name = 'reading')"""


def _told() -> float:
    value = REGISTRY.get_sample_value("milepost_parked_events", {"consumer": CONSUMER})
    return -1 if value is None else value
