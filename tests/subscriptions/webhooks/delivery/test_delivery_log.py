"""Owners see how deliveries went, have them made again, and try their endpoint out."""

import json
from functools import partial

from msgspec.structs import replace
from tests.eventually import eventually
from tests.subscriptions.webhooks.delivery.hub import Hub
from tests.subscriptions.webhooks.delivery.receiver import FAILS, OK, Receiver

from milepost.subscriptions.webhooks.delivery.personal_data import forgetting, personal_data
from milepost.subscriptions.webhooks.domain import webhook as rules
from milepost.web.room import Learner


async def test_a_delivery_is_told_with_each_request_and_response(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    receiver.answers["/hook"] = FAILS
    ids = await hub.happens("ana", "ben")
    await hub.hears()
    async with hub.school() as school:
        async with hub.sending():
            await receiver.was_told(2)
            receiver.answers["/hook"] = OK
            hub.later(seconds=10)
            await hub.settled(webhook, delivered=2)
        path = f"/webhooks/{webhook}/deliveries"
        first = (await school.get(path, limit=1)).json()
        [one] = first["deliveries"]
        assert (one["state"], one["attempts"], one["status"]) == ("delivered", 2, 200)
        second = (await school.get(path, limit=1, cursor=first["next"])).json()
        assert second["next"] is None
        found = {one["delivery"], second["deliveries"][0]["delivery"]}
        assert found == {f"msg_{event}" for event in ids}
        seen = (await school.get(f"{path}/msg_{ids[0]}", by="auditor")).json()
        assert [one["response"]["status"] for one in seen["tries"]] == [200, 500]
        assert seen["tries"][0]["response"]["body"] == "ok"
        assert "webhook-signature" not in seen["tries"][0]["request"]["headers"]
        assert seen["body"].encode() in {told.body for told in receiver.told}
        for query in ({"state": "parked"}, {"event": "course_published"}, {"since": AFTER}):
            assert (await school.get(path, **query)).json()["deliveries"] == []
        assert (await school.get(path, cursor="1_" + "0" * 31)).status_code == 400
        unknown = await school.get(f"{path}/msg_{webhook}")
        assert unknown.status_code == 404
        others = await school.get(path, by="service", subject="somebody")
        assert others.status_code == 404
        hub.later(days=31)
        await hub.delivery.pruning.prune()
        assert (await school.get(path)).json()["deliveries"] == []


AFTER = "2026-03-02T09:00:00Z"
ERASED = b'{"learner":"ana"}'


async def test_what_is_asked_for_is_delivered_again_under_its_id(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    ids = [f"msg_{one}" for one in await hub.happens("ana", "ben", "cleo")]
    await hub.hears()
    async with hub.school() as school, hub.sending():
        await hub.settled(webhook, delivered=3)
        ask = partial(school.post, f"/webhooks/{webhook}/redeliveries")
        receiver.told.clear()
        assert (await ask({"delivery": ids[1]})).status_code == 202
        await receiver.was_told(1)
        assert receiver.told[0].id == ids[1]
        positions = [one.position for one in await hub.recorded()][-3:]
        answer = await ask({"after": positions[0], "upto": positions[1]}, key="k")
        again = await ask({"after": positions[0], "upto": positions[1]}, key="k")
        assert answer.json()["redelivery"] == again.json()["redelivery"]
        assert (await ask({"after": 0}, key="k")).status_code == 422
        await receiver.was_told(2)
        assert receiver.told[1].id == ids[1]
        since = (await hub.recorded())[0].recorded_at
        await ask({"since": since.isoformat(), "per_second": 2})
        await receiver.was_told(4)
        hub.later(seconds=1)
        await receiver.was_told(5)
        listed = (await school.get(f"/webhooks/{webhook}/redeliveries")).json()["redeliveries"]
        assert sorted(one["found"] for one in listed) == [1, 1, 3]
        for body in ({}, {"after": 1, "delivery": ids[0]}):
            assert (await ask(body)).status_code == 400
        assert (await ask({"after": 10_000})).status_code == 422
        assert (await ask({"since": "9999-01-01T00:00:00Z"})).status_code == 422
        assert (await ask({"delivery": f"msg_{webhook}"})).status_code == 404


async def test_only_what_was_given_up_may_be_asked_for(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    await hub.happens("ana")
    await hub.hears()
    async with hub.school() as school, hub.sending():
        await hub.settled(webhook, delivered=1)
        receiver.answers["/hook"] = FAILS
        await hub.happens("ben")
        await hub.hears()
        while await hub.states(webhook) != {"delivered": 1, "parked": 1}:
            hub.later(hours=20)
            told = len(receiver.told)
            await eventually(lambda told=told: len(receiver.told) > told)  # type: ignore[misc]
            await eventually(lambda: rested(hub, webhook))
        backlog = (await school.get(f"/webhooks/{webhook}/backlog")).json()
        assert (backlog["parked"], backlog["waiting"]) == (1, 0)
        receiver.answers["/hook"] = OK
        told = len(receiver.told)
        await school.post(f"/webhooks/{webhook}/redeliveries", {"after": 0, "failed_only": True})
        await hub.settled(webhook, delivered=2)
        assert len(receiver.told) == told + 1
        assert (await school.get(f"/webhooks/{webhook}/backlog")).json()["parked"] == 0


async def rested(hub: Hub, webhook: str) -> bool:
    """Nothing of it is under way."""
    leased = "select count(*) from webhooks.deliveries where webhook = $1 and lease is not null"
    return bool(await hub.pool.fetchval(leased, webhook) == 0)


async def test_a_test_message_goes_once_and_says_what_it_is(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    await hub.does(webhook, rules.pause)
    async with hub.school() as school:
        answer = await school.post(f"/webhooks/{webhook}/test", key="k")
        assert answer.status_code == 200, answer.text
        again = await school.post(f"/webhooks/{webhook}/test", key="k")
        assert again.json() == answer.json()
        [told] = receiver.told
        assert told.id == answer.json()["delivery"]
        assert told.id.endswith("_test")
        body = json.loads(told.body)
        assert (body["type"], body["data"]["test"]) == ("milepost.webhook.test", True)
        assert answer.json()["tries"][0]["response"]["body"] == "ok"
        receiver.answers["/hook"] = FAILS
        failed = (await school.post(f"/webhooks/{webhook}/test")).json()
        assert (failed["state"], failed["status"]) == ("failed", 500)
        unverified = await hub.webhook(receiver.url("/other"), verified=False)
        refused = await school.post(f"/webhooks/{unverified}/test")
        assert refused.status_code == 409
    assert len(receiver.told) == 2


async def test_what_is_kept_of_a_learner_is_exported_and_goes_with_the_learner(
    hub: Hub, receiver: Receiver
):
    webhook = await hub.webhook(receiver.url())
    await hub.happens("ana", "ben")
    await hub.hears()
    async with hub.sending():
        await hub.settled(webhook, delivered=2)
    ana = Learner(hub.tenant, "ana", ())
    async with hub.pool.acquire() as connection:
        [file] = (await personal_data(connection, ana)).values()
    [row] = [json.loads(bytes(one)) for one in file.rows]
    assert (row["webhook"], row["answer"], row["status"]) == (webhook, "ok", 200)
    [one] = [one for one in await hub.recorded() if one.stream == "record-ana"]
    await forgetting(hub.pool).handle(replace(one, type="learner_erased", data=ERASED))
    async with hub.pool.acquire() as connection:
        assert await personal_data(connection, ana) == {}
    assert await hub.states(webhook) == {"delivered": 1}
    attempts = "select count(*) from webhooks.attempts where tenant = $1"
    assert await hub.pool.fetchval(attempts, hub.tenant) == 1
