import asyncio
import sys
from itertools import chain, repeat
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY
from tests.events.diary import Diary, DiaryClosed
from tests.events.ringing import Ringing, minute
from tests.events.traffic import append
from tests.eventually import eventually

from milepost.events.parking.operator_actions import list_parked, retry
from milepost.events.policies.timer_rows import started
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.subscriptions.attempts import ATTEMPTS

HOUSE = Path(__file__).parents[2]


class Poison(Exception):
    pass


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=10)
    yield pool
    await pool.close()


@pytest.fixture
async def ringing(pool, tenant):
    ringing = Ringing(pool, Diary(f"diary-{uuid4().hex[:8]}", tenant))
    yield ringing
    await ringing.close()


async def test_it_goes_off_at_its_time_not_before_and_once(ringing):
    await ringing.enroll("a", 10)
    alarm = ringing.alarm()
    for now, expected in ((0, []), (9.999, []), (10, [10]), (11, [10]), (1000, [10])):
        ringing.now = now
        await alarm.turn()
        assert await ringing.lines() == expected
    assert ringing.times == [minute(10)]
    assert await ringing.waiting() == []


async def test_it_sleeps_until_the_next_is_due_a_second_at_most(ringing):
    alarm = ringing.alarm()
    assert await alarm.turn() == 1
    await ringing.enroll("a", 10)
    assert await alarm.turn() == 1
    ringing.now = 10 - 0.25 / 60
    assert await alarm.turn() == pytest.approx(0.25)


async def test_what_was_due_before_it_was_recorded_goes_off_at_once(ringing):
    ringing.now = 500
    await ringing.enroll("a", 10)
    await ringing.alarm().turn()
    assert await ringing.lines() == [10]
    assert ringing.times == [minute(500)], "it is told how late it is"


async def test_what_was_started_survives_a_restart(ringing):
    await ringing.enroll("a", 10)
    await ringing.alarm().turn()
    ringing.now = 10
    await ringing.alarm().turn()
    assert await ringing.lines() == [10]
    await ringing.alarm().turn()
    assert ringing.diary.seen == [10]


async def test_a_restart_reads_on_from_where_the_log_was_read(pool, tenant, ringing):
    await ringing.enroll("a", 10)
    await append(PostgresLog(pool), tenant, "lesson-a", 1, type_="lesson_started")
    await ringing.alarm().turn()
    consumer = f"timer/{ringing.diary.name}"
    reached = "select position from consumer.positions where consumer = $1 and tenant = $2"
    assert await pool.fetchval(reached, consumer, tenant) == 2
    await pool.execute("delete from consumer.timers where tenant = $1", tenant)
    await ringing.enroll("a", 11)
    await ringing.alarm().turn()
    assert await ringing.waiting() == [(3, minute(11))]


async def test_a_history_longer_than_a_batch_is_read_to_its_end(ringing):
    await ringing.enroll("a", *range(1, 26))
    await ringing.alarm(batch=10).turn()
    assert await ringing.waiting() == [(n, minute(n)) for n in range(1, 26)]


async def test_what_comes_between_two_looks_is_started_once(ringing):
    """The log has grown between the question how far it goes and the reading."""
    ringing.now = 10
    await ringing.enroll("a", 1)
    alarm = ringing.alarm()
    read = alarm._transactor.log.read

    async def grow_and_read(tenant, *arguments):
        if tenant == ringing.tenant:
            await ringing.enroll("a", 2)
        return await read(tenant, *arguments)

    alarm._transactor.log.read = grow_and_read
    await alarm.turn()
    alarm._transactor.log.read = read
    await alarm.turn()
    assert ringing.diary.seen == [1, 2]


async def test_a_process_killed_before_it_forgets_has_done_it_once(pool, postgres, tenant, ringing):
    await ringing.enroll("a", 10)
    await ringing.alarm().turn()
    arguments = ("-m", "tests.events.ringing", postgres, ringing.diary.name, tenant, "10")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from consumer.timers where tenant = $1 for update", tenant)
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=HOUSE)
        await eventually(ringing.wrote(10))
        process.kill()
        await process.wait()
    assert await ringing.waiting() == [(1, minute(10))]
    ringing.now = 10
    await ringing.alarm().turn()
    assert ringing.diary.seen == [10], "it went off a second time, else this proves nothing"
    assert await ringing.lines() == [10]
    assert await ringing.waiting() == []


async def test_two_that_run_at_once_do_each_once(ringing):
    ringing.now = 100
    for key in "abcdefghij":
        await ringing.enroll(key, *range(1, 6))
    alarms = ringing.alarm(batch=7), ringing.alarm(batch=7)
    for _ in range(10):
        await asyncio.gather(*(alarm.turn() for alarm in alarms))
    for key in "abcdefghij":
        assert await ringing.lines(key) == [1, 2, 3, 4, 5]
    assert len(ringing.diary.seen) > 50, "they met, else this proves nothing"


async def test_what_one_has_done_a_slower_reader_does_not_start_again(ringing):
    """The slower one reads; the faster one does everything before the slower one writes."""
    ringing.now = 10
    await ringing.enroll("a", 10)
    faster, slower = ringing.alarm(), ringing.alarm()
    start = slower._rows.start

    async def start_late(tenant, *arguments):
        if tenant == ringing.tenant:
            await faster.turn()
        await start(tenant, *arguments)

    slower._rows.start = start_late
    await slower.turn()
    assert ringing.times == [minute(10)]
    assert await ringing.lines() == [10]


async def test_of_two_processes_one_runs_the_timer(pool, tenant, ringing):
    other = Ringing(pool, Diary(ringing.diary.name, tenant), now=10)
    async with ringing.running(), other.running():
        await ringing.enroll("a", 10)
        ringing.now = 10
        await eventually(ringing.wrote(10))
    assert [] in (ringing.times, other.times)
    await other.close()


async def test_it_goes_on_when_its_connections_were_cut(postgres, ringing):
    own = await connect_pool(postgres, name="cut")
    other = Ringing(own, ringing.diary)
    async with other.running():
        await ringing.enroll("a", 10)
        await eventually(ringing.waiting)
        connection = await asyncpg.connect(postgres)
        cut = (
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut'"
        )
        assert len(await connection.fetch(cut)) > 1
        await connection.close()
        other.now = 10
        await eventually(ringing.wrote(10))
    await other.close()
    await own.close()


async def test_a_refusal_is_final(pool, tenant, ringing):
    def refuse(number):
        if number == 2:
            raise DiaryClosed

    ringing.diary.trouble = refuse
    ringing.now = 5
    await ringing.enroll("a", 1, 2, 3)
    await ringing.alarm().turn()
    assert await ringing.lines() == [1, 3]
    assert await list_parked(pool, tenant=tenant, settled=True) == []
    assert await ringing.waiting() == []


async def test_what_no_longer_matters_goes_quietly(ringing):
    asked = []

    async def quiet(_, now):
        asked.append(now)
        return ()

    ringing.react = quiet
    ringing.now = 10
    await ringing.enroll("a", 10)
    await ringing.alarm().turn()
    assert (asked, await ringing.waiting()) == ([minute(10)], [])
    assert await ringing.lines() == []


@pytest.fixture
def poison(ringing):
    """The numbers that the diary cannot take; a test may empty it."""
    numbers = {2}

    def choke(number):
        if number in numbers:
            raise Poison(number)

    ringing.diary.trouble = choke
    return numbers


@pytest.mark.usefixtures("poison")
async def test_one_that_fails_is_parked_with_its_stream_and_others_go_on(ringing):
    ringing.now = 5
    await ringing.enroll("a", 1, 2, 3, 9)
    await ringing.enroll("b", 2, 3)
    alarm = ringing.alarm()
    await alarm.turn()
    ringing.now = 10
    await ringing.enroll("c", 4)
    await alarm.turn()
    assert [await ringing.lines(key) for key in "abc"] == [[1], [], [4]]
    parked = [(p.stream, p.position, p.status, p.attempts) for p in await ringing.parked()]
    assert parked == [
        ("enrollment-a", 2, "parked", ATTEMPTS),
        ("enrollment-a", 3, "behind", 0),
        ("enrollment-a", 4, "behind", 0),
        ("enrollment-b", 5, "parked", ATTEMPTS),
        ("enrollment-b", 6, "behind", 0),
    ]
    assert await ringing.waiting() == []


async def test_a_parked_one_holds_up_its_stream_until_an_operator_says_retry(pool, ringing, poison):
    ringing.now = 5
    await ringing.enroll("a", 1, 2, 3, 9)
    async with ringing.running():
        await eventually(ringing.parked)
    poison.clear()
    ringing.now = 9
    async with ringing.running():
        await eventually(lambda: _are(ringing.parked, 3))
        assert await ringing.lines() == [1]
        await retry(pool, (await ringing.parked())[0].id, actor="ada")
        await eventually(ringing.wrote(1, 2, 3, 9))
        await eventually(lambda: _are(ringing.parked, 0))


async def _are(found, count):
    return len(await found()) == count


async def test_what_passes_is_waited_for_not_parked(pool, tenant, ringing):
    failures = iter([ConnectionResetError(), TimeoutError(), OSError(), OSError()])

    def away(_):
        if error := next(failures, None):
            raise error

    ringing.diary.trouble = away
    ringing.now = 10
    await ringing.enroll("a", 10)
    await ringing.alarm().turn()
    assert await ringing.lines() == [10]
    assert await list_parked(pool, tenant=tenant, settled=True) == []


async def test_a_due_time_that_cannot_be_told_is_parked_and_kept_once_it_can(pool, ringing):
    def unknown():
        raise Poison

    ringing.fault = unknown
    far = 1_000_000
    await ringing.enroll("a", far)
    ringing.now = far - 1
    alarm = ringing.alarm()
    await alarm.turn()
    [parked] = await ringing.parked()
    assert (parked.status, parked.error) == ("parked", "Poison()")
    ringing.fault = lambda: None
    await retry(pool, parked.id, actor="ada")
    await alarm.turn()
    assert await ringing.parked() == []
    assert (ringing.times, await ringing.waiting()) == ([], [(1, minute(far))])
    ringing.now = far
    await alarm.turn()
    assert await ringing.lines() == [far]


async def test_what_fails_again_when_it_is_due_is_parked_again(pool, ringing):
    def unknown():
        raise Poison

    ringing.fault, far = unknown, 1_000_000
    await ringing.enroll("a", far)
    ringing.now = far - 1
    alarm = ringing.alarm()
    await alarm.turn()
    [before] = await ringing.parked()
    ringing.fault = lambda: None
    await retry(pool, before.id, actor="ada")
    await alarm.turn()
    ringing.fault, ringing.now = unknown, far
    await alarm.turn()
    [again] = await ringing.parked()
    assert (again.id, again.status, again.position) == (before.id, "parked", before.position)
    ringing.fault = lambda: None
    await retry(pool, again.id, actor="ada")
    await alarm.turn()
    assert await ringing.lines() == [far]


async def test_a_version_that_tells_another_due_time_has_the_last_word(ringing):
    await ringing.enroll("a", 10)
    await ringing.alarm().turn()
    ringing.due = lambda _: minute(20)
    alarm = ringing.alarm()
    for now, expected in ((10, []), (19, []), (20, [10])):
        ringing.now = now
        await alarm.turn()
        assert await ringing.lines() == expected
    assert await ringing.waiting() == []


async def test_in_a_stream_they_go_off_as_they_are_due_not_as_they_came(ringing):
    await ringing.enroll("a", 5, 3, 4, 1, 2)
    ringing.now = 5
    await ringing.alarm(batch=3).turn()
    assert await ringing.lines() == [1, 2, 3]
    await ringing.alarm(batch=3).turn()
    assert await ringing.lines() == [1, 2, 3, 4, 5]


async def test_a_clock_set_back_does_no_harm(ringing):
    await ringing.enroll("a", 10, 20)
    alarm = ringing.alarm()
    for now, expected in ((15, [10]), (3, [10]), (10, [10]), (19, [10]), (20, [10, 20])):
        ringing.now = now
        await alarm.turn()
        assert await ringing.lines() == expected
    assert ringing.times == [minute(15), minute(20)]


async def test_a_clock_set_back_under_way_never_says_a_time_before_it_is_due(ringing):
    await ringing.enroll("a", 10)
    times = chain(map(minute, (0, 10)), repeat(minute(3)))
    ringing.clock = lambda: next(times)
    await ringing.alarm().turn()
    assert ringing.times == [minute(10)]
    assert await ringing.waiting() == []


async def test_what_is_started_while_it_sleeps_is_noticed(ringing):
    ringing.now = 10
    async with ringing.running():
        await ringing.enroll("b", 100)
        await eventually(ringing.waiting)
        await ringing.enroll("a", 10)
        await eventually(ringing.wrote(10), within=5)


async def test_metrics_say_how_late_it_is(ringing):
    await ringing.enroll("a", *range(1, 6))
    ringing.now = 10
    alarm = ringing.alarm(batch=2)
    labels = {"timer": ringing.diary.name}
    for due, late_minutes in ((3, 7), (1, 5), (0, 0)):
        await alarm.turn()
        assert REGISTRY.get_sample_value("milepost_timers_due", labels) == due
        late_seconds = REGISTRY.get_sample_value("milepost_timers_late_seconds", labels)
        assert late_seconds == late_minutes * 60


async def test_what_is_started_is_listed_by_when_it_is_due(pool, tenant, ringing):
    await ringing.enroll("a", 30, 10)
    await ringing.enroll("b", 20)
    await ringing.alarm().turn()
    found = await started(pool, tenant=tenant, limit=2)
    assert [(one.timer, one.stream, one.due_at) for one in found] == [
        (ringing.diary.name, "enrollment-a", minute(10)),
        (ringing.diary.name, "enrollment-b", minute(20)),
    ]


async def test_thousands_due_at_once_go_off_in_bounded_batches_in_due_order(ringing):
    await ringing.enroll_many([number * 1237 % 2003 for number in range(2003)])
    ringing.now = 2003
    alarm = ringing.alarm(batch=400)
    for turn in range(1, 7):
        assert await alarm.turn() == (0 if turn < 6 else 1)
        assert sorted(ringing.diary.seen) == list(range(min(turn * 400, 2003)))


async def test_a_school_that_stands_still_holds_up_no_other(pool, ringing):
    other = Ringing(pool, Diary(ringing.diary.name, f"{ringing.tenant}-well"))
    reached, mended = asyncio.Event(), asyncio.Event()
    react, due = ringing.react, ringing.due

    async def slow(event, now):
        if event.tenant == other.tenant:
            return await other.react(event, now)
        reached.set()
        await mended.wait()
        return await react(event, now)

    ringing.react = slow
    ringing.due = lambda event: due(event) or other.due(event)
    ringing.now = 10
    await ringing.enroll("a", 1, 2)
    async with ringing.running():
        await reached.wait()
        await other.enroll("a", 3)
        await eventually(other.wrote(3))
        assert await ringing.lines() == []
        mended.set()
        await eventually(ringing.wrote(1, 2))
