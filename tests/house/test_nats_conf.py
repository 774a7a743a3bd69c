"""The NATS configuration in deploy/, on a real server: TLS, and Milepost's own account.

What subscribers may is in tests/subscriptions/partners, by this file and by that of `milepost up`.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import nats
import nats.errors
import pytest
from nats.js.api import ConsumerConfig, DeliverPolicy
from tests.certificates import Authority
from tests.eventually import eventually

from milepost.events.nats.connection import NatsServer, TlsRefused, is_encrypted
from milepost.events.nats.connection import connect as by_our_own
from milepost.events.nats.jetstream import STREAM, connected, ensure_stream
from milepost.events.nats.pipeline import FencedPipeline, Message
from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_nats import binary
from milepost.subscriptions.partners.accounts import EXPORTS

pytestmark = pytest.mark.servers  # they start processes

CONF = Path(__file__).parents[2] / "deploy" / "nats.conf"
PASSWORDS = {"NATS_PASSWORD": "let-me-in"}


class Server:
    """Runs by the file, but for addresses and folders. It may be started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port(0)
        self.authority = Authority(folder / "school-ca")
        certificate, key = self.authority.sign("server")
        self._conf = folder / "nats.conf"
        self.accounts = folder / "accounts" / "subscribers.conf"
        self.accounts.parent.mkdir()
        self.accounts.write_text("", "utf-8")
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
        self.process = await asyncio.create_subprocess_exec(
            binary(),
            "--config",
            self._conf,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await listening(self.port)

    async def stop(self) -> None:
        self.process.terminate()
        await self.process.wait()


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
    await by_our_own(server, error_cb=ignore, allow_reconnect=False, max_reconnect_attempts=0)


async def test_old_tls_is_refused(server):
    context = ssl.create_default_context(cafile=server.authority.file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        await connect(
            server.port, "milepost", PASSWORDS["NATS_PASSWORD"],
            tls=context, allow_reconnect=False, max_reconnect_attempts=0,
        )  # fmt: skip


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


def test_what_milepost_s_account_exports_is_what_subscribers_import():
    text = CONF.read_text("utf-8")
    assert re.findall(r"{ service: .*}", text) == list(EXPORTS)


async def test_who_is_in_no_account_is_nobody(port):
    for user in ("payroll:let-me-hear@", ""):
        with pytest.raises(nats.errors.Error):
            await by_our_own(
                f"tls://{user}127.0.0.1:{port}",
                error_cb=ignore,
                allow_reconnect=False,
                max_reconnect_attempts=0,
            )


async def ignore(_: Exception) -> None:
    """It is raised, too."""
