"""JetStream loses messages for real: some are deleted, purged, the stream is gone."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import nats
import pytest
from nats.js.errors import NotFoundError
from tests.events.traffic import SERVICES, append, lose, messages, positions, relaying
from tests.eventually import eventually

from milepost.events.nats.cloudevents import reached_by
from milepost.events.nats.jetstream import STREAM
from milepost.events.relay.reconcile import Mending, compare, no_progress, until_relayed
from milepost.events.relay.stream_inventory import StreamInventory
from milepost.events.store.memory import MemoryLog


@pytest.fixture(autouse=True)
async def client(nats_url):
    """A JetStream without our stream."""
    client = await nats.connect(nats_url)
    js = client.jetstream()
    if STREAM in [info.config.name for info in await js.streams_info()]:
        await js.delete_stream(STREAM)
    yield client
    await client.close()


@pytest.fixture
def js(client):
    return client.jetstream()


@pytest.fixture
async def log():
    """Two schools; of the north's events every fourth is not for others."""
    log = MemoryLog()
    for start in range(1, 401, 4):
        await append(log, "north", "enrollment-a", *range(start, start + 3))
        await append(log, "north", "progress-a", start + 3, type_="lesson_progressed")
        await append(log, "south", "enrollment-b", start)
    return log


def published(count):
    return [position for position in range(1, count + 1) if position % 4]


def headers_of(message):
    assert message.headers
    return message.headers


def reached(nats_url, tenant, expected):
    async def holds():
        return await positions(nats_url, tenant) == expected

    return holds


async def relayed(log, postgres, nats_url):
    async with relaying(log, postgres, nats_url):
        await eventually(reached(nats_url, "north", published(400)))
        await eventually(reached(nats_url, "south", list(range(1, 101))))


async def found(log, js, tenant=None):
    inventory = StreamInventory(js)
    await inventory.read_on(no_progress)
    gaps = await compare(log, inventory, tuple(SERVICES), tenant, no_progress)
    return inventory, {one.finding.tenant: one for one in gaps}


async def mended(log, client):
    inventory, gaps = await found(log, client.jetstream())
    await until_relayed(log, client.jetstream(), inventory, list(gaps.values()))
    mending = Mending(log, client, SERVICES, inventory)
    return {tenant: await mending.mend(one, no_progress) for tenant, one in gaps.items()}


async def test_a_whole_stream_lacks_nothing(log, postgres, nats_url, js):
    await relayed(log, postgres, nats_url)
    _, gaps = await found(log, js)
    assert list(gaps) == ["north", "south"]
    for one in gaps.values():
        assert one.finding.events == {"north": 300, "south": 100}[one.finding.tenant]
        assert not list(one.missing)
        assert (one.finding.doubled, one.finding.strange, one.finding.discarded) == (0, 0, 0)


async def test_lost_messages_come_again_at_the_end_each_once_and_marked(
    log, postgres, nats_url, client, js
):
    await relayed(log, postgres, nats_url)
    before = {headers_of(message)["ce-id"]: message for message in await messages(nats_url)}
    await lose(js, "north", 1, 17, 18, 397)
    await lose(js, "south", 50)
    async with relaying(log, postgres, nats_url):
        assert await mended(log, client) == {"north": 4, "south": 1}
    after = await messages(nats_url, "milepost.north.>")
    assert (await positions(nats_url, "north"))[-4:] == [1, 17, 18, 397]
    assert sorted(await positions(nats_url, "north")) == published(400)
    for one in after[-4:]:
        headers = headers_of(one)
        first = before[headers["ce-id"]]
        assert (one.subject, one.data) == (first.subject, first.data)
        assert headers.pop("Milepost-Mended") == "399"
        assert headers.pop("Milepost-Mended-Id") == headers_of(after[-5])["ce-id"]
        ours = {name: value for name, value in headers.items() if "Nats-" not in name}
        assert ours.items() <= headers_of(first).items()


async def test_a_relay_goes_on_behind_what_was_reached_not_behind_what_was_mended(
    log, postgres, nats_url, client, js
):
    await relayed(log, postgres, nats_url)
    await lose(js, "north", 17)
    await mended(log, client)
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", 401)
        await eventually(
            reached(nats_url, "north", [*(p for p in published(400) if p != 17), 17, 401])
        )


async def test_a_lost_end_is_the_relays_and_comes_in_order(log, postgres, nats_url, js):
    await relayed(log, postgres, nats_url)
    await lose(js, "north", 398, 399)
    _, gaps = await found(log, js)
    assert (gaps["north"].finding.lost, gaps["north"].finding.behind) == (0, 2)
    await relayed(log, postgres, nats_url)
    assert not [m for m in await messages(nats_url) if "Milepost-Mended" in headers_of(m)]


async def test_a_relay_that_is_idle_sees_messages_vanish(log, postgres, nats_url, js):
    async with relaying(log, postgres, nats_url):
        await eventually(reached(nats_url, "north", published(400)))
        await lose(js, "north", 398, 399)
        await eventually(reached(nats_url, "north", published(400)))
        await js.purge_stream(STREAM)
        await eventually(reached(nats_url, "north", published(400)))


async def test_without_a_stream_everything_is_behind(log, js):
    _, gaps = await found(log, js)
    assert gaps["north"].finding.behind == 300


async def test_mending_beside_a_busy_relay_and_another_mending_doubles_nothing(
    log, postgres, nats_url, client, js
):
    lost = [position for position in published(400) if position % 3 == 0]
    await relayed(log, postgres, nats_url)
    await lose(js, "north", *lost)
    async with relaying(log, postgres, nats_url):
        flow = asyncio.create_task(flowing(log, 401, 1001))
        mendings = [asyncio.create_task(mended(log, client)) for _ in range(3)]
        await asyncio.gather(flow, *mendings)
        head = (await log.heads())["north"]
        await eventually(lambda: last(js, head))
    assert sorted(await positions(nats_url, "north")) == [
        event.position for event in await log.read("north", 0, 10_000, tuple(SERVICES))
    ]
    _, gaps = await found(log, js)
    assert not list(gaps["north"].missing)


async def flowing(log, start, end):
    for number in range(start, end):
        await append(log, "north", "enrollment-c", number)
        await asyncio.sleep(0.001)  # a pace, so that the mending has something beside it


async def last(js, head):
    message = await js.get_last_msg(STREAM, "milepost.north.>")
    return reached_by(message.subject, message.headers) == head


async def test_what_limits_dropped_is_not_lost(log, postgres, nats_url, js):
    await relayed(log, postgres, nats_url)
    config = (await js.stream_info(STREAM)).config
    config.max_msgs = 200
    await js.update_stream(config)
    _, gaps = await found(log, js)
    assert sum(one.finding.discarded for one in gaps.values()) == 200
    assert not [one for one in gaps.values() if list(one.missing)]


async def hold_back(js, **limits):
    """Give the stream limits, and wait until they have dropped all of the north's messages."""
    config = (await js.stream_info(STREAM)).config.evolve(**limits)
    await js.update_stream(config)
    await eventually(lambda: dropped(js))


async def dropped(js):
    with suppress(NotFoundError):
        return not await js.get_last_msg(STREAM, "milepost.north.>")
    return True


@pytest.mark.parametrize("limits", [{"max_msgs": 50}, {"max_age": 1}])
async def test_a_school_of_which_limits_left_nothing_is_not_sent_again(
    postgres, nats_url, js, limits
):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url):
        for tenant, end in (("north", 11), ("south", 101)):
            await append(log, tenant, "enrollment-a", *range(1, end))
            await eventually(reached(nats_url, tenant, list(range(1, end))))
    await hold_back(js, **limits)
    await append(log, "north", "enrollment-a", 11)
    await append(log, "west", "enrollment-c", 1, 2)
    async with relaying(log, postgres, nats_url):
        await eventually(lambda: last_is(js, 113))
        await append(log, "west", "enrollment-c", 3)
        await eventually(lambda: last_is(js, 114))
    async with relaying(log, postgres, nats_url):
        await append(log, "west", "enrollment-c", 4)
        await eventually(lambda: last_is(js, 115))


async def last_is(js, sequence):
    found = (await js.stream_info(STREAM)).state.last_seq
    assert found <= sequence
    return found == sequence


async def test_of_a_school_of_which_limits_left_nothing_the_old_is_discarded_the_new_behind(
    postgres, nats_url, js
):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url):
        for tenant, end in (("north", 11), ("south", 101)):
            await append(log, tenant, "enrollment-a", *range(1, end))
            await eventually(reached(nats_url, tenant, list(range(1, end))))
    await hold_back(js, max_msgs=50)
    inventory, gaps = await found(log, js)
    assert (gaps["north"].finding.discarded, gaps["north"].finding.behind) == (10, 0)
    await until_relayed(log, js, inventory, list(gaps.values()))
    await append(log, "north", "enrollment-a", 11)
    _, gaps = await found(log, js)
    assert (gaps["north"].finding.discarded, gaps["north"].finding.behind) == (10, 1)


async def test_doubles_and_strangers_are_told(log, postgres, nats_url, js):
    await relayed(log, postgres, nats_url)
    subject = "milepost.north.enrollment.learner_enrolled"
    [seventh] = await log.read("north", 6, 1)
    own, other = str(seventh.event_id), str(uuid4())
    for position, id_ in (("7", own), ("7", own), ("7", other), ("999999999999", other), ("8", "")):
        headers = {"Milepost-Tenant": "north", "Milepost-Position": position, "ce-id": id_}
        await js.publish(subject, b"{}", headers=headers)
    _, gaps = await found(log, js)
    assert (gaps["north"].finding.doubled, gaps["north"].finding.strange) == (2, 3)
