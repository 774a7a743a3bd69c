"""Receivers that do what they like: nobody else waits for them, and nothing of theirs gets far."""

import asyncio

import pytest
from tests.eventually import eventually
from tests.subscriptions.webhooks.delivery.hub import Hub
from tests.subscriptions.webhooks.delivery.receiver import OK, Receiver, Told, receiving
from tests.web.answering import Names

from milepost.subscriptions.webhooks.delivery.sending import call
from milepost.web.outbound import guard

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\n"
REDIRECT = b"HTTP/1.1 307 -\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
SECONDS = 1.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test does not wait for fifteen seconds."""
    monkeypatch.setattr(call, "SECONDS", SECONDS)


async def slow(_: Told, __: asyncio.StreamWriter) -> bytes:
    await asyncio.sleep(60)
    return OK


async def drips(_: Told, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def five_gigabytes(_: Told, writer: asyncio.StreamWriter) -> bytes:
    writer.write(HEAD)
    for _part in range(80_000):
        writer.write(b"x" * 65_536)
        await writer.drain()
    return b"x"


async def test_whatever_they_answer_is_bounded_and_told(hub: Hub, receiver: Receiver):
    receiver.answers |= {"/slow": slow, "/drips": drips, "/5gb": five_gigabytes, "/away": REDIRECT}
    receiver.answers |= {"/closes": b"", "/nonsense": b"SMTP 220\r\n\r\n", "/fine": OK}
    hooks = {path: await hub.webhook(receiver.url(path)) for path in list(receiver.answers)}
    await hub.happens("ana")
    await hub.hears()
    async with hub.sending():
        for path in ("/fine", "/5gb"):  # a status of 2xx is enough, however long the rest is
            await hub.settled(hooks[path], delivered=1)
        for path in ("/slow", "/drips", "/away", "/closes", "/nonsense"):
            await eventually(lambda path=path: tried(hub, hooks[path]))  # type: ignore[misc]
            await hub.settled(hooks[path], waiting=1)
    assert "no answer within 1 seconds" in (await tried(hub, hooks["/slow"]))["error"]
    assert "no answer within 1 seconds" in (await tried(hub, hooks["/drips"]))["error"]
    assert (await tried(hub, hooks["/away"]))["status"] == 307
    assert len((await tried(hub, hooks["/5gb"]))["answer"]) == 4_096
    assert (await tried(hub, hooks["/closes"]))["status"] is None


async def tried(hub: Hub, webhook: str):
    return await hub.pool.fetchrow(
        "select * from webhooks.attempts where tenant = $1 and webhook = $2 order by number",
        hub.tenant, webhook,
    )  # fmt: skip


async def test_fifty_that_never_answer_delay_nobody(hub: Hub, receiver: Receiver):
    dead = [await hub.webhook(receiver.url(f"/dead/{n}")) for n in range(50)]
    for number in range(50):
        receiver.answers[f"/dead/{number}"] = slow
    async with receiving() as lively:
        alive = await hub.webhook(lively.url())
        await hub.happens(*[f"l{number}" for number in range(200)])
        await hub.hears()
        async with hub.sending():
            await hub.settled(alive, delivered=200)
    # One call each, and then their host is left alone.
    assert len(receiver.told) <= 100
    assert {await hub.waits(one) for one in dead} == {200}
    assert len({told.id for told in lively.told}) == len(lively.told) == 200


async def test_a_host_that_does_not_answer_is_left_alone(hub: Hub, receiver: Receiver):
    receiver.answers["/hook"] = b""
    webhook = await hub.webhook(receiver.url())
    await hub.happens(*[f"l{number}" for number in range(40)])
    await hub.hears()
    async with hub.sending():
        await eventually(lambda: breakers(hub))
        told = len(receiver.told)
        assert 10 <= told <= 12
        await asyncio.sleep(0.3)
        assert len(receiver.told) == told
        hub.later(seconds=31)
        await eventually(lambda: len(receiver.told) > told)  # one goes, and finds it as before
        await asyncio.sleep(0.3)
        assert len(receiver.told) <= told + 2
        receiver.answers["/hook"] = OK
        hub.later(minutes=20)
        await hub.settled(webhook, delivered=40)
    assert await breakers(hub) == 0


async def breakers(hub: Hub) -> int:
    found: int = await hub.pool.fetchval(
        "select count(*) from webhooks.breakers where tenant = $1", hub.tenant
    )
    return found


async def test_a_name_that_comes_to_lead_inside_is_not_followed(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    url = f"https://hooks.example.org:{receiver.port}/hook"
    webhook = await hub.webhook(url)
    names = Names(["127.0.0.1"])
    outbound = hub.delivery.sender._outbound
    monkeypatch.setattr(outbound, "_backend", guard.GuardedBackend(outbound._private, names))
    await hub.happens("ana")
    await hub.hears()
    async with hub.sending():
        await eventually(lambda: tried(hub, webhook))
    assert (await tried(hub, webhook))["error"] == "its address is not public"  # and not which
    assert (receiver.connections, len(names.asked)) == (0, 1)


async def test_nobody_is_told_of_another_school(hub: Hub, receiver: Receiver):
    webhook = await hub.webhook(receiver.url())
    other = f"{hub.tenant}-2"
    await hub.happens("eve", tenant=other)
    [mine] = await hub.happens("ana")
    await hub.hears(other)
    await hub.hears()
    async with hub.sending():
        await hub.settled(webhook, delivered=1)
    assert [one.id for one in receiver.told] == [f"msg_{mine}"]
