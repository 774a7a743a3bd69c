import asyncio
from uuid import uuid4

import asyncpg
import nats
import pytest
from tests.events.diary import Diary, DiaryClosed, consuming, lines
from tests.events.traffic import append, lose, positions, relaying
from tests.eventually import eventually

from milepost.events.commands.transact import Contended, Transactor
from milepost.events.metadata import metadata_of
from milepost.events.nats.jetstream import STREAM
from milepost.events.parking.operator_actions import list_parked
from milepost.events.policies.policy import reaction_id
from milepost.events.policies.reactions import run_to_quiescence
from milepost.events.store.postgres import PostgresLog, connect_pool


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test", size=10)
    yield pool
    await pool.close()


@pytest.fixture
async def log(pool, postgres, nats_url):
    """A log that a relay publishes."""
    log = PostgresLog(pool)
    async with relaying(log, postgres, nats_url):
        yield log


@pytest.fixture
def diary(tenant):
    return Diary(f"diary-{uuid4().hex[:8]}", tenant)


def written(pool, tenant, key, *expected):
    async def holds():
        return await lines(pool, tenant, key) == list(expected)

    return holds


def relayed(nats_url, tenant, count):
    async def holds():
        return len(await positions(nats_url, tenant)) == count

    return holds


async def test_each_event_is_answered_once_in_the_order_of_its_stream(
    pool, log, nats_url, tenant, diary
):
    async with consuming(diary, pool, nats_url):
        for start in (1, 101, 201):
            for key in "abc":
                await append(log, tenant, f"enrollment-{key}", *range(start, start + 100))
        for key in "abc":
            await eventually(written(pool, tenant, key, *range(1, 301)))
    assert len(diary.seen) == 900


async def test_a_new_policy_hears_what_happened_before_it(pool, log, nats_url, tenant, diary):
    await append(log, tenant, "enrollment-a", *range(1, 201))
    async with consuming(diary, pool, nats_url):
        await eventually(written(pool, tenant, "a", *range(1, 201)))


async def test_a_process_that_takes_over_goes_on_where_the_other_ended(
    pool, log, nats_url, tenant, diary
):
    for start in (1, 51, 101):
        async with consuming(diary, pool, nats_url):
            await append(log, tenant, "enrollment-a", *range(start, start + 50))
            await eventually(written(pool, tenant, "a", *range(1, start + 50)))
    assert len(await log.read(tenant, types=["line_written"])) == 150


async def test_of_two_processes_one_runs_the_policy(pool, log, nats_url, tenant, diary):
    other = Diary(diary.name, tenant)
    async with consuming(diary, pool, nats_url), consuming(other, pool, nats_url):
        await append(log, tenant, "enrollment-a", *range(1, 51))
        await eventually(written(pool, tenant, "a", *range(1, 51)))
    assert [] in (diary.seen, other.seen)


async def test_redelivery_changes_nothing(pool, log, nats_url, tenant, diary):
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", *range(1, 51))
        await eventually(written(pool, tenant, "a", *range(1, 51)))
    head = (await log.heads())[tenant]
    await pool.execute("update consumer.positions set position = 0 where consumer = $1", diary.name)
    client = await nats.connect(nats_url)
    await client.jetstream().delete_consumer(STREAM, diary.name)
    await client.close()
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-b", 1)
        await eventually(written(pool, tenant, "b", 1))
    assert await lines(pool, tenant, "a") == list(range(1, 51))
    assert (await log.heads())[tenant] == head + 2


async def test_a_durable_consumer_deleted_under_way_costs_nothing(
    pool, log, nats_url, tenant, diary
):
    client = await nats.connect(nats_url)
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1)
        await eventually(written(pool, tenant, "a", 1))
        await client.jetstream().delete_consumer(STREAM, diary.name)
        await append(log, tenant, "enrollment-a", 2, 3)
        await eventually(written(pool, tenant, "a", 1, 2, 3))
    await client.close()


async def test_messages_that_went_to_somebody_else_are_taken_from_the_log(
    pool, log, nats_url, tenant, diary
):
    client = await nats.connect(nats_url)
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1)
        await eventually(written(pool, tenant, "a", 1))
        thief = await client.jetstream().pull_subscribe_bind(diary.name, STREAM)
        stealing = asyncio.create_task(thief.fetch(20, timeout=3))
        for number in range(2, 102):
            await append(log, tenant, "enrollment-a", number)
        await eventually(written(pool, tenant, "a", *range(1, 102)))
        assert await stealing, "the thief got something, else this proves nothing"
    await client.close()
    assert diary.seen == list(range(1, 102))


async def test_a_message_that_nats_lost_is_taken_from_the_log(pool, log, nats_url, tenant, diary):
    client = await nats.connect(nats_url)
    await append(log, tenant, "enrollment-a", *range(1, 11))
    await eventually(relayed(nats_url, tenant, 10))
    await lose(client.jetstream(), tenant, 3, 4, 10)
    async with consuming(diary, pool, nats_url):
        await eventually(written(pool, tenant, "a", *range(1, 11)))
        await append(log, tenant, "enrollment-a", 11)
        await eventually(written(pool, tenant, "a", *range(1, 12)))
    await client.close()
    assert diary.seen == list(range(1, 12))


async def test_a_message_of_somebody_else_is_passed_over(pool, log, nats_url, tenant, diary):
    client = await nats.connect(nats_url)
    subject = f"milepost.{tenant}.enrollment.learner_enrolled"
    async with consuming(diary, pool, nats_url):
        await client.jetstream().publish(subject, b"not ours")
        await client.jetstream().publish(subject, b"", headers={"Milepost-Position": "one"})
        await append(log, tenant, "enrollment-a", 1)
        await eventually(written(pool, tenant, "a", 1))
        pending = await client.jetstream().consumer_info(STREAM, diary.name)
        assert pending.num_redelivered == 0
    await client.close()
    assert diary.seen == [1]


async def test_a_message_from_beyond_the_log_skips_nothing(pool, log, nats_url, tenant, diary):
    client = await nats.connect(nats_url)
    headers = {"Milepost-Tenant": tenant, "Milepost-Position": "1000"}
    subject = f"milepost.{tenant}.enrollment.learner_enrolled"
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1)
        await eventually(written(pool, tenant, "a", 1))
        await client.jetstream().publish(subject, b"{}", headers=headers)
        await append(log, f"{tenant}-other", "enrollment-b", 1)
        await append(log, tenant, "enrollment-a", 2)
        await client.jetstream().publish(subject, b"{}", headers=headers)
        await eventually(written(pool, tenant, "a", 1, 2))
    await client.close()


async def test_one_stream_where_others_are_always_faster_holds_up_no_other(
    pool, log, nats_url, diary, monkeypatch
):
    tenant = diary.tenant
    monkeypatch.setattr("milepost.events.subscriptions.attempts.MAX_PAUSE_SECONDS", 0.05)

    def contended(number):
        if number == 2:
            raise Contended

    diary.trouble = contended
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1, 2, 3)
        await append(log, tenant, "enrollment-b", 4)
        await eventually(written(pool, tenant, "b", 4))
        await append(log, tenant, "enrollment-b", 5)
        await eventually(written(pool, tenant, "b", 4, 5))
    assert await lines(pool, tenant, "a") == [1]
    [first, behind] = await list_parked(pool, consumer=diary.name)
    assert (first.status, first.error, behind.status) == ("parked", "Contended()", "behind")


async def test_a_refusal_is_final_and_holds_nobody_up(pool, log, nats_url, tenant, diary):
    def refuse_two(number):
        if number == 2:
            raise DiaryClosed

    diary.trouble = refuse_two
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1, 2, 3)
        await eventually(written(pool, tenant, "a", 1, 3))
    assert diary.seen == [1, 2, 3]
    assert await list_parked(pool, consumer=diary.name) == []


async def test_what_will_pass_is_waited_for_not_parked(pool, log, nats_url, tenant, diary):
    failures = iter([ConnectionResetError(), TimeoutError(), OSError(), OSError(), OSError()])

    def away(_):
        if error := next(failures, None):
            raise error

    diary.trouble = away
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1, 2)
        await eventually(written(pool, tenant, "a", 1, 2))
    assert await list_parked(pool, consumer=diary.name, settled=True) == []


async def test_a_log_that_takes_nothing_is_waited_for_however_long(
    pool, log, nats_url, diary, monkeypatch
):
    tenant = diary.tenant
    monkeypatch.setattr("milepost.events.subscriptions.attempts.MAX_PAUSE_SECONDS", 0.01)
    failover, full = asyncpg.ReadOnlySQLTransactionError("standby"), asyncpg.DiskFullError("full")
    failures = iter([failover, full] * 25)

    def takes_nothing(_):
        if error := next(failures, None):
            raise error

    diary.trouble = takes_nothing
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1, 2)
        await eventually(written(pool, tenant, "a", 1, 2))
    assert await list_parked(pool, consumer=diary.name, settled=True) == []


async def test_a_reaction_says_what_caused_it_and_what_it_is_part_of(
    pool, log, nats_url, tenant, diary
):
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 1)
        await eventually(written(pool, tenant, "a", 1))
    cause, line = await log.read(tenant)
    metadata = metadata_of(line)
    assert metadata.actor == f"policy/{diary.name}"
    assert metadata.causation == metadata.correlation == str(cause.event_id)


async def test_what_was_settled_in_process_is_found_done(pool, log, nats_url, tenant, diary):
    transactor = Transactor(log)
    await append(log, tenant, "enrollment-a", 1, 2, 3)
    settled = await run_to_quiescence(transactor, [diary.policy], await log.read(tenant))
    assert [event.stream for event in settled.events] == ["diary-a"] * 3
    ids = [reaction_id(diary.name, e.event_id, 0) for e in await log.read(tenant, limit=3)]
    assert len(await log.done(tenant, ids)) == 3
    async with consuming(diary, pool, nats_url):
        await append(log, tenant, "enrollment-a", 4)
        await eventually(written(pool, tenant, "a", 1, 2, 3, 4))
    await transactor.close()
