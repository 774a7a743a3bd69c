"""Whose turn it is to be read, and how much of it: without a stream."""

import asyncio
from contextlib import suppress

from tests.events.traffic import SERVICES, append

from milepost.events.relay import backlog
from milepost.events.relay.backlog import PAUSED, SLOTS, Backlogs
from milepost.events.store.memory import MemoryLog


async def from_the_beginning(_tenant, _head):
    return 0


def backlogs_of(log, begin=from_the_beginning, batch=1000):
    return Backlogs(log, tuple(SERVICES), begin, batch=batch)


async def pages_of(backlogs, log, rounds):
    """Who got a page, in order, with its size."""
    found = []
    for _ in range(rounds):
        backlogs.start(await log.heads())
        for tenant, page in (await backlogs.finished(0.5)).items():
            backlogs.done(tenant, page)
            found.append((tenant, len(page.events)))
    return found


async def test_everything_is_read_once_in_order():
    log = MemoryLog()
    await append(log, "north", "enrollment-a", *range(1, 301))
    async with backlogs_of(log) as backlogs:
        got = await pages_of(backlogs, log, 6)
    assert sum(size for _, size in got) == 300
    assert backlogs.after == {"north": 300}
    assert backlogs.lag({"north": 300}) == 0


async def test_pages_grow_while_they_are_light_and_shrink_when_they_are_heavy(monkeypatch):
    log = MemoryLog()
    await append(log, "north", "enrollment-a", *range(1, 1001))
    async with backlogs_of(log, batch=256) as backlogs:
        sizes = [size for _, size in await pages_of(backlogs, log, 4)]
        assert sizes == [64, 128, 256, 256]
        monkeypatch.setattr(backlog, "PAGE_BYTES", 10)
        sizes = [size for _, size in await pages_of(backlogs, log, 3)]
        assert sizes == [256, 40]


async def test_who_has_least_comes_first_when_there_are_more_than_slots():
    log = MemoryLog()
    for number in range(2 * SLOTS):
        await append(log, f"full-{number}", "enrollment-a", *range(1, 1001))
    async with backlogs_of(log) as backlogs:
        await pages_of(backlogs, log, 2)  # all have begun
        await append(log, "well", "enrollment-a", 1)
        [*first] = await pages_of(backlogs, log, 2)
    assert ("well", 1) in first
    assert len(backlogs.after) == 2 * SLOTS + 1


async def test_who_cannot_be_read_pauses_and_is_tried_again(monkeypatch):
    monkeypatch.setattr(backlog, "FIRST_PAUSE_SECONDS", 0.01)
    log, tries = MemoryLog(), 0

    async def begin(tenant, _head):
        nonlocal tries
        if tenant == "sick" and (tries := tries + 1) < 3:
            raise ValueError("invalid page in block 7")
        return 0

    for tenant in ("sick", "well"):
        await append(log, tenant, "enrollment-a", 1)
    async with backlogs_of(log, begin) as backlogs, asyncio.timeout(30):
        got = await pages_of(backlogs, log, 1)
        while not PAUSED._value.get():
            got += await pages_of(backlogs, log, 1)
        while "sick" not in backlogs.after:
            got += await pages_of(backlogs, log, 1)
            await asyncio.sleep(0.01)
        got += await pages_of(backlogs, log, 2)
    assert sorted(got) == [("sick", 1), ("well", 1)]
    assert PAUSED._value.get() == 0


async def test_slow_reads_leave_their_slots_to_others(monkeypatch):
    monkeypatch.setattr(backlog, "QUICK_SECONDS", 0.0)
    log = MemoryLog()

    async def begin(tenant, _head):
        if tenant.startswith("slow"):
            await asyncio.Event().wait()
        return 0

    for number in range(SLOTS):
        await append(log, f"slow-{number}", "enrollment-a", 1)
    async with backlogs_of(log, begin) as backlogs:
        assert await pages_of(backlogs, log, 1) == []
        await append(log, "well", "enrollment-a", 1)
        assert await pages_of(backlogs, log, 2) == [("well", 1)]


async def test_what_is_under_way_ends_with_the_block():
    log = MemoryLog()
    await append(log, "north", "enrollment-a", 1)
    ended = asyncio.Event()

    async def begin(_tenant, _head):
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        ended.set()
        return 0

    async with backlogs_of(log, begin) as backlogs:
        await pages_of(backlogs, log, 1)
    assert ended.is_set()


async def test_what_is_read_ahead_leaves_slots_to_others():
    log, begun = MemoryLog(), []

    async def begin(tenant, _head):
        begun.append(tenant)
        return 0

    for number in range(2 * SLOTS):
        await append(log, f"full-{number}", "enrollment-a", *range(1, 1001))
    async with backlogs_of(log, begin) as backlogs:
        backlogs.start(await log.heads(), spare=3)
        await asyncio.sleep(0)
        assert len(begun) == SLOTS - 3
        backlogs.start(await log.heads())
        await asyncio.sleep(0)
        assert len(begun) == SLOTS
