import asyncio

import pytest
from tests.events.traffic import DAY, SERVICES, append, messages, positions, relaying
from tests.eventually import eventually

from milepost.events.nats.cloudevents import recorded_from
from milepost.events.nats.jetstream import STREAM, ensure_stream
from milepost.events.nats.pipeline import FencedPipeline, Message, MessageTooLarge, PipelineBroken
from milepost.events.relay.relay import Relay
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog, connect_pool

pytestmark = pytest.mark.usefixtures("js")


def reached(nats_url, tenant, *expected):
    async def holds():
        return await positions(nats_url, tenant) == list(expected)

    return holds


def counted(js, count):
    async def holds():
        return (await js.stream_info(STREAM)).state.messages == count

    return holds


async def test_published_events_arrive_in_order_and_the_others_stay_at_home(postgres, nats_url):
    pool = await connect_pool(postgres, name="test")
    log = PostgresLog(pool)
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", 1, 2)
        await append(log, "north", "progress-a", 3, type_="lesson_progressed")
        await append(log, "north", "progress-a", 4, type_="lesson_started")
        await append(log, "south", "enrollment-b", 5)
        await eventually(reached(nats_url, "north", 1, 2, 4))
        await eventually(reached(nats_url, "south", 1))
    subjects = [message.subject for message in await messages(nats_url, "milepost.north.>")]
    assert subjects == [
        "milepost.north.enrollment.learner_enrolled",
        "milepost.north.enrollment.learner_enrolled",
        "milepost.north.progress.lesson_started",
    ]
    await pool.close()


async def test_a_message_tells_all_that_the_log_knows(postgres, nats_url):
    log = MemoryLog()
    await append(log, "north", "enrollment-a", 1)
    async with relaying(log, postgres, nats_url):
        await eventually(reached(nats_url, "north", 1))
    [message] = await messages(nats_url)
    [event] = await log.read("north")
    assert recorded_from(message.headers or {}, message.data) == event
    assert event.occurred_at == DAY


async def test_it_goes_on_after_what_the_stream_already_holds(postgres, nats_url, js):
    log = MemoryLog()
    for start in (1, 101, 201):
        await append(log, "north", "enrollment-a", *range(start, start + 100))
        async with relaying(log, postgres, nats_url):
            await eventually(reached(nats_url, "north", *range(1, start + 100)))
    assert (await js.stream_info(STREAM)).state.last_seq == 300


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {"Milepost-Tenant": "north"},
        {"Milepost-Tenant": "north", "Milepost-Position": "-1"},
        {"Milepost-Tenant": "north", "Milepost-Position": "1_0"},
        {"Milepost-Tenant": "south", "Milepost-Position": "4"},
        {"Milepost-Tenant": "north", "Milepost-Position": "4", "Milepost-Mended": "x"},
    ],
)
async def test_what_somebody_else_publishes_there_stops_nobody(postgres, nats_url, js, headers):
    log, subject = MemoryLog(), "milepost.north.enrollment.learner_enrolled"
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", 1, 2)
        await eventually(reached(nats_url, "north", 1, 2))
        await js.publish(subject, b"not ours", headers=headers)
        await append(log, "north", "enrollment-a", 3)
        await eventually(counted(js, 4))
    await js.publish(subject, b"not ours", headers=headers)
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", 4)
        await eventually(counted(js, 6))
    ours = [one for one in await messages(nats_url, "milepost.north.>") if one.data != b"not ours"]
    assert [recorded_from(one.headers or {}, one.data).position for one in ours] == [1, 2, 3, 4]


async def test_only_one_of_two_relays_leads_and_the_other_takes_over(postgres, nats_url, js):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url):
        async with relaying(log, postgres, nats_url):
            await append(log, "north", "enrollment-a", *range(1, 51))
            await eventually(reached(nats_url, "north", *range(1, 51)))
        await append(log, "north", "enrollment-a", *range(51, 101))
        await eventually(reached(nats_url, "north", *range(1, 101)))
    assert (await js.stream_info(STREAM)).state.last_seq == 100


async def test_two_relays_that_both_think_they_lead_double_nothing(nats_url, js):
    """Without leases, as if the network had cut one off from the lock it still believes in."""
    log = MemoryLog()
    first, second = relay_without_lease(log, nats_url), relay_without_lease(log, nats_url)
    for tenant in ("north", "south"):
        await append(log, tenant, "enrollment-a", *range(1, 2001))
    running = [asyncio.create_task(one._lead()) for one in (first, second)]
    for number in range(2001, 2101):
        await append(log, "north", "enrollment-a", number)
        await asyncio.sleep(0.002)  # a pace, so that they come between the two relays' batches
    for tenant, head in (("north", 2100), ("south", 2000)):
        await eventually(reached(nats_url, tenant, *range(1, head + 1)))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert (await js.stream_info(STREAM)).state.last_seq == 4100


async def test_a_strange_message_in_the_stream_costs_nothing_but_a_new_start(
    postgres, nats_url, js
):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", *range(1, 51))
        await eventually(reached(nats_url, "north", *range(1, 51)))
        await js.publish("milepost.other.test.intruder", b"{}")
        await append(log, "north", "enrollment-a", *range(51, 101))
        await eventually(reached(nats_url, "north", *range(1, 101)))


async def test_a_deleted_stream_is_made_again_from_the_log(postgres, nats_url, js):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", *range(1, 51))
        await eventually(reached(nats_url, "north", *range(1, 51)))
        await js.delete_stream(STREAM)
        await append(log, "north", "enrollment-a", *range(51, 61))
        await eventually(reached(nats_url, "north", *range(1, 61)))


async def test_a_stream_deleted_while_nothing_happens_is_made_again_too(postgres, nats_url, js):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", *range(1, 51))
        await eventually(reached(nats_url, "north", *range(1, 51)))
        await js.delete_stream(STREAM)
        await eventually(reached(nats_url, "north", *range(1, 51)))


async def test_a_purged_stream_is_filled_again(postgres, nats_url, js):
    log = MemoryLog()
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", *range(1, 51))
        await eventually(reached(nats_url, "north", *range(1, 51)))
    await js.purge_stream(STREAM)
    async with relaying(log, postgres, nats_url):
        await eventually(reached(nats_url, "north", *range(1, 51)))


def numbered(count, data=b""):
    return [Message(str(number), "milepost.north.test.x", "", data) for number in range(count)]


async def test_after_a_failed_prediction_nothing_behind_it_gets_in(nats_url, js):
    last = await ensure_stream(js)
    client = js._nc
    async with FencedPipeline(client, last + 1) as pipeline:
        await pipeline.publish(numbered(10))
        with pytest.raises(PipelineBroken, match="wrong last sequence"):
            await pipeline.flush()
    assert await messages(nats_url) == []


async def test_a_stream_that_does_not_answer_breaks_the_chain(js):
    async with FencedPipeline(js._nc, 0) as pipeline:
        await pipeline.publish(numbered(1))
        with pytest.raises(PipelineBroken, match="no stream listens"):
            await pipeline.flush()


def relay_without_lease(log, nats_url):
    return Relay(log, "postgres://nowhere", nats_url, SERVICES, window=100, batch=50)


async def test_a_stranger_who_fills_the_gap_lets_nothing_slip_in_behind_it(nats_url, js):
    last = await ensure_stream(js)
    await js.publish("milepost.north.test.stranger", b"")
    async with FencedPipeline(js._nc, last) as pipeline:
        await pipeline.publish(numbered(10))
        with pytest.raises(PipelineBroken, match="wrong last sequence"):
            await pipeline.flush()
    assert len(await messages(nats_url)) == 1


async def test_a_message_that_the_server_would_not_take_is_named(js):
    last = await ensure_stream(js)
    async with FencedPipeline(js._nc, last) as pipeline:
        with pytest.raises(MessageTooLarge, match=f"0 has .* max_payload .* {js._nc.max_payload}"):
            await pipeline.publish(numbered(1, bytes(js._nc.max_payload)))
    assert not js._nc.is_closed
