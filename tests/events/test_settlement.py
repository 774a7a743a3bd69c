"""Settled: all policies have answered everything up to a position, and whatever followed."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from tests.events.diary import Diary, consuming, lines
from tests.events.ringing import Ringing
from tests.events.traffic import DAY, append, relaying
from tests.eventually import eventually

from milepost.events.log import Recorded
from milepost.events.metadata import Metadata
from milepost.events.policies.policy import Policy
from milepost.events.policies.settlement import Settled, Settlement
from milepost.events.policies.timers import Timer
from milepost.events.policies.unanswered import Consumers, Unanswered
from milepost.events.store.postgres import PostgresLog, connect_pool


async def no_reactions(*_):
    return ()


def id_of(position):
    return UUID(int=position)


def event(position, tag="a", caused_by=None):
    causation = None if caused_by is None else str(id_of(caused_by))
    metadata = Metadata(causation=causation).encode()
    data, stream = msgspec.json.encode({"number": position}), f"enrollment-{position}"
    return Recorded("t", position, stream, 1, tag, data, metadata, DAY, DAY, id_of(position))


def unanswered(*policies, timers=()):
    return Unanswered(Consumers.of(policies, timers), 0)


FIRST = Policy("first", (("x", "a"),), no_reactions)
SECOND = Policy("second", (("x", "b"),), no_reactions)


def test_what_is_open_is_waited_for_by_all_whom_it_follows_from():
    log = unanswered(FIRST, SECOND)
    log.add([event(1), event(2), event(3, "b", caused_by=1), event(4)], 4)
    log.advance({"first": 2, "second": 2})
    assert log.waits_for(0) == []
    assert log.waits_for(1) == ["second"], "3 came of 1"
    assert log.waits_for(4) == ["first", "second"]
    log.advance({"first": 2, "second": 3})
    assert log.waits_for(3) == []


def test_what_follows_from_what_followed_is_waited_for():
    log = unanswered(FIRST, SECOND)
    log.add([event(1)], 1)
    log.add([event(2), event(3, "b", caused_by=1)], 3)
    log.advance({"first": 2, "second": 2})
    log.add([event(4, "a", caused_by=3)], 4)
    log.advance({"first": 2, "second": 4})
    assert log.waits_for(1) == ["first"]


def test_what_nobody_answers_is_not_waited_for():
    log = unanswered(FIRST)
    log.add([event(1, "c")], 1)
    assert (len(log), log.waits_for(9)) == (0, [])


def test_what_came_of_something_before_the_first_look_is_waited_for_by_all():
    log = unanswered(FIRST)
    log.add([event(9, caused_by=3)], 9)
    assert log.waits_for(1) == ["first"]


def test_a_timer_is_waited_for_when_it_is_due_at_once():
    due = {1: DAY, 2: DAY + timedelta(seconds=1), 3: None}
    timer = Timer("t", (("x", "a"),), lambda one: due[one.position], no_reactions)
    log = unanswered(timers=[timer])
    log.add([event(1), event(2), event(3)], 3)
    assert log.timed == [1]
    log.advance({"timer/t": 3}, {("timer/t", 1)})
    assert log.waits_for(3) == ["timer/t"]
    log.advance({"timer/t": 3})
    assert log.waits_for(3) == []


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=10)
    yield pool
    await pool.close()


@pytest.fixture
async def log(pool, postgres, nats_url):
    log = PostgresLog(pool)
    async with relaying(log, postgres, nats_url):
        yield log


@pytest.fixture
def diary(tenant):
    return Diary(f"diary-{uuid4().hex[:8]}", tenant)


@pytest.fixture
async def settlement(pool, log, diary):
    settlement = Settlement(Consumers.of([diary.policy], ()), log, pool)
    running = asyncio.create_task(settlement.run())
    yield settlement
    running.cancel()
    await asyncio.wait([running])


async def test_who_waits_is_told_when_everything_has_followed(
    pool, log, nats_url, diary, settlement
):
    async with consuming(diary, pool, nats_url):
        await append(log, diary.tenant, "enrollment-a", *range(1, 51))
        found = await settlement.wait(diary.tenant, 50, 30)
        assert found == Settled(settled=True, position=100)
        assert await lines(pool, diary.tenant, "a") == list(range(1, 51))
        again = await asyncio.gather(
            *(settlement.wait(diary.tenant, one, 30) for one in (1, 50, 100))
        )
        assert [one.settled for one in again] == [True] * 3


async def first_told(settlement, tenant, position):
    """What is told after a short wait, in which there was time for a look."""

    async def told():
        found = await settlement.wait(tenant, position, 0.1)
        return found if found.waits_for else None

    return await eventually(told)


async def test_who_has_waited_long_enough_is_told_for_whom(tenant, log, diary, settlement):
    await append(log, tenant, "enrollment-a", 1)
    expected = Settled(settled=False, position=1, waits_for=[diary.name])
    assert await first_told(settlement, tenant, 1) == expected


async def test_what_the_log_has_not_given_out_is_not_waited_for(tenant, log, settlement):
    await append(log, tenant, "lesson-a", 1, type_="lesson_started")
    began = time.monotonic()
    beyond = Settled(settled=False, position=2, known=False)
    assert await settlement.wait(tenant, 2, 3600) == beyond
    assert (await settlement.wait(tenant, 1, 3600)).settled
    assert time.monotonic() - began < 60


async def test_who_comes_during_a_look_is_not_told_of_the_log_before(
    pool, tenant, log, settlement, monkeypatch
):
    read, grown = log.read, asyncio.Event()
    came: list[asyncio.Task[Settled]] = []

    async def grow_and_read(*arguments, **named):
        if not grown.is_set():
            grown.set()  # another read may come meanwhile
            await append(PostgresLog(pool), tenant, "lesson-b", 2, type_="lesson_started")
            came.append(asyncio.create_task(settlement.wait(tenant, 2, 60)))
            await asyncio.sleep(0)
        return await read(*arguments, **named)

    await append(log, tenant, "lesson-a", 1, type_="lesson_started")
    monkeypatch.setattr(log, "read", grow_and_read)
    assert (await settlement.wait(tenant, 1, 60)).settled
    await eventually(lambda: came)
    assert await came[0] == Settled(settled=True, position=2)


async def test_what_is_parked_is_told_to_whom_it_concerns_and_waited_for_by_nobody(
    pool, log, nats_url, diary, settlement
):
    def trouble(number):
        if number == 1:
            raise RuntimeError

    diary.trouble = trouble
    async with consuming(diary, pool, nats_url):
        for key in ("a", "b"):
            await append(log, diary.tenant, f"enrollment-{key}", 1 + (key == "b"), correlation=key)
        failed, other = await asyncio.gather(
            *(settlement.wait(diary.tenant, n, 60) for n in (1, 2))
        )
    assert (failed.settled, failed.parked) == (False, [diary.name])
    assert (other.settled, other.parked) == (True, ())


async def test_a_timer_that_is_due_at_once_has_to_go_off(pool, tenant):
    log, ringing = PostgresLog(pool), Ringing(pool, Diary(f"diary-{uuid4().hex[:8]}", tenant))
    ringing.now = 10
    consumers = Consumers.of((), [ringing.timer])
    running = asyncio.create_task((settlement := Settlement(consumers, log, pool)).run())
    await ringing.enroll("a", 10, 10**6)
    name = f"timer/{ringing.diary.name}"
    assert (await first_told(settlement, tenant, 2)).waits_for == [name]
    await ringing.alarm().turn()
    assert (await settlement.wait(tenant, 2, 60)).settled, "the other is due in two years"
    running.cancel()
    await asyncio.wait([running])
    assert (await settlement.wait(tenant, 2, 60)).settled is False, "nobody waits at the end"
    await ringing.close()
