from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from tests.events.diary import Diary, consuming, lines
from tests.events.traffic import append, relaying
from tests.eventually import eventually

from milepost.events.parking.operator_actions import (
    NotParked,
    Settled,
    WaitsBehind,
    decisions,
    find,
    list_parked,
    retry,
    skip,
)
from milepost.events.parking.parked import mark_resolved
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.subscriptions import parked_keys

NAME = "milepost_parked_events"


class Poison(Exception):
    pass


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=10)
    yield pool
    await pool.close()


@pytest.fixture
async def log(pool, postgres, nats_url):
    """A log that a relay publishes."""
    log = PostgresLog(pool)
    async with relaying(log, postgres, nats_url):
        yield log


@pytest.fixture
def poison():
    """The numbers that the diary cannot take; a test may empty it."""
    return {13}


@pytest.fixture
def diary(tenant, poison):
    def choke(number):
        if number in poison:
            raise Poison(number)

    return Diary(f"diary-{uuid4().hex[:8]}", tenant, choke)


async def unsettled(pool, diary):
    return [(p.status, p.position) for p in await list_parked(pool, consumer=diary.name)]


def parked(pool, diary, *expected):
    async def holds():
        return await unsettled(pool, diary) == list(expected)

    return holds


@pytest.fixture
async def choked(pool, log, nats_url, tenant, diary):
    """13 is parked in stream a, 14 and 15 wait behind it; the consumer runs on."""
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 12, 13, 14)
        await eventually(parked(pool, diary, ("parked", 2), ("behind", 3)))
        await append(log, tenant, "enrollment-a", 15)
        await eventually(lambda: _has(pool, diary, 3))
        yield await list_parked(pool, consumer=diary.name)


async def _has(pool, diary, count):
    return len(await unsettled(pool, diary)) == count


async def test_a_poisonous_event_parks_its_stream_and_no_other(pool, log, tenant, choked):
    await append(log, tenant, "enrollment-b", 1, 2, 3)
    await eventually(lambda: _wrote(pool, tenant, "b", 1, 2, 3))
    assert await lines(pool, tenant, "a") == [12]
    first, *behind = choked
    assert (first.status, first.attempts, first.error) == ("parked", 3, "Poison(13)")
    assert first.type == "learner_enrolled"
    assert [(p.status, p.attempts) for p in behind] == [("behind", 0), ("behind", 0)]


async def test_retry_does_the_parked_event_and_what_waits_behind_it_in_order(
    pool, log, diary, poison, choked
):
    poison.clear()
    await retry(pool, choked[0].id, actor="ada")
    await eventually(parked(pool, diary))
    assert await lines(pool, diary.tenant, "a") == [12, 13, 14, 15]
    done = await find(pool, choked[0].id)
    assert done.status == "done"
    assert [(one.decision, one.actor) for one in await decisions(pool, done)] == [("retry", "ada")]
    await append(log, diary.tenant, "enrollment-a", 16)
    await eventually(lambda: _wrote(pool, diary.tenant, "a", 12, 13, 14, 15, 16))


async def test_skip_leaves_the_parked_event_out_and_keeps_the_reason(pool, tenant, diary, choked):
    await skip(pool, choked[0].id, actor="ada", reason="made by a broken import")
    await eventually(parked(pool, diary))
    assert await lines(pool, tenant, "a") == [12, 14, 15]
    skipped = await find(pool, choked[0].id)
    assert skipped.status == "skipped"
    [decision] = await decisions(pool, skipped)
    assert (decision.actor, decision.reason) == ("ada", "made by a broken import")


async def test_a_retry_that_fails_again_stays_parked(pool, tenant, diary, choked):
    await retry(pool, choked[0].id, actor="ada")
    await eventually(lambda: _tried(pool, choked[0].id, 6))
    assert [status for status, _ in await unsettled(pool, diary)] == ["parked", "behind", "behind"]
    assert await lines(pool, tenant, "a") == [12]


async def test_what_waits_behind_goes_on_when_a_retry_ended_half_way(pool, log, nats_url, diary):
    async with consuming(diary, pool, nats_url):
        await append(log, diary.tenant, "enrollment-a", 13, 14, 15)
        await eventually(parked(pool, diary, ("parked", 1), ("behind", 2), ("behind", 3)))
    first, *_ = await list_parked(pool, consumer=diary.name)
    await mark_resolved(pool, [first])  # and then the process was killed
    async with consuming(diary, pool, nats_url):
        await eventually(parked(pool, diary))
    assert await lines(pool, diary.tenant, "a") == [14, 15]


async def test_a_long_queue_is_done_in_parts(pool, diary, choked, poison, monkeypatch):
    monkeypatch.setattr(parked_keys, "AT_ONCE", 1)
    poison.clear()
    await retry(pool, choked[0].id, actor="ada")
    await eventually(parked(pool, diary))
    assert await lines(pool, diary.tenant, "a") == [12, 13, 14, 15]


async def test_an_event_behind_that_fails_itself_is_parked_in_its_turn(
    pool, tenant, diary, poison, choked
):
    poison.add(15)
    await skip(pool, choked[0].id, actor="ada", reason="known")
    await eventually(parked(pool, diary, ("parked", 5)))
    assert await lines(pool, tenant, "a") == [12, 14]


async def test_parked_streams_stay_parked_over_a_restart(pool, log, nats_url, diary, poison):
    async with consuming(diary, pool, nats_url):
        await append(log, diary.tenant, "enrollment-a", 13)
        await eventually(parked(pool, diary, ("parked", 1)))
    poison.clear()
    async with consuming(diary, pool, nats_url):
        await append(log, diary.tenant, "enrollment-a", 14)
        await eventually(parked(pool, diary, ("parked", 1), ("behind", 2)))
        assert await lines(pool, diary.tenant, "a") == []
        [first, _] = await list_parked(pool, consumer=diary.name)
        await retry(pool, first.id, actor="ada")
        await eventually(lambda: _wrote(pool, diary.tenant, "a", 13, 14))


async def test_what_waits_behind_another_cannot_be_retried_alone(pool, choked):
    with pytest.raises(WaitsBehind) as refused:
        await retry(pool, choked[1].id, actor="ada")
    assert refused.value.first == choked[0].id


async def test_what_is_settled_or_unknown_is_refused(pool, diary, choked):
    await skip(pool, choked[0].id, actor="ada", reason="known")
    await eventually(parked(pool, diary))
    with pytest.raises(Settled):
        await retry(pool, choked[0].id, actor="ada")
    with pytest.raises(NotParked):
        await skip(pool, 10**9, actor="ada", reason="known")


async def _wrote(pool, tenant, key, *expected):
    return await lines(pool, tenant, key) == list(expected)


async def _tried(pool, id_, attempts):
    found = await find(pool, id_)
    return found.attempts == attempts and found.status == "parked"


async def test_how_much_is_parked_is_told(pool, diary, choked):
    async def told(number):
        return REGISTRY.get_sample_value(NAME, {"consumer": diary.name}) == number

    await eventually(lambda: told(3))
    await skip(pool, choked[0].id, actor="ada", reason="known")
    await eventually(lambda: told(0))
