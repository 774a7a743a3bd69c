"""The relay believes nothing that the log did not write, and says what it found."""

import asyncio
from functools import partial
from uuid import uuid4

import pytest
from tests.events.traffic import SERVICES, append, messages, relaying
from tests.eventually import eventually

from milepost.events.nats.jetstream import STREAM
from milepost.events.relay.reconcile import Mending, compare, no_progress
from milepost.events.relay.strays import STRAYS, forget_strays, strays_by_tenant
from milepost.events.relay.stream_inventory import StreamInventory
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import connect_pool

SUBJECT = "milepost.north.enrollment.learner_enrolled"


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=12)
    await forget_strays(pool)
    yield pool
    await pool.close()


pytestmark = pytest.mark.usefixtures("js")


def claim(position, event_id=None, **others):
    return {
        "Milepost-Tenant": "north",
        "Milepost-Position": str(position),
        "ce-id": str(event_id or uuid4()),
        **others,
    }


async def ours(log, nats_url, tenant="north"):
    """The positions of the log's own events, in the stream's order."""
    ids = {str(event.event_id): event.position for event in await log.read(tenant, 0, 10_000)}
    found = await messages(nats_url, f"milepost.{tenant}.>")
    return [ids[id_] for one in found if (id_ := (one.headers or {}).get("ce-id")) in ids]


def holds(log, nats_url, *expected):
    async def told():
        return await ours(log, nats_url) == list(expected)

    return told


FORGED = [
    claim(9999),
    claim(3),
    claim(2, **{"Milepost-Mended": "9999"}),
    {"Milepost-Tenant": "north", "Milepost-Position": "3"},
    {**claim(1), "Milepost-Tenant": "south"},
    None,
]


@pytest.mark.parametrize("headers", FORGED)
async def test_a_forged_position_stops_nothing_and_is_said(postgres, nats_url, js, pool, headers):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", 1, 2)
        await eventually(holds(log, nats_url, 1, 2))
        await js.publish(SUBJECT, b"{}", headers=headers)
        await append(log, "north", "enrollment-a", 3)
        await eventually(holds(log, nats_url, 1, 2, 3))
        await eventually(lambda: STRAYS._value.get() == 1)
    await js.publish(SUBJECT, b"{}", headers=headers)
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", 4)
        await eventually(holds(log, nats_url, 1, 2, 3, 4))
        await eventually(lambda: STRAYS._value.get() == 2)
    [told] = await strays_by_tenant(pool)
    assert (told.tenant, told.messages) == ("north", 2)


async def test_a_mark_of_mending_counts_only_with_the_id_of_what_was_reached(
    postgres, nats_url, js, pool
):
    """A copy of an event of the log, marked as if the stream had everything by now."""
    log = MemoryLog()
    await append(log, "north", "enrollment-a", 1)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(holds(log, nats_url, 1))
    await append(log, "north", "enrollment-a", 2, 3)
    [first] = await log.read("north", 0, 1)
    await js.publish(SUBJECT, b"{}", headers=claim(1, first.event_id, **{"Milepost-Mended": "3"}))
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(holds(log, nats_url, 1, 1, 2, 3))


@pytest.mark.parametrize("times", [1, 150])
async def test_an_event_that_somebody_sends_again_brings_nothing_else_twice(
    postgres, nats_url, js, pool, times
):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", *range(1, 11))
        await eventually(holds(log, nats_url, *range(1, 11)))
        first = (await messages(nats_url, "milepost.north.>"))[0]
        headers = {k: v for k, v in (first.headers or {}).items() if not k.startswith("Nats-")}
        await asyncio.sleep(0.5)  # the relay has flushed: it knows what was acknowledged
        for _ in range(times):
            await js._nc.publish(first.subject, first.data, headers=headers)
        await js._nc.flush()
        await append(log, "north", "enrollment-a", 11)
        await eventually(holds(log, nats_url, *range(1, 11), *[1] * times, 11))


async def test_a_stray_of_a_school_that_is_not_here_is_said_too(postgres, nats_url, js, pool):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", 1)
        await eventually(holds(log, nats_url, 1))
        await js.publish("milepost.nowhere.status", b"")
        await append(log, "north", "enrollment-a", 2)
        await eventually(holds(log, nats_url, 1, 2))
        await eventually(lambda: STRAYS._value.get() == 1)
    assert [one.tenant for one in await strays_by_tenant(pool)] == ["nowhere"]


async def set_back(log, head):
    """The log as a backup holds it: up to this position, then it goes on otherwise."""
    restored = MemoryLog()
    for event in await log.read("north", 0, head):
        restored._streams["north", event.stream].append(event)
        restored._events["north"].append(event)
    return restored


async def test_after_a_restore_new_events_are_published_and_the_old_ones_are_named(
    postgres, nats_url, js, pool
):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url, pool=pool):
        for number in range(1, 21):
            await append(log, "north", "enrollment-a", number)
        await eventually(holds(log, nats_url, *range(1, 21)))
    restored = await set_back(log, 15)
    async with relaying(restored, postgres, nats_url, pool=pool):
        await append(restored, "north", "enrollment-a", 16, 17)
        await eventually(holds(restored, nats_url, *range(1, 18)))
        await eventually(lambda: STRAYS._value.get() == 5)
    [told] = await strays_by_tenant(pool)
    assert (told.messages, told.first, told.last) == (5, 16, 20)
    inventory = StreamInventory(js)
    await inventory.read_on(no_progress)
    [gaps] = await compare(restored, inventory, tuple(SERVICES), "north", no_progress)
    assert (gaps.finding.strange, gaps.finding.lost, gaps.finding.behind) == (5, 0, 0)


async def test_the_state_stays_when_the_log_has_passed_it_and_another_relay_leads(
    postgres, nats_url, js, pool
):
    log = MemoryLog()
    await append(log, "north", "enrollment-a", 1)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(holds(log, nats_url, 1))
    await js.publish(SUBJECT, b"{}", headers=claim(2))
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", 2)
        await eventually(holds(log, nats_url, 1, 2))
    STRAYS.set(0)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(lambda: STRAYS._value.get() == 1)


async def test_what_lacks_is_mended_beside_strays(postgres, nats_url, js, pool):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", *range(1, 11))
        await eventually(holds(log, nats_url, *range(1, 11)))
    await js.delete_msg(STREAM, 4)
    await js.publish(SUBJECT, b"{}", headers=claim(4))
    await js.publish(SUBJECT, b"{}", headers=claim(9999))
    inventory = StreamInventory(js)
    await inventory.read_on(no_progress)
    [gaps] = await compare(log, inventory, tuple(SERVICES), "north", no_progress)
    assert (gaps.finding.lost, gaps.finding.strange) == (1, 2)
    assert await Mending(log, js._nc, SERVICES, inventory).mend(gaps, no_progress) == 1
    assert await ours(log, nats_url) == [1, 2, 3, *range(5, 11), 4]
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", 11)
        await eventually(holds(log, nats_url, 1, 2, 3, *range(5, 11), 4, 11))


@pytest.mark.faults
async def test_a_flood_of_strays_holds_up_nobody(postgres, nats_url, js, pool):
    """A hundred a second, under the school's own subjects: each event arrives during the flood."""
    log, flooding = MemoryLog(), True

    async def flood():
        while flooding:
            await js._nc.publish("milepost.north.status", b"")
            await asyncio.sleep(0.01)

    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, "north", "enrollment-a", 1)
        await eventually(holds(log, nats_url, 1))
        task = asyncio.create_task(flood())
        for number in range(2, 12):
            await append(log, "north", "enrollment-a", number)
            await append(log, "south", "enrollment-a", number)
            await eventually(partial(reaches, log, js, number))
        flooding = False
        await task
    assert await ours(log, nats_url) == list(range(1, 12))
    assert len(await ours(log, nats_url, "south")) == 10


async def reaches(log, js, position):
    inventory = StreamInventory(js, "north")
    await inventory.read_on(no_progress)
    [event] = await log.read("north", position - 1, 1)
    return inventory.holds(event)
