"""A rehearsal answers as the log itself would, and the log never hears of it."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.events.given import command, shapes
from tests.events.test_log_model import Asked, calls, commands, contents

from milepost.events.log import AlreadyDone, Conflict
from milepost.events.store.dry_run import DryRunLog
from milepost.events.store.memory import MemoryLog

TENANT = "t"


@settings(max_examples=150, deadline=None)
@given(calls=calls, begins=st.integers(0, 8))
async def test_it_answers_and_holds_what_the_log_would(calls: list[list[Asked]], begins: int):
    model, log = MemoryLog(), MemoryLog()
    for call in calls[:begins]:
        made = commands(call, await versions(log))
        await model.append(TENANT, made)
        await log.append(TENANT, made)
    before = await contents(log, TENANT)
    rehearsal = await DryRunLog.over(log)
    for call in calls[begins:]:
        made = commands(call, await versions(model))
        answers = shapes(await model.append(TENANT, made))
        assert shapes(await rehearsal.append(TENANT, made)) == answers
    assert await contents(rehearsal, TENANT) == await contents(model, TENANT)
    assert await contents(log, TENANT) == before


async def versions(log: MemoryLog) -> Counter[str]:
    return Counter(one.stream for one in await log.read(TENANT))


@pytest.fixture
async def log() -> MemoryLog:
    """With two events of a stream."""
    log = MemoryLog()
    await log.append(TENANT, [command(("a-1", 0), events=2)])
    return log


async def test_what_comes_after_it_began_is_not_seen(log: MemoryLog):
    rehearsal = await DryRunLog.over(log)
    later = command(("a-1", 2))
    await log.append(TENANT, [later, command(("a-2", 0))])
    assert len(await rehearsal.read_stream(TENANT, "a-1")) == 2
    assert await rehearsal.read_stream(TENANT, "a-2") == []
    assert len(await rehearsal.read(TENANT)) == 2
    assert await rehearsal.done(TENANT, [later.command_id]) == {}
    results = await rehearsal.append(TENANT, [command(("a-1", 2)), command(("a-2", 0))])
    assert shapes(results) == [(3, 3), (4, 4)]


async def test_what_was_there_before_counts(log: MemoryLog):
    done = command(("b-1", 0))
    await log.append(TENANT, [done])
    rehearsal = await DryRunLog.over(log)
    results = await rehearsal.append(TENANT, [command(("a-1", 0)), done])
    assert shapes(results) == [Conflict("a-1", 2), AlreadyDone(3, 3)]
    assert await rehearsal.heads() == {TENANT: 3}
