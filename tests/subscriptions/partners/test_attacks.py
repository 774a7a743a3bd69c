"""A subscriber on NATS reads its school's chosen events, acknowledges them, and can do no more.

Each attack is tried against both configurations; after each the stream is as it was, and others
have lost nothing.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import nats.errors
import pytest
from nats.js import JetStreamContext
from nats.js.errors import ServiceUnavailableError
from tests.eventually import eventually
from tests.house.test_nats_conf import listening
from tests.subscriptions.partners.servers import (
    AWARDED,
    Hostile,
    Nats,
    Partner,
    award,
    pending,
    until_pending,
)

from milepost.events.nats.connection import connect
from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_nats import binary
from milepost.subscriptions.partners import consumers
from milepost.subscriptions.partners.accounts import CONNECTIONS

STREAM = "MILEPOST"
API = "$JS.API"
OWN_API = "$JS.MILEPOST.API"
THEIRS = f"milepost.north.{AWARDED}"


class Scene(NamedTuple):
    """`mallory` attacks; `payroll` is another of the same school, `south` of another."""

    server: Nats
    js: JetStreamContext
    mallory: Partner
    payroll: Partner
    south: Partner


@pytest.fixture(scope="module")
async def scene(server: Nats) -> AsyncIterator[Scene]:
    mallory = Partner("north", "mallory", "credential_awarded")
    payroll, south = Partner("north", "payroll"), Partner("south", "payroll")
    async with server.own() as js:
        await award(js, "north", 5)
        await award(js, "north", 2, "enrollment.course_published")
        await award(js, "south", 5)
        await server.admit(mallory, payroll, south)
        yield Scene(server, js, mallory, payroll, south)
        for stream in await js.streams_info():
            await js.delete_stream(str(stream.config.name))


@asynccontextmanager
async def nothing_changes(scene: Scene) -> AsyncIterator[Hostile]:
    """But for mallory's own consumer."""
    before = await state(scene)
    async with scene.server.as_(scene.mallory) as hostile:
        yield hostile
        await hostile.settled()
    assert await state(scene) == before


async def state(scene: Scene) -> object:
    streams = await scene.js.streams_info()
    return (
        sorted((one.config.name, one.state.messages, one.state.last_seq) for one in streams),
        sorted(one.name for one in await scene.js.consumers_info(STREAM)),
        await pending(scene.js, scene.payroll),
        await pending(scene.js, scene.south),
    )


async def test_it_reads_what_it_may_in_order_and_acknowledges(scene: Scene):
    async with scene.server.as_(scene.mallory) as one:
        feed = await one.js.pull_subscribe_bind(scene.mallory.id, STREAM)
        messages = await feed.fetch(10, timeout=5)
        assert [message.subject for message in messages] == [THEIRS] * 5
        assert [json.loads(message.data)["number"] for message in messages] == [*range(5)]
        for message in messages:
            await message.ack_sync()
        assert await pending(scene.js, scene.mallory) == (0, 0)
        assert (await feed.consumer_info()).num_pending == 0
        with pytest.raises(nats.errors.TimeoutError):
            await feed.fetch(1, timeout=0.3)
        waiting = asyncio.create_task(feed.fetch(1, timeout=20))
        await award(scene.js, "south", 1)
        await award(scene.js, "north", 1)
        (message,) = await waiting
        assert message.subject == THEIRS
        await message.ack_sync()
        assert not one.errors


REPLIES = (
    THEIRS,
    "milepost.south.credentials.credential_awarded",
    "republish.north.payroll",
    "$JS.API.STREAM.PURGE.MILEPOST",
    "$JS.API.STREAM.DELETE.MILEPOST",
)


@pytest.mark.parametrize("reply", REPLIES)
async def test_no_answer_is_stored_whatever_reply_it_names(scene: Scene, reply: str):
    """The server answers a question about messages with messages, or a status, to any reply."""
    own, info = scene.mallory.id, f"{OWN_API}.CONSUMER.INFO.{STREAM}.{scene.mallory.id}"
    async with nothing_changes(scene) as hostile:
        for body in (b'{"batch":1,"no_wait":true}', b'{"batch":1,"expires":50000000}', b"{"):
            subject = f"{OWN_API}.CONSUMER.MSG.NEXT.{STREAM}.{own}"
            await hostile.client.publish(subject, body, reply=reply)
        await hostile.client.publish(info, b"", reply=reply)
        await hostile.client.publish(f"$JS.ACK.{STREAM}.{own}.1.1.1.1.1", b"+NXT", reply=reply)
        await asyncio.sleep(0.2)


async def test_it_acknowledges_and_takes_nothing_of_others_by_a_reply(scene: Scene):
    """What it has sent on comes from its own account, which imports nobody else's consumer."""
    async with scene.server.as_(scene.payroll) as other:
        feed = await other.js.pull_subscribe_bind(scene.payroll.id, STREAM)
        (theirs,) = await feed.fetch(1, timeout=5)
        async with nothing_changes(scene) as hostile:
            subject = f"{OWN_API}.CONSUMER.MSG.NEXT.{STREAM}.{scene.mallory.id}"
            others = f"CONSUMER.MSG.NEXT.{STREAM}.{scene.payroll.id}"
            for reply in (theirs.reply, f"{API}.{others}", f"{OWN_API}.{others}"):
                body = b'{"batch":1,"no_wait":true}'
                await hostile.client.publish(subject, body, reply=reply)
            await hostile.client.publish(theirs.reply, b"+ACK")
            await hostile.client.publish(theirs.reply, b"+TERM")
            await asyncio.sleep(0.2)
        await theirs.ack_sync()


async def test_a_crafted_acknowledgement_moves_its_own_consumer_at_most(scene: Scene):
    async with nothing_changes(scene) as hostile:
        for consumer in (scene.mallory.id, scene.payroll.id, scene.south.id, "relay", "*", ">"):
            for body in (b"+ACK", b"-NAK", b"+NXT", b"+TERM", b'+NXT {"batch":100}'):
                subject = f"$JS.ACK.{STREAM}.{consumer}.1.999.999.1.1"
                await hostile.client.publish(subject, body, reply=THEIRS)


def creations(scene: Scene) -> list[tuple[str, dict[str, object]]]:
    """Consumers that see more, push to a subject of the stream, or take somebody's place."""
    own = scene.mallory.id
    create, durable = "CONSUMER.CREATE", "CONSUMER.DURABLE.CREATE"
    pushing: dict[str, object] = {"deliver_subject": THEIRS, "ack_policy": "none"}
    return [
        (f"{create}.{STREAM}.{own}.milepost.north.>", {"filter_subject": "milepost.south.>"}),
        (f"{create}.{STREAM}.{own}", {"filter_subjects": ["milepost.north.>", "milepost.south.>"]}),
        (f"{create}.{STREAM}.{own}.milepost.>", {"filter_subject": "milepost.>"}),
        (f"{create}.{STREAM}.{scene.payroll.id}", {"durable_name": scene.payroll.id}),
        (f"{create}.{STREAM}.push.{THEIRS}", pushing | {"filter_subject": THEIRS}),
        (f"{durable}.{STREAM}.{own}", pushing | {"durable_name": own}),
        (f"{create}.{STREAM}", pushing),
    ]


async def test_it_makes_and_deletes_no_consumer(scene: Scene):
    others = [scene.mallory.id, scene.payroll.id, scene.south.id]
    async with nothing_changes(scene) as hostile:
        for subject, config in creations(scene):
            request = {"stream_name": STREAM, "action": "", "config": config}
            await refused(hostile, subject, request)
        for asked in ("DELETE", "PAUSE", "UNPIN", "RESET", "LEADER.STEPDOWN"):
            for consumer in others:
                await refused(hostile, f"CONSUMER.{asked}.{STREAM}.{consumer}")


async def test_it_reads_nothing_but_by_its_consumer(scene: Scene):
    others = (scene.payroll.id, scene.south.id)
    async with nothing_changes(scene) as hostile:
        for consumer in others:
            await refused(hostile, f"CONSUMER.INFO.{STREAM}.{consumer}")
            await refused(hostile, f"CONSUMER.MSG.NEXT.{STREAM}.{consumer}", {"batch": 1})
        for asked in ("STREAM.MSG.GET", "DIRECT.GET", "STREAM.INFO", "CONSUMER.LIST"):
            await refused(hostile, f"{asked}.{STREAM}", {"seq": 8})
        await refused(hostile, f"DIRECT.GET.{STREAM}.milepost.south.{AWARDED}")
        await refused(hostile, "STREAM.NAMES")
        await refused(hostile, "STREAM.LIST")


async def test_it_changes_no_stream_and_makes_none(scene: Scene):
    copied = {"mirror": {"name": STREAM}}
    stolen = {"sources": [{"name": STREAM}], "republish": {"src": ">", "dest": "milepost.>"}}
    async with nothing_changes(scene) as hostile:
        for asked in ("STREAM.PURGE", "STREAM.DELETE", "STREAM.MSG.DELETE", "STREAM.SNAPSHOT"):
            await refused(hostile, f"{asked}.{STREAM}", {"seq": 1})
        for config in (copied, stolen, {"subjects": ["milepost.>"]}):
            named = {"name": "MINE", **config}
            await refused(hostile, "STREAM.CREATE.MINE", named)
            await refused(hostile, f"STREAM.UPDATE.{STREAM}", {**named, "name": STREAM})
        await refused(hostile, "STREAM.RESTORE.MINE", {"config": {"name": "MINE"}})
        await refused(hostile, "ACCOUNT.PURGE.MILEPOST")


async def refused(hostile: Hostile, asked: str, request: object = None) -> None:
    """By the server, by either prefix, and nobody answers."""
    body = b"" if request is None else json.dumps(request).encode()
    inbox, before = hostile.client.new_inbox(), len(hostile.errors)
    subscription = await hostile.client.subscribe(inbox)
    for prefix in (API, OWN_API):
        await hostile.client.publish(f"{prefix}.{asked}", body, reply=inbox)
    await hostile.client.flush()
    await eventually(lambda: len(hostile.errors) == before + 2)
    assert all("permissions violation" in str(error).lower() for error in hostile.errors)
    with pytest.raises(nats.errors.TimeoutError):
        await subscription.next_msg(timeout=0.02)
    await subscription.unsubscribe()


async def test_it_publishes_nothing_and_hears_nobody(scene: Scene):
    hidden = ("milepost.>", ">", "$JS.>", "$SYS.>", "_R_.>", "_INBOX.*", "republish.>")
    heard = []

    async def hear(message: object) -> None:
        heard.append(message)

    async with nothing_changes(scene) as hostile:
        for subject in hidden:
            await hostile.client.subscribe(subject, cb=hear)
        for subject in (THEIRS, "republish.north.payroll", "$SYS.REQ.SERVER.PING", "_INBOX.x"):
            await hostile.client.publish(subject, b"{}")
            await hostile.client.publish(
                subject, b"{}", headers={"Nats-Trace-Dest": THEIRS, "Nats-Rollup": "all"}
            )
        await award_elsewhere(scene)
        await hostile.settled()
        assert len(hostile.errors) >= len(hidden) - 1
        assert not heard


async def award_elsewhere(scene: Scene) -> None:
    """Something that goes by in Milepost's account, to be overheard."""
    await scene.js._nc.publish("_INBOX.somebody", b"secret")
    await scene.js._nc.flush()


async def test_a_trace_of_its_question_is_stored_nowhere(scene: Scene):
    async with nothing_changes(scene) as hostile:
        subject = f"{OWN_API}.CONSUMER.INFO.{STREAM}.{scene.mallory.id}"
        for headers in (
            {"Nats-Trace-Dest": THEIRS},
            {"Nats-Trace-Dest": THEIRS, "Nats-Trace-Only": "true"},
            {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
        ):
            inbox = hostile.client.new_inbox()
            await hostile.client.publish(subject, b"", reply=inbox, headers=headers)


async def test_a_hundred_questions_at_once_starve_nobody(scene: Scene):
    """The attack that stopped the relay: its own acknowledgements must go on meanwhile."""
    async with nothing_changes(scene) as hostile:
        subject = f"{OWN_API}.CONSUMER.MSG.NEXT.{STREAM}.{scene.mallory.id}"
        for _ in range(2000):
            await hostile.client.publish(subject, b'{"batch":1,"no_wait":true}', reply=THEIRS)
        await hostile.client.flush()
    await award(scene.js, "south", 10)
    info = await scene.js.stream_info(STREAM)
    assert info.state.messages == info.state.last_seq


async def test_wrong_passwords_and_other_accounts_are_let_in_nowhere(scene: Scene):
    async def ignore(_: Exception) -> None:
        """It is raised, too."""

    server = scene.server
    payroll = server.address(scene.payroll).replace(scene.payroll.user, scene.mallory.user)
    for url in (
        server.address(scene.mallory, "wrong"),
        server.address(scene.mallory, scene.mallory.account.users[0].digest),
        f"{server.scheme}://milepost:wrong@{server.host}",
        f"{server.scheme}://{server.host}",
        payroll,
    ):
        with pytest.raises(nats.errors.Error):
            await connect(url, error_cb=ignore, allow_reconnect=False, max_reconnect_attempts=0)


async def test_two_addresses_of_one_name_are_two_subscribers(scene: Scene):
    async with scene.server.as_(scene.south) as one:
        feed = await one.js.pull_subscribe_bind(scene.south.id, STREAM)
        messages = await feed.fetch(3, timeout=5)
        assert {message.subject.split(".")[1] for message in messages} == {"south"}
        for message in messages:
            await message.nak()
    await until_pending(scene.js, scene.south, await pending(scene.js, scene.south))


async def test_as_one_subscriber_sixteen_connections_are_open_and_no_more(scene: Scene):
    async def ignore(_: Exception) -> None:
        """It is raised, too."""

    once: dict[str, Any] = {"error_cb": ignore, "allow_reconnect": False}
    url = scene.server.address(scene.mallory)
    opened = [await connect(url, **once) for _ in range(CONNECTIONS)]
    with pytest.raises(nats.errors.Error):
        await connect(url, **once, max_reconnect_attempts=0)
    async with scene.server.as_(scene.payroll) as other:
        assert other.client.is_connected
    for one in opened:
        await one.close()


async def test_what_is_published_while_accounts_are_read_anew_arrives(scene: Scene):
    others = (scene.mallory, scene.payroll, scene.south)
    before = (await scene.js.stream_info(STREAM)).state.last_seq
    reloading = asyncio.create_task(reloads(scene.server, others))
    published = 0
    while not reloading.done():
        with suppress(ServiceUnavailableError):  # for a moment nobody answers: it was not taken
            await award(scene.js, "south", 1)
            published += 1
    await reloading
    assert (await scene.js.stream_info(STREAM)).state.last_seq == before + published


async def reloads(server: Nats, partners: Sequence[Partner]) -> None:
    """Others come and go."""
    for number in range(2):
        await server.admit(*partners, Partner("north", f"guest-{number}"))
    await server.admit(*partners)


async def test_without_accounts_permissions_would_not_hold_it(
    tmp_path: Path,
    own_processes: None,  # noqa: ARG001 - it starts one
):
    """That these attacks find something: the same user in the account that has the stream."""
    port, conf, own = free_port(0), tmp_path / "nats.conf", "subscriber_north_mallory"
    asked = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{own}"
    conf.write_text(
        f"""listen: "127.0.0.1:{port}", jetstream {{ store_dir: "{tmp_path / "data"}" }}
        authorization {{ users: [{{ user: own, password: own }}, {{ user: mallory, password: m,
            permissions: {{ publish: ["{asked}"], subscribe: ["_INBOX.>"] }} }}] }}""",
        "utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        binary(), "--config", conf, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await listening(port)
        client = await connect(f"nats://own:own@127.0.0.1:{port}")
        mallory = await connect(f"nats://mallory:m@127.0.0.1:{port}")
        js = client.jetstream()
        await award(js, "north", 1)
        await consumers.make(js, Partner("north", "mallory").named, 1)
        await mallory.publish(asked, b'{"batch":1,"no_wait":true}', reply=THEIRS)
        await mallory.publish(asked, b"{", reply=THEIRS)
        await mallory.flush()

        async def stored() -> bool:
            return (await js.stream_info(STREAM)).state.messages > 1

        await eventually(stored)
        await mallory.close()
        await client.close()
    finally:
        process.terminate()
        await process.wait()
