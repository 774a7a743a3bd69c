"""What happened is delivered once it is committed, signed, and again until it arrives."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook
from tests.events.hindered import BLOCKED
from tests.eventually import eventually
from tests.subscriptions.webhooks.delivery.hub import START, Hub
from tests.subscriptions.webhooks.delivery.receiver import FAILS, GONE, OK, Receiver, Told

from milepost.subscriptions.webhooks.delivery.sending.breaker import THRESHOLD
from milepost.subscriptions.webhooks.delivery.sending.schedule import retry_after
from milepost.subscriptions.webhooks.domain import webhook as rules

HOUR = 3_600


async def test_what_is_published_arrives_once_and_signed(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    ids = await hub.happens("ana", "ben", "cleo")
    await hub.hears()
    async with hub.sending():
        await hub.settled(webhook, delivered=3)
        more = await hub.happens("ana")  # and what comes meanwhile, by its commit alone
        await hub.hears()
        await hub.settled(webhook, delivered=4)
    assert sorted(one.id for one in receiver.told) == sorted(f"msg_{one}" for one in ids + more)
    [secret] = await hub.secrets.open(hub.tenant, webhook, ["k1"])
    assert secret.shared is not None
    for one in receiver.told:  # they are signed as of the test's own time
        at = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
        assert at == hub.clock.now
        signature = Webhook(secret.shared).sign(one.id, at, one.body.decode())
        assert signature == one.headers["webhook-signature"]
    assert receiver.connections < 4  # what is open is used again


async def test_what_fails_is_tried_for_three_days_and_then_parked(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    receiver.answers["/hook"] = FAILS
    [event] = await hub.happens("ana")
    await hub.hears()
    began = hub.clock.now
    async with hub.sending():
        for attempts, pause in enumerate((6, 330, 2_000, 8_000, 5.6 * HOUR, 11.1 * HOUR), 1):
            await receiver.was_told(attempts)
            await hub.settled(webhook, waiting=1)
            hub.later(seconds=pause)
        while await hub.states(webhook) != {"parked": 1}:
            hub.later(hours=5)
            await asyncio.sleep(0.1)
    assert timedelta(days=3) <= hub.clock.now - began < timedelta(days=4)
    assert {one.id for one in receiver.told} == {f"msg_{event}"}
    assert 9 <= len(receiver.told) <= 12


def test_a_retry_after_that_no_calendar_has_says_nothing():
    """Who answers 200 with it has taken the delivery."""
    for year in ("99999999999999999", "0000", "-1"):
        assert retry_after(f"Mon, 01 Jan {year} 00:00:00 GMT", START) is None
    assert retry_after(f"Mon, 01 Jan 2027 00:00:00 +{'9' * 30}", START) is None


async def test_retry_after_is_heeded(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    receiver.answers["/hook"] = (
        b"HTTP/1.1 503 Busy\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n"
    )
    await hub.happens("ana")
    await hub.hears()
    async with hub.sending():
        await receiver.was_told(1)
        hub.later(hours=1)
        await asyncio.sleep(0.3)
        assert len(receiver.told) == 1
        receiver.answers["/hook"] = OK
        hub.later(hours=1)
        await hub.settled(webhook, delivered=1)


async def test_410_ends_it_and_so_do_five_days_of_nothing_but_failures(
    hub: Hub, receiver: Receiver
):
    gone, failing = await hub.webhook(receiver.url("/gone")), await hub.webhook(receiver.url("/f"))
    receiver.answers["/gone"], receiver.answers["/f"] = GONE, FAILS
    await hub.happens("ana")
    await hub.hears()
    async with hub.sending():
        await eventually(lambda: _ended(hub, gone))
        await eventually(lambda: hub.attempts(failing))
        assert await _ended(hub, failing) is None
        hub.later(days=5)
        await hub.happens("ben")
        await hub.hears()
        await eventually(lambda: _ended(hub, failing))
    assert (await _ended(hub, gone), await _ended(hub, failing)) == ("gone", "failing")
    await hub.hears()
    told = len(receiver.told)
    hub.later(days=1)
    async with hub.sending():
        await asyncio.sleep(0.3)
    assert len(receiver.told) == told


async def _ended(hub: Hub, webhook: str) -> str | None:
    disabled = (await hub.state(webhook)).disabled
    return disabled.reason if disabled else None


async def test_of_a_learner_one_comes_after_the_other_and_waits_for_it(
    hub: Hub, receiver: Receiver
):
    webhook = await hub.webhook(receiver.url(), ordered="learner")
    failing = {2}  # the second one of each

    async def answer(told: Told, _: object) -> bytes:
        return FAILS if nth[told.position] in failing else OK

    # Fewer fail in a row than open the breaker: this clock stands still.
    learners = [f"l{number}" for number in range(9)]
    assert len(learners) < THRESHOLD
    await hub.happens(*learners * 3)
    nth: dict[int, int] = {}
    streams: dict[int, str] = {}
    for event in await hub.recorded():
        if event.type == "credential_accepted":
            nth[event.position], streams[event.position] = event.version, event.stream
    receiver.answers["/hook"] = answer
    await hub.hears()
    async with hub.sending():
        await hub.settled(webhook, delivered=9, waiting=18)
        assert {nth[one.position] for one in receiver.told} == {1, 2}
        failing.clear()
        async with hub.hours_pass():  # one that was under way is due an hour later still
            await hub.settled(webhook, delivered=27)
    arrived: dict[str, list[int]] = {}
    for told in receiver.told:
        its = arrived.setdefault(streams[told.position], [])
        assert not its or its[-1] <= told.position
        its.append(told.position)
    assert len(arrived) == 9
    assert all(len(set(its)) == 3 for its in arrived.values())


async def test_what_arrived_is_written_down_by_who_ends_meanwhile(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    async with hub.pool.acquire() as other:
        held = other.transaction()

        async def holds(_: Told, __: asyncio.StreamWriter) -> bytes:
            await held.start()
            row = "select from webhooks.endpoints where tenant = $1 for update"
            await other.execute(row, hub.tenant)
            return OK

        receiver.answers["/hook"] = holds
        await hub.happens("ana")
        await hub.hears()
        async with hub.sending():
            await receiver.was_told(1)
            await eventually(lambda: hub.pool.fetchval(BLOCKED))
            ending = asyncio.create_task(_later(held.rollback))
        await ending
    assert await hub.states(webhook) == {"delivered": 1}


async def _later(step: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(0.3)
    await step()


async def test_whoever_dies_between_send_and_commit_leaves_it_to_be_sent_again(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    webhook = await hub.webhook(receiver.url())
    [event] = await hub.happens("ana")
    await hub.hears()

    async def dies() -> set[tuple[str, str]]:
        await asyncio.sleep(0.01)
        return set()

    first, second = hub.process(), hub.process()
    monkeypatch.setattr(first.sender._outcomes, "save", dies)
    monkeypatch.setattr(first.sender._outcomes, "save_now", dies)
    async with hub.running(first.sender, hub.delivery.backfills):
        await receiver.was_told(1)
    async with hub.running(second.sender):
        await asyncio.sleep(0.3)
        assert len(receiver.told) == 1  # its lease lasts
        await hub.pool.execute(
            "update webhooks.deliveries set leased_until = now() where tenant = $1", hub.tenant
        )
        await hub.settled(webhook, delivered=1)
    assert [one.id for one in receiver.told] == [f"msg_{event}"] * 2


@pytest.mark.parametrize("ordered", ["none", "learner"])
async def test_two_processes_never_send_the_same_at_the_same_time(
    hub: Hub, receiver: Receiver, ordered: str
):
    webhook = await hub.webhook(
        receiver.url(), ordered="learner" if ordered == "learner" else "none"
    )
    receiver.seconds = 0.002
    await hub.happens(*[f"l{number % 40}" for number in range(400)])
    await hub.hears()
    async with hub.sending(hub.process(), hub.process()):
        await hub.settled(webhook, delivered=400)
    assert len(receiver.told) == 400
    assert len({one.id for one in receiver.told}) == 400
    if ordered == "learner":
        streams = {one.position: one.stream for one in await hub.recorded()}
        last: dict[str, int] = {}
        for told in receiver.told:
            assert last.get(streams[told.position], 0) < told.position
            last[streams[told.position]] = told.position


async def test_what_is_paused_hears_nothing_and_what_is_deleted_keeps_nothing(
    hub: Hub, receiver: Receiver
):
    paused = await hub.webhook(receiver.url("/paused"))
    deleted = await hub.webhook(receiver.url("/deleted"))
    receiver.answers["/deleted"] = FAILS
    await hub.happens("ana")
    await hub.hears()
    async with hub.sending():
        await hub.settled(paused, delivered=1)
        await eventually(lambda: receiver.at("/deleted"))
        await hub.does(paused, rules.pause)
        await hub.does(deleted, rules.delete)
        await hub.happens("ben", "cleo")
        await hub.hears()
        hub.later(hours=1)
        await asyncio.sleep(0.3)
        assert [len(receiver.at(one)) for one in ("/paused", "/deleted")] == [1, 1]
        await hub.does(paused, rules.resume, skip=False)
        await hub.hears()
        await hub.settled(paused, delivered=3)
    assert len(receiver.at("/paused")) == 3
    await hub.delivery.pruning.prune()
    left = "select count(*) from webhooks.{} where tenant = $1 and webhook = $2"
    for table in ("endpoints", "deliveries", "attempts", "backfills"):
        assert await hub.pool.fetchval(left.format(table), hub.tenant, deleted) == 0


async def test_what_is_skipped_is_not_told(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    await hub.happens("ana")
    await hub.hears()
    async with hub.sending():
        await hub.settled(webhook, delivered=1)
        await hub.does(webhook, rules.pause)
        await hub.happens("ben")
        await hub.hears()
        await hub.does(webhook, rules.resume, skip=True)
        [last] = await hub.happens("cleo")
        await hub.hears()
        await hub.settled(webhook, delivered=2)
    assert receiver.told[-1].id == f"msg_{last}"
