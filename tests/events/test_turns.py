"""Whose turn it is, and that nobody waits for who stands still: no clock, no server."""

import asyncio

import pytest
from tests.eventually import eventually

from milepost.events.runtime import slots
from milepost.events.runtime import turns as module
from milepost.events.runtime.leadership import LeaseLost
from milepost.events.runtime.turns import MAX_TURNS, SLOTS, Turns


async def test_who_has_much_to_do_takes_turns_with_who_has_little():
    taken = []

    async def turn(tenant):
        taken.append(tenant)
        await asyncio.sleep(0)
        return tenant != "small" and "small" not in taken

    async with Turns("test", turn) as turns, asyncio.timeout(30):
        full = [f"full-{number}" for number in range(2 * SLOTS)]
        turns.offer(full)
        await eventually(lambda: len(taken) > len(full))  # else this proves nothing
        turns.offer(["small"])
        before = len(taken)
        await turns.join([*full, "small"])
    assert taken.index("small") - before <= len(full) + 1


async def test_who_stands_still_leaves_its_slot(monkeypatch):
    monkeypatch.setattr(slots, "QUICK_SECONDS", 0.01)
    stuck, begun = [f"stuck-{number}" for number in range(SLOTS)], []
    under_way, most, all_left = 0, 0, asyncio.Event()

    async def turn(tenant):
        nonlocal under_way, most
        if tenant in stuck:
            begun.append(tenant)
            await asyncio.Event().wait()
        under_way += 1
        most = max(most, under_way)
        if under_way == SLOTS:
            all_left.set()
        await all_left.wait()
        await asyncio.sleep(0)
        under_way -= 1
        return False

    async with Turns("test", turn) as turns, asyncio.timeout(30):
        turns.offer(stuck)
        await eventually(lambda: len(begun) == SLOTS)
        monkeypatch.setattr(slots, "QUICK_SECONDS", 3600)  # a slow machine lets no other leave
        well = [f"well-{number}" for number in range(MAX_TURNS)]
        turns.offer(well)
        await turns.join(well)
    assert most == SLOTS


async def test_a_tenant_has_one_turn_at_a_time_and_another_if_offered_meanwhile():
    taken, under_way = 0, 0

    async def turn(_):
        nonlocal taken, under_way
        taken, under_way = taken + 1, under_way + 1
        assert under_way == 1
        if taken == 1:
            turns.offer(["one", "one"])
        await asyncio.sleep(0)
        under_way -= 1
        return False

    async with Turns("test", turn) as turns:
        turns.offer(["one"])
        await turns.join(["one"])
    assert taken == 2


async def test_who_fails_is_tried_again_after_a_pause_alone(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.01)
    taken, said = [], []

    async def turn(tenant):
        taken.append(tenant)
        if tenant == "sick":
            said.append(module.PAUSED.labels("test")._value.get())
            if len(said) < 3:
                raise ValueError("invalid page in block 7")
        return False

    async with Turns("test", turn) as turns, asyncio.timeout(30):
        turns.offer(["sick", "well"])
        await turns.join(["sick", "well"])
    assert sorted(taken) == ["sick", "sick", "sick", "well"]
    assert said == [0, 1, 1]
    assert module.PAUSED.labels("test")._value.get() == 0


async def test_another_leader_ends_everything():
    async def turn(_):
        raise LeaseLost

    async with Turns("test", turn) as turns:
        turns.offer(["one"])
        with pytest.raises(LeaseLost):
            await turns.lost()
        with pytest.raises(LeaseLost):
            await turns.join(["one"])


async def test_what_is_under_way_ends_with_the_block():
    ended = False

    async def turn(_):
        nonlocal ended
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    async with Turns("test", turn) as turns:
        turns.offer(["one"])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert ended
