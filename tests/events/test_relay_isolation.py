"""One tenant's trouble is its own: what cannot be published, what cannot be read, what is much."""

import asyncio
import time
from statistics import median
from uuid import uuid4

import msgspec
import nats
import pytest
from tests.events.given import WHEN
from tests.events.traffic import SERVICES, append, lose, messages, positions, relaying
from tests.eventually import eventually

from milepost.events.log import LAST, Command, NewEvent
from milepost.events.nats.jetstream import STREAM
from milepost.events.nats.payload import payload_faults
from milepost.events.parking import operator_actions
from milepost.events.parking.parked import PARKED
from milepost.events.relay.reconcile import Mending, compare, no_progress
from milepost.events.relay.republish import Part, Stopped, republish, stream_for
from milepost.events.relay.stream_inventory import StreamInventory
from milepost.events.relay.unpublishable import CONSUMER, left_out
from milepost.events.sizes import NATS_PAYLOAD
from milepost.events.store import postgres as store
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog, connect_pool


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=12)
    yield pool
    await pool.close()


pytestmark = pytest.mark.usefixtures("js")


@pytest.fixture
def tenants():
    return [f"{name}-{uuid4().hex[:8]}" for name in ("sick", "well")]


def reached(nats_url, tenant, *expected):
    async def holds():
        return await positions(nats_url, tenant) == list(expected)

    return holds


async def append_poison(log, tenant, monkeypatch, **fields):
    """As an older version, which knew no bounds, would have taken it."""
    values = {"data": msgspec.json.encode({"text": "x" * 9_000_000}), "metadata": b"{}", **fields}
    new = NewEvent(
        stream="enrollment-p",
        type="learner_enrolled",
        occurred_at=WHEN,
        event_id=uuid4(),
        **values,
    )
    command = Command(command_id=uuid4(), expects=(("enrollment-p", 0),), events=(new,))
    with monkeypatch.context() as patch:
        patch.setattr(store, "require_fit", lambda _: None)
        await log.append(tenant, [command])


async def poisoned(log, sick, well, monkeypatch):
    """The second of three events of a tenant cannot be published."""
    await append(log, sick, "enrollment-a", 1)
    await append_poison(log, sick, monkeypatch)
    await append(log, sick, "enrollment-a", 3)
    await append(log, well, "enrollment-a", 1)


async def parked_by_relay(pool, tenant):
    return await operator_actions.list_parked(pool, tenant=tenant, consumer=CONSUMER)


async def test_what_is_too_large_is_parked_and_everything_else_goes_on(
    postgres, nats_url, pool, tenants, monkeypatch
):
    log, (sick, well) = PostgresLog(pool), tenants
    await poisoned(log, sick, well, monkeypatch)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(reached(nats_url, sick, 1, 3))
        await eventually(reached(nats_url, well, 1))
        await append(log, sick, "enrollment-a", 4)
        await append(log, well, "enrollment-a", 2)
        await eventually(reached(nats_url, sick, 1, 3, 4))
        await eventually(reached(nats_url, well, 1, 2))
        await eventually(lambda: PARKED.labels(CONSUMER)._value.get() >= 1)
    [one] = await parked_by_relay(pool, sick)
    assert (one.position, one.status, one.stream) == (2, "parked", "enrollment-p")
    assert "NATS takes 8388608" in one.error
    assert await parked_by_relay(pool, well) == []


async def test_it_is_parked_once_however_often_a_relay_begins(
    postgres, nats_url, pool, tenants, monkeypatch
):
    log, (sick, _) = PostgresLog(pool), tenants
    await append_poison(log, sick, monkeypatch)
    for number in (2, 3):
        await append(log, sick, "enrollment-a", number)
        async with relaying(log, postgres, nats_url, pool=pool):
            await eventually(reached(nats_url, sick, *range(2, number + 1)))
    assert [one.position for one in await parked_by_relay(pool, sick)] == [1]


async def test_what_is_skipped_is_left_out_and_reconciling_knows(
    postgres, nats_url, js, pool, *, tenants, monkeypatch
):
    log, (sick, well) = PostgresLog(pool), tenants
    await poisoned(log, sick, well, monkeypatch)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(reached(nats_url, sick, 1, 3))
        assert (await found(log, js, pool, sick)).parked == 1
        [one] = await parked_by_relay(pool, sick)
        await operator_actions.skip(pool, one.id, actor="ana", reason="a test course")
        await eventually(lambda: is_settled(pool, one.id, "skipped"))
    finding = await found(log, js, pool, sick)
    assert (finding.parked, finding.skipped, finding.lost, finding.behind) == (0, 1, 0, 0)
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, sick, "enrollment-a", 4)
        await eventually(reached(nats_url, sick, 1, 3, 4))


async def test_what_is_tried_again_and_fits_by_then_comes_at_the_end_marked(
    postgres, nats_url, js, pool, *, tenants, monkeypatch
):
    log, (sick, _) = PostgresLog(pool), tenants
    async with relaying(log, postgres, nats_url, pool=pool):
        await append(log, sick, "enrollment-a", 1)
        await eventually(reached(nats_url, sick, 1))
    await js.update_stream((await js.stream_info(STREAM)).config.evolve(max_msg_size=10_000))
    await append_poison(log, sick, monkeypatch, data=msgspec.json.encode({"text": "x" * 20_000}))
    await append(log, sick, "enrollment-a", 3)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(reached(nats_url, sick, 1, 3))
        [one] = await parked_by_relay(pool, sick)
        await operator_actions.retry(pool, one.id, actor="ana")
        await eventually(lambda: has_failed_twice(pool, one.id))
        await js.update_stream((await js.stream_info(STREAM)).config.evolve(max_msg_size=-1))
        await asyncio.sleep(2.5)  # the relay looks at the stream every two seconds
        await operator_actions.retry(pool, one.id, actor="ana")
        await eventually(reached(nats_url, sick, 1, 3, 2))
        await eventually(lambda: is_settled(pool, one.id, "done"))
        await append(log, sick, "enrollment-a", 4)
        await eventually(reached(nats_url, sick, 1, 3, 2, 4))
    assert (await found(log, js, pool, sick)).lost == 0


async def test_what_was_lost_and_does_not_fit_any_more_is_parked(
    postgres, nats_url, js, pool, *, tenants, monkeypatch
):
    log, (sick, _) = PostgresLog(pool), tenants
    await append_poison(log, sick, monkeypatch, data=msgspec.json.encode({"text": "x" * 20_000}))
    await append(log, sick, "enrollment-a", 2, 3)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(reached(nats_url, sick, 1, 2, 3))
    await lose(js, sick, 1, 2)
    await js.update_stream((await js.stream_info(STREAM)).config.evolve(max_msg_size=10_000))
    inventory = StreamInventory(js)
    await inventory.read_on(no_progress)
    [gaps] = await compare(log, inventory, tuple(SERVICES), sick, no_progress)
    mending = Mending(log, js._nc, SERVICES, inventory, pool=pool)
    assert (await mending.mend(gaps, no_progress), mending.unpublishable) == (1, 1)
    assert await positions(nats_url, sick) == [3, 2]
    assert [one.position for one in await parked_by_relay(pool, sick)] == [1]


async def test_republishing_stops_at_what_cannot_be_published(js, pool, tenants, monkeypatch):
    log, (sick, well) = PostgresLog(pool), tenants
    await poisoned(log, sick, well, monkeypatch)
    subject = "republish.payroll"
    await stream_for(js, subject)
    with pytest.raises(Stopped, match="NATS takes") as stopped:
        await republish(
            log,
            js._nc,
            SERVICES,
            Part(sick, 1, 3, tuple(SERVICES)),
            subject,
            on_progress=no_progress,
        )
    assert stopped.value.position == 2
    await js.delete_stream("MILEPOST_REPUBLISH")


async def test_what_is_tried_again_and_cannot_be_read_by_then_stops_no_other(
    postgres, nats_url, pool, tenants, monkeypatch
):
    log, (sick, well) = PostgresLog(pool), tenants
    await poisoned(log, sick, well, monkeypatch)
    read = log.read

    async def cannot_read(tenant, after, limit, *more):
        if (tenant, after, limit) == (sick, 1, 1):  # what is parked, and nothing else
            raise ValueError("invalid page in block 7")
        return await read(tenant, after, limit, *more)

    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(reached(nats_url, sick, 1, 3))
        monkeypatch.setattr(log, "read", cannot_read)
        [one] = await parked_by_relay(pool, sick)
        await operator_actions.retry(pool, one.id, actor="ana")
        await eventually(lambda: has_failed_twice(pool, one.id))
        await append(log, well, "enrollment-a", 2)
        await eventually(reached(nats_url, well, 1, 2))
    assert "invalid page" in (await operator_actions.find(pool, one.id)).error


async def is_settled(pool, id_, status):
    return (await operator_actions.find(pool, id_)).status == status


async def has_failed_twice(pool, id_):
    one = await operator_actions.find(pool, id_)
    return (one.status, one.attempts) == ("parked", 2)


async def found(log, js, pool, tenant):
    inventory = StreamInventory(js)
    await inventory.read_on(no_progress)
    out = await left_out(pool)
    [gaps] = await compare(log, inventory, tuple(SERVICES), tenant, no_progress, left_out=out)
    return gaps.finding


@pytest.mark.parametrize(
    "metadata",
    [b'{"correlation": 7}', b'{"correlation": "%s"}' % (b"x" * 70_000)],
    ids=["wrong", "long"],
)
async def test_an_event_of_which_no_message_can_be_made_is_parked_too(
    postgres, nats_url, pool, *, tenants, monkeypatch, metadata
):
    log, (sick, _) = PostgresLog(pool), tenants
    await append_poison(log, sick, monkeypatch, data=b"{}", metadata=metadata)
    await append(log, sick, "enrollment-a", 2)
    async with relaying(log, postgres, nats_url, pool=pool):
        await eventually(reached(nats_url, sick, 2))
    assert [one.position for one in await parked_by_relay(pool, sick)] == [1]


class Ailing(MemoryLog):
    """One tenant is never read, or fails; of another there is always more."""

    def __init__(self, failing):
        super().__init__()
        self.failing = failing

    async def read(self, tenant, after=0, limit=1000, types=None, upto=LAST):
        if tenant == "sick":
            if self.failing:
                raise ValueError("invalid page in block 7")
            await asyncio.sleep(3600)
        if tenant == "full":
            await asyncio.sleep(0.05)
        return await super().read(tenant, after, limit, types, upto)


@pytest.mark.parametrize("failing", [True, False])
async def test_nobody_waits_for_a_tenant_that_cannot_be_read_or_has_much(
    postgres, nats_url, js, failing
):
    """Asserted by order: the well one's event arrives while the others still have their backlog."""
    log = Ailing(failing)
    await append(log, "sick", "enrollment-a", 1)
    await append(log, "full", "enrollment-a", *range(1, 20_001))
    async with relaying(log, postgres, nats_url, batch=100):
        await eventually(lambda: begun(js, "full"))
        delays = []
        for number in range(1, 11):
            begins = time.monotonic()
            await append(log, "well", "enrollment-a", number)
            await eventually(holds_last(js, "well", number))
            delays.append(time.monotonic() - begins)
        sent = (await js.stream_info(STREAM)).state.messages
    assert sent < 20_000
    assert median(delays) < 1
    assert await positions(nats_url, "sick") == []


async def begun(js, tenant):
    return await last_of(js, tenant) > 0


def holds_last(js, tenant, position):
    async def holds():
        return await last_of(js, tenant) == position

    return holds


async def last_of(js, tenant):
    try:
        message = await js.get_last_msg(STREAM, f"milepost.{tenant}.>")
    except nats.js.errors.NotFoundError:
        return 0
    return int(message.headers["Milepost-Position"])


async def test_of_large_messages_no_more_is_under_way_than_a_bound(postgres, nats_url):
    log = MemoryLog()
    for number in range(30):
        new = NewEvent(
            stream=f"enrollment-{number}",
            type="learner_enrolled",
            data=b'"%s"' % (b"x" * 1_500_000),
            occurred_at=WHEN,
            event_id=uuid4(),
        )
        command = Command(command_id=uuid4(), expects=((new.stream, 0),), events=(new,))
        await log.append("north", [command])
    async with relaying(log, postgres, nats_url):
        await eventually(lambda: all_there(nats_url, 30), 30)


async def all_there(nats_url, count):
    return len(await messages(nats_url)) == count


def test_a_server_that_takes_too_little_is_said():
    assert payload_faults(NATS_PAYLOAD) == []
    [fault] = payload_faults(1_048_576)
    assert "set max_payload to 8MB" in fault
