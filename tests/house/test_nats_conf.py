"""The NATS configuration in deploy/, on a real server: a subscriber sees its own tenant only."""

import asyncio
import json
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import nats
import nats.errors
import nats.js.errors
import pytest
from nats.js.api import ConsumerConfig, DeliverPolicy
from tests.certificates import Authority
from tests.docs.pages import DOCS, blocks
from tests.eventually import eventually

from milepost.events.nats.connection import NatsServer, TlsRefused, is_encrypted
from milepost.events.nats.connection import connect as by_our_own
from milepost.events.nats.jetstream import STREAM, connected, ensure_stream
from milepost.events.nats.pipeline import FencedPipeline, Message
from milepost.operations.local.embedded_nats import binary

pytestmark = pytest.mark.servers  # they start processes

CONF = Path(__file__).parents[2] / "deploy" / "nats.conf"
PASSWORDS = {"NATS_PASSWORD": "let-me-in", "NATS_SUBSCRIBER_PASSWORD": "let-me-hear"}
OWN = "milepost.default.>"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Server:
    """Runs by the file, but for addresses and folders. It may be started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.authority = Authority(folder / "school-ca")
        certificate, key = self.authority.sign("server")
        self._conf = folder / "nats.conf"
        given = "".join(f'{name}: "{value}"\n' for name, value in PASSWORDS.items())
        (folder / "passwords.conf").write_text(given, "utf-8")
        text = CONF.read_text("utf-8")
        for before, after in (
            ("0.0.0.0:4222", f"127.0.0.1:{self.port}"),
            ("127.0.0.1:8222", "127.0.0.1:-1"),
            ('"/data"', f'"{folder / "data"}"'),
            ("/etc/nats/tls/server.pem", certificate),
            ("/etc/nats/tls/server.key", key),
        ):
            assert before in text
            text = text.replace(before, after)
        self._conf.write_text(text, "utf-8")

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            binary(),
            "--config",
            self._conf,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await listening(self.port)

    async def stop(self) -> None:
        self._process.terminate()
        await self._process.wait()


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    # Of clients that name no CA, as of the page's subscriber.
    monkeypatch.setenv("SSL_CERT_FILE", server.authority.file)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def port(server: Server) -> int:
    """Where it listens."""
    return server.port


async def listening(port):
    async def listens():
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return True

    await eventually(listens)


async def connect(port, user, password, **options):
    """A client, and the list in which its errors gather."""
    errors: list[Exception] = []

    async def hear(error):
        errors.append(error)

    url = f"tls://{user}:{password}@127.0.0.1:{port}"
    return await nats.connect(url, error_cb=hear, **options), errors


async def stream_of_two_tenants(port):
    milepost, errors = await connect(port, "milepost", PASSWORDS["NATS_PASSWORD"])
    last = await ensure_stream(milepost.jetstream())
    async with FencedPipeline(milepost, last) as chain:
        for tenant in ("default", "other"):
            for number in range(3):
                subject = f"milepost.{tenant}.credentials.credential_awarded"
                await chain.publish([Message(f"{tenant}/{number}", subject, "", b"{}")])
        await chain.flush()
    assert not errors
    return milepost


async def subscriber(port):
    password = PASSWORDS["NATS_SUBSCRIBER_PASSWORD"]
    return await connect(port, "payroll", password, inbox_prefix=b"_INBOX_payroll")


async def create(client, subject, **config):
    """Asks for a consumer at any subject, with any configuration, as a hostile client may."""
    request = {"stream_name": STREAM, "action": "", "config": config}
    answer = await client.request(
        f"$JS.API.CONSUMER.CREATE.{subject}", json.dumps(request).encode(), timeout=1
    )
    return json.loads(answer.data)


async def test_nobody_is_heard_without_tls_and_nobody_believed_without_its_ca(server, tmp_path):
    login = f"milepost:{PASSWORDS['NATS_PASSWORD']}"
    address = f"tls://{login}@127.0.0.1:{server.port}"
    async with connected(NatsServer(address, server.authority.file), "test") as client:
        assert is_encrypted(client)
    with pytest.raises(TlsRefused, match="MILEPOST_NATS_CA_FILE"):
        await connect_once(NatsServer(address, Authority(tmp_path / "other-ca").file))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert b'"tls_required":true' in await reader.readline()
    writer.write(b'CONNECT {"user":"milepost","pass":"let-me-in"}\r\nPING\r\n')
    with suppress(ConnectionError):
        assert b"PONG" not in await asyncio.wait_for(reader.read(), 30)
    writer.close()


async def connect_once(server):
    async def ignore(_: Exception) -> None:
        """It is raised, too."""

    await by_our_own(server, error_cb=ignore, allow_reconnect=False, max_reconnect_attempts=0)


async def test_old_tls_is_refused(server):
    context = ssl.create_default_context(cafile=server.authority.file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        await connect(
            server.port, "milepost", PASSWORDS["NATS_PASSWORD"],
            tls=context, allow_reconnect=False, max_reconnect_attempts=0,
        )  # fmt: skip


async def test_a_subscriber_receives_what_its_tenant_published_and_nothing_else(port):
    milepost = await stream_of_two_tenants(port)
    client, errors = await subscriber(port)
    feed = await client.jetstream().pull_subscribe(OWN, durable="payroll", stream=STREAM)
    messages = await feed.fetch(10, timeout=1)
    for message in messages:
        await message.ack_sync()
    assert [message.subject.split(".")[1] for message in messages] == ["default"] * 3
    with pytest.raises(nats.errors.TimeoutError):
        await feed.fetch(1, timeout=0.2)
    assert not errors
    await client.close()
    await milepost.close()


async def test_a_subscriber_cannot_reach_another_tenant(port):
    milepost = await stream_of_two_tenants(port)
    client, errors = await subscriber(port)
    others = {"durable_name": "payroll", "ack_policy": "explicit"}
    own = f"{STREAM}.payroll.{OWN}"
    answers = [
        await create(client, own, **others, filter_subject="milepost.other.>"),
        await create(client, own, **others, filter_subjects=["milepost.>"]),
        await create(client, own, **others),
    ]
    assert all("error" in answer for answer in answers), answers
    assert not errors
    for subject in (f"{STREAM}.payroll.milepost.other.>", f"{STREAM}.payroll", f"{STREAM}.x.{OWN}"):
        with pytest.raises(nats.errors.TimeoutError):
            await create(client, subject, **others)
    await client.subscribe("milepost.>")
    await client.subscribe("_INBOX.>")
    await client.publish("milepost.default.credentials.credential_awarded", b"{}")
    await client.publish(f"$JS.API.STREAM.MSG.GET.{STREAM}", b'{"seq":4}')
    await client.flush()
    await eventually(lambda: len(errors) >= 7)
    assert len(errors) == 7
    assert all("permissions violation" in str(error).lower() for error in errors)
    assert (await milepost.jetstream().stream_info(STREAM)).state.messages == 6
    await client.close()
    await milepost.close()


async def test_the_services_may_keep_their_durable_consumers(port):
    milepost = await stream_of_two_tenants(port)
    js = milepost.jetstream()
    config = ConsumerConfig(
        durable_name="credentials",
        deliver_policy=DeliverPolicy.ALL,
        filter_subjects=["milepost.*.credentials.credential_awarded"],
    )
    await js.add_consumer(STREAM, config)
    feed = await js.pull_subscribe_bind("credentials", STREAM)
    messages = await feed.fetch(10, timeout=1)
    await messages[-1].ack_sync()
    assert len(messages) == 6
    await milepost.close()


async def publish_courses(port, *titles):
    """In a stream that is made unless it is there, numbered from 1."""
    milepost, _ = await connect(port, "milepost", PASSWORDS["NATS_PASSWORD"])
    js = milepost.jetstream()
    for position, title in enumerate(titles, await ensure_stream(js) + 1):
        headers = {"Milepost-Tenant": "default", "Milepost-Position": str(position)}
        data = json.dumps({"title": title}).encode()
        await js.publish("milepost.default.enrollment.course_published", data, headers=headers)
    await milepost.close()


async def lose_the_stream(port):
    milepost, _ = await connect(port, "milepost", PASSWORDS["NATS_PASSWORD"])
    await milepost.jetstream().delete_stream(STREAM)
    await milepost.close()


@asynccontextmanager
async def subscribing(port, folder, name):
    """The page's subscriber as this user."""
    page = blocks(DOCS / "how-to" / "subscriber.md")
    (script,) = (block.text for block in page if block.path == "subscriber.py")
    (folder / "subscriber.py").write_text(script, "utf-8")
    url = f"tls://payroll:{PASSWORDS['NATS_SUBSCRIBER_PASSWORD']}@127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        folder / "subscriber.py",
        env={**os.environ, "MILEPOST_NATS": url, "SUBSCRIBER": name, "SCHOOL": "default"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.communicate()


async def line(stream):
    return (await asyncio.wait_for(stream.readline(), 60)).decode().strip()


@pytest.mark.faults
async def test_the_pages_subscriber_outlives_a_lost_stream_and_a_restart(server, tmp_path):
    await publish_courses(server.port, "CSS")
    async with subscribing(server.port, tmp_path, "payroll") as subscriber:
        assert await line(subscriber.stdout) == "default 1 CSS"
        await lose_the_stream(server.port)
        await publish_courses(server.port, "CSS", "HTML")
        assert await line(subscriber.stdout) == "default 1 CSS"
        assert await line(subscriber.stdout) == "default 2 HTML"
        await server.stop()
        await server.start()
        await publish_courses(server.port, "SQL")
        assert await line(subscriber.stdout) == "default 3 SQL"


async def test_the_pages_subscriber_says_what_it_may_not(server, tmp_path):
    await publish_courses(server.port, "CSS")
    async with subscribing(server.port, tmp_path, "stranger") as subscriber:
        said = await line(subscriber.stderr)
    assert "permissions violation" in said.lower()


async def test_what_is_published_again_for_a_subscriber_it_may_read(port):
    milepost, _ = await connect(port, "milepost", PASSWORDS["NATS_PASSWORD"])
    js = milepost.jetstream()
    await js.add_stream(name="MILEPOST_REPUBLISH", subjects=["republish.>"])
    await js.publish("republish.payroll", b"{}")
    await js.publish("republish.library", b"{}")
    client, errors = await subscriber(port)
    own = "republish.payroll"
    again = client.jetstream().pull_subscribe(own, durable="payroll", stream="MILEPOST_REPUBLISH")
    (message,) = await (await again).fetch(1, timeout=5)
    await message.ack_sync()
    assert (message.subject, errors) == (own, [])
    others = {"durable_name": "payroll", "ack_policy": "explicit"}
    request = {"stream_name": "MILEPOST_REPUBLISH", "action": "", "config": others}
    for filtered in ("republish.library", "republish.>"):
        asked = f"$JS.API.CONSUMER.CREATE.MILEPOST_REPUBLISH.payroll.{filtered}"
        with pytest.raises(nats.errors.TimeoutError):
            await client.request(asked, json.dumps(request).encode(), timeout=1)
    await client.close()
    await milepost.close()
