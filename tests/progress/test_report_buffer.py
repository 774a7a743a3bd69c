"""Players that report every few seconds: held for a moment, written as one, and nothing is lost."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from tests.clocks import Clock
from tests.eventually import eventually
from tests.progress.conftest import ENROLLMENT
from tests.progress.given import completed, minute, progressed

from milepost.events.commands.transact import Transactor
from milepost.progress import report_buffer
from milepost.progress.domain.decisions import Terms
from milepost.progress.domain.state import PROGRESS
from milepost.progress.plan_cache import PlanCache
from milepost.progress.report_buffer import HEAVY_CALLS, MAX_TRIES, ReportBuffer, Sender

PATH = f"/progress/enrollments/{ENROLLMENT}"
KEY = ("north", ENROLLMENT)
OTHER = ("north", "e-other")
ADA = Sender("ada", Terms(), b"{}")


def tick(number, **facts):
    at = minute(1) + timedelta(seconds=5 * number)
    said = {"progress": number / 100, "seconds_spent": 5.0, "resume_at": str(number)}
    return progressed("intro", **{"id": f"t{number}", "occurred_at": at, **said, **facts})


async def outcomes(school, *reports, **call):
    answer = await school.post(f"{PATH}/reports", {"reports": msgspec.to_builtins(reports)}, **call)
    assert answer.status_code == 200, answer.text
    told = answer.json()["results"]
    return [one["problem"]["type"] if "problem" in one else one["outcome"] for one in told]


async def written(school):
    return [one.type for one in await school.transactor.log.read_stream(*stream())].count(
        "lesson_progressed"
    )


def stream():
    return "north", PROGRESS.of(ENROLLMENT).name


async def test_a_player_s_reports_are_held_and_written_as_one(school):
    await school.begin()
    told = [(await outcomes(school, tick(n)))[0] for n in range(1, 11)]
    assert told == ["accepted"] * HEAVY_CALLS + ["buffered"] * 7
    assert await written(school) == HEAVY_CALLS
    assert await outcomes(school, tick(10)) == ["buffered"]
    seen = (await school.get(PATH)).json()["lessons"][0]
    assert (seen["seconds_spent"], seen["progress"]) == (50, 0.1)
    assert await written(school) == HEAVY_CALLS + 1
    assert await outcomes(school, *map(tick, range(1, 11))) == ["duplicate"] * 10


async def test_what_is_held_is_written_before_what_decides(school):
    await school.begin()
    for number in range(1, 6):
        await outcomes(school, tick(number))
    assert await outcomes(school, completed("intro", id="c", at=2)) == ["accepted"]
    types = [one.type for one in await school.transactor.log.read_stream(*stream())]
    assert types[-2:] == ["lesson_progressed", "lesson_completed"]


async def test_what_is_refused_is_refused_at_once_and_what_is_asked_for_once_is_written(school):
    await school.begin()
    for number in range(1, 5):
        await outcomes(school, tick(number))
    reused = "urn:milepost:problem:report_id_reused"
    assert await outcomes(school, tick(5), tick(1, clicks=3)) == ["buffered", reused]
    assert await outcomes(school, tick(5, clicks=3)) == [reused]
    late = tick(6, occurred_at=minute(-10))
    assert await outcomes(school, late) == ["urn:milepost:problem:not_enrolled"]
    assert await outcomes(school, tick(7), key="k") == ["accepted"]
    assert await outcomes(school, tick(8)) == ["buffered"]
    assert await outcomes(school, tick(9), subject="ines", by="registrar") == ["accepted"]


async def test_who_does_not_hurry_is_written_at_once(school, log):
    await school.begin()
    clock = Clock(0.0)
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10, clock)
    for number in range(2 * HEAVY_CALLS):
        assert not buffer.takes(KEY, "ada", [tick(number)])
        clock.now += 10.1
    for number in range(HEAVY_CALLS + 1):
        assert buffer.takes(KEY, "ada", [tick(number)]) is (number == HEAVY_CALLS)
    assert not buffer.takes(KEY, "ada", [tick(1), completed("intro")])
    assert not buffer.takes(KEY, "ada", [tick(1), progressed("loops")])
    never = ReportBuffer(school.transactor, PlanCache(log), 0, clock)
    assert not any(never.takes(KEY, "ada", [tick(n)]) for n in range(2 * HEAVY_CALLS))


def hold(buffer, key, reports, sender=ADA):
    return buffer.hold(key, sender, reports, ["accepted"] * len(reports))


def heavy(buffer, key=KEY, subject="ada"):
    for _ in range(HEAVY_CALLS):
        buffer.takes(key, subject, [tick(0)])


async def test_two_processes_hold_reports_of_one_enrollment(school, log):
    """The fold is the same whichever writes first, and though both hold some of them."""
    await school.begin()
    other = Transactor(log)
    buffers = [ReportBuffer(one, PlanCache(log), 10) for one in (school.transactor, other)]
    ticks = [tick(number) for number in range(1, 31)]
    hold(buffers[0], KEY, ticks[:20])
    hold(buffers[1], KEY, ticks[15:])
    await asyncio.gather(*(buffer.flush(KEY) for buffer in buffers))
    _, state = await school.transactor.load("north", PROGRESS.of(ENROLLMENT))
    intro = state.lessons["intro"]
    assert (intro.milliseconds, intro.progress, intro.bookmark.position) == (150_000, 0.3, "30")
    assert [buffer.held for buffer in buffers] == [0, 0]
    await other.close()


async def test_held_reports_are_written_in_time_and_at_the_end(school, log):
    await school.begin()
    clock = Clock(0.0)
    buffer = ReportBuffer(school.transactor, PlanCache(log), 0.1, clock)
    running = asyncio.create_task(buffer.run())
    hold(buffer, KEY, [tick(1)])
    await eventually(clock.looked_at(2))
    assert await written(school) == 0
    clock.now = 0.2

    async def is_written():
        return await written(school) == 1

    assert await eventually(is_written)
    hold(buffer, KEY, [tick(2)])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await written(school) == 2
    assert hold(buffer, KEY, [tick(3)]) is None


async def test_what_could_not_be_written_is_kept_and_tried_again(school, log, monkeypatch):
    await school.begin()
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10)
    hold(buffer, KEY, [tick(1)])

    async def away(*_, **__):
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(log, "append", away)
        await buffer.flush(KEY)
    hold(buffer, KEY, [tick(2)])
    assert buffer.held == 2
    await buffer.flush(KEY)
    assert (buffer.held, await written(school)) == (0, 2)


async def test_nobody_gives_up_before_many_tries_and_a_long_time(school, log, monkeypatch):
    await school.begin()
    clock = Clock(0.0)
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10, clock)

    async def away(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(log, "append", away)
    hold(buffer, KEY, [tick(1)])
    clock.now = 10.0 * MAX_TRIES + 1
    await buffer.flush(KEY)
    assert buffer.held == 1  # a long time, in which nobody has tried
    hold(buffer, OTHER, [tick(1)])
    for _ in range(MAX_TRIES + 1):
        await buffer.flush(OTHER)
    assert buffer.held == 2  # many tries, in a moment
    clock.now *= 2
    await buffer.flush(OTHER)
    assert buffer.held == 1
    for _ in range(MAX_TRIES):
        await buffer.flush(KEY)
    assert buffer.held == 0


async def test_at_the_end_what_could_not_be_written_is_tried_again(school, log, monkeypatch):
    await school.begin()
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10)
    hold(buffer, KEY, [tick(1)])
    append, failures = log.append, [RuntimeError()] * 3

    async def away_at_first(*given, **facts):
        if failures:
            raise failures.pop()
        return await append(*given, **facts)

    monkeypatch.setattr(log, "append", away_at_first)
    await ended(buffer)
    assert (buffer.held, await written(school)) == (0, 1)


async def test_the_end_waits_no_longer_than_it_may(school, log, monkeypatch, capsys):
    await school.begin()
    monkeypatch.setattr(report_buffer, "LAST_SECONDS", 0.2)
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10)
    hold(buffer, KEY, [tick(1)])
    go_on = asyncio.Event()

    async def hanging(*_, **__):
        await go_on.wait()
        raise RuntimeError

    monkeypatch.setattr(log, "append", hanging)
    await ended(buffer)
    assert "buffered_reports_lost" in capsys.readouterr().out
    go_on.set()
    await buffer.flush(KEY)


async def ended(buffer):
    running = asyncio.create_task(buffer.run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_whoever_waits_for_what_is_held_waits_until_it_is_written(school, log, monkeypatch):
    await school.begin()
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10)
    hold(buffer, KEY, [tick(1)])
    go_on, append = asyncio.Event(), log.append

    async def slow(*given, **facts):
        await go_on.wait()
        return await append(*given, **facts)

    async def away(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(log, "append", away)
    first = asyncio.create_task(buffer.flush(KEY))
    others = [asyncio.create_task(buffer.flush(KEY)) for _ in range(2)]
    await first
    monkeypatch.setattr(log, "append", slow)
    assert hold(buffer, KEY, [tick(2)]) is None
    _, pending = await asyncio.wait(others, timeout=0.1)
    go_on.set()
    await asyncio.gather(*others)
    assert pending == set(others)
    assert (buffer.held, await written(school)) == (0, 1)


async def test_what_two_senders_report_is_never_held_as_one(school, log):
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10)
    heavy(buffer)
    heavy(buffer, subject="ines")
    assert buffer.takes(KEY, "ada", [tick(1)])
    assert buffer.takes(KEY, "ines", [tick(2)])
    assert hold(buffer, KEY, [tick(1)]) == ["buffered"]
    assert hold(buffer, KEY, [tick(2)], Sender("ines", Terms(), b"{}")) is None
    assert hold(buffer, KEY, [tick(1, clicks=3)]) is None


async def test_there_is_never_more_held_than_is_allowed(school, log, monkeypatch):
    monkeypatch.setattr(report_buffer, "MAX_HELD", 50)
    buffer = ReportBuffer(school.transactor, PlanCache(log), 10)
    taken = 0
    for number in range(20):
        key = ("north", str(uuid4()))
        heavy(buffer, key)
        call = [tick(10 * number + n) for n in range(10)]
        if buffer.takes(key, "ada", call):
            hold(buffer, key, call)
            taken += 1
    assert (taken, buffer.held) == (5, 50)
