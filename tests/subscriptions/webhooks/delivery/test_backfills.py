"""What does not fit waits in the log, and comes from there: all of it, once, in order."""

import pytest
from tests.subscriptions.webhooks.delivery.hub import Hub
from tests.subscriptions.webhooks.delivery.receiver import FAILS, OK, Receiver

from milepost.subscriptions.webhooks.delivery import backfills, handler


async def test_what_is_too_much_comes_from_the_log_once_and_in_order(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handler, "MAX_WAITING", 100)
    monkeypatch.setattr(backfills, "MAX_WAITING", 100)
    monkeypatch.setattr(backfills, "REFILL_BELOW", 50)
    monkeypatch.setattr(backfills, "PAGE", 30)
    webhook = await hub.webhook(receiver.url(), ordered="learner")
    receiver.answers["/hook"] = FAILS
    await hub.hears()
    await hub.fills()
    ids: list[str] = []
    for _ in range(9):
        ids += map(str, await hub.happens(*[f"l{number}" for number in range(37)]))
        await hub.hears(batch=25)
    assert await hub.waits(webhook) <= 100
    receiver.answers["/hook"] = OK
    async with hub.sending():
        await hub.settled(webhook, delivered=len(ids))
        ids += map(str, await hub.happens("l1"))
        await hub.hears()
        await hub.settled(webhook, delivered=len(ids))
    assert sorted(one.id for one in receiver.told) == sorted(f"msg_{one}" for one in ids)
    streams = {one.position: one.stream for one in await hub.recorded()}
    last: dict[str, int] = {}
    for told in receiver.told:
        assert last.get(streams[told.position], 0) < told.position
        last[streams[told.position]] = told.position
    left = "select count(*) from webhooks.backfills where tenant = $1"
    assert await hub.pool.fetchval(left, hub.tenant) == 0


@pytest.mark.slow
async def test_10_001_that_wait_are_not_too_many(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    await hub.hears()
    await hub.fills()
    for _ in range(11):
        await hub.happens(*[f"l{number}" for number in range(1_000)])
        await hub.hears()
    assert await hub.waits(webhook) <= 10_000
    async with hub.sending():
        await hub.settled(webhook, delivered=11_000)
    assert len({one.id for one in receiver.told}) == len(receiver.told) == 11_000


async def test_it_begins_where_it_was_told_to(hub: Hub, receiver: Receiver):
    ids = await hub.happens("ana", "ben", "cleo")
    webhook = await hub.webhook(receiver.url(), start=1)
    ids += await hub.happens("dora")
    await hub.hears()
    async with hub.sending():
        await hub.settled(webhook, delivered=3)
    assert sorted(one.id for one in receiver.told) == sorted(f"msg_{one}" for one in ids[1:])


async def test_two_processes_fill_without_doubling(hub: Hub, receiver: Receiver):
    await hub.happens(*[f"l{number}" for number in range(700)])
    webhook = await hub.webhook(receiver.url(), start=0)
    await hub.hears()
    async with hub.sending(hub.process(), hub.process()):
        await hub.settled(webhook, delivered=700)
    assert len(receiver.told) == 700
