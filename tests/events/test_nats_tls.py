"""TLS to a real NATS server: encrypted as it was asked for, or refused with what to do."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from cryptography import x509
from structlog.testing import capture_logs
from tests.certificates import Authority
from tests.eventually import eventually
from tests.house.test_nats_conf import listening

from milepost.events.nats.connection import NatsServer, TlsRefused, connect, is_encrypted
from milepost.events.nats.jetstream import connected, ensure_stream
from milepost.operations.doctor.examination import findings_of
from milepost.operations.doctor.finding import Consumers
from milepost.operations.installation.connection import connected as with_servers
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_nats import binary
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import SettingInvalid, Settings

pytestmark = pytest.mark.servers  # they start processes

ONCE = {"allow_reconnect": False, "max_reconnect_attempts": 0}


async def ignore(_: Exception) -> None:
    """What goes wrong is raised, too."""


class Secured:
    """Files of a CA, a client, and a server that demands certificates (`verify`)."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder / "school-ca")
        self.certificate = self.authority.sign("server")
        self.client = self.authority.sign("milepost")
        self.port = free_port(0)
        self.conf = folder / "nats.conf"
        self.write(self.certificate)

    def write(self, certificate, *, tls=True):
        block = f"""tls {{
            cert_file: "{certificate[0]}", key_file: "{certificate[1]}"
            ca_file: "{self.authority.file}", verify: true }}"""
        self.conf.write_text(
            f"""listen: "127.0.0.1:{self.port}"
            jetstream {{ store_dir: "{self.folder / "data"}" }}
            {block if tls else ""}
            authorization {{ user: milepost, password: let-me-in }}"""
        )

    def server(self, scheme="tls", **files):
        """All files are right unless they are named."""
        cert_file, key_file = self.client
        right = {"ca_file": self.authority.file, "cert_file": cert_file, "key_file": key_file}
        url = f"{scheme}://milepost:let-me-in@127.0.0.1:{self.port}"
        return NatsServer(url, **right | files)

    @asynccontextmanager
    async def running(self):
        process = await asyncio.create_subprocess_exec(
            binary(), "--config", self.conf, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await listening(self.port)
            yield
        finally:
            process.terminate()
            await process.wait()


@pytest.fixture
def secured(tmp_path) -> Secured:
    return Secured(tmp_path)


@pytest.fixture
async def running(secured) -> AsyncIterator[Secured]:
    async with secured.running():
        yield secured


async def refused(server) -> str:
    with pytest.raises(TlsRefused) as refusal:
        await connect(server, error_cb=ignore, **ONCE)
    return str(refusal.value)


def settings_of(server, **others) -> Settings:
    return Settings(
        nats=server.url,
        nats_ca_file=server.ca_file,
        nats_cert_file=server.cert_file,
        nats_key_file=server.key_file,
        **others,
    )


async def test_the_right_certificates_open_an_encrypted_connection(running):
    async with connected(running.server(), "test") as client:
        assert is_encrypted(client)
        assert await ensure_stream(client.jetstream()) == 0
    await require_answering(settings_of(running.server()))


async def test_an_encrypted_connection_may_have_a_plain_address(running):
    client = await connect(running.server("nats"), error_cb=ignore, **ONCE)
    assert is_encrypted(client)
    await client.close()


async def test_a_server_of_another_ca_is_refused(running, tmp_path):
    other = running.server(ca_file=Authority(tmp_path / "other-ca").file)
    assert "MILEPOST_NATS_CA_FILE" in await refused(other)
    assert "MILEPOST_NATS_CA_FILE" in await refused(running.server(ca_file=""))
    with pytest.raises(Trouble) as trouble:
        await require_answering(settings_of(other))
    assert "let-me-in" not in str(trouble.value)
    assert "nobody answers" not in str(trouble.value)


async def test_a_server_of_another_name_is_refused(secured):
    elsewhere = x509.SubjectAlternativeName([x509.DNSName("nats.school.example")])
    secured.write(secured.authority.sign("elsewhere", elsewhere))
    async with secured.running():
        assert "the host's name" in await refused(secured.server())


async def test_no_certificate_and_that_of_another_ca_are_refused(running, tmp_path):
    said = await refused(running.server(cert_file="", key_file=""))
    assert "MILEPOST_NATS_CERT_FILE" in said
    cert_file, key_file = Authority(tmp_path / "other-ca").sign("milepost")
    assert await refused(running.server(cert_file=cert_file, key_file=key_file))


async def test_a_server_without_tls_gets_no_password(secured):
    secured.write(secured.certificate, tls=False)
    async with secured.running():
        assert "does not require TLS" in await refused(secured.server())
        client = await connect(secured.server("nats"), error_cb=ignore, **ONCE)
        assert not is_encrypted(client)
        await client.close()


async def test_who_waits_for_nats_gets_it_once_its_certificate_is_right(secured, tmp_path):
    other = Authority(tmp_path / "other-ca")
    secured.write(other.sign("server"))
    with capture_logs() as said:
        async with secured.running():
            waiting = asyncio.create_task(_served(secured))
            await eventually(lambda: _told(said, "nats_away"))
        secured.write(secured.certificate)
        async with secured.running():
            await asyncio.wait_for(waiting, 30)
    assert "MILEPOST_NATS_CA_FILE" in said[0]["error"]


async def _served(secured):
    async with connected(secured.server(), "test") as client:
        assert is_encrypted(client)


async def _told(said, event):
    return any(one["event"] == event for one in said)


async def test_a_renewed_certificate_is_read_without_a_restart(secured):
    own, key = secured.client
    shutil.copy(own, copy := str(secured.folder / "own.pem"))
    server = secured.server(cert_file=copy, key_file=key)
    async with secured.running():
        client = await connect(
            server, error_cb=ignore, reconnect_time_wait=0.05, max_reconnect_attempts=-1
        )
    new = secured.authority.sign("milepost-2")
    shutil.copy(new[0], copy)
    shutil.copy(new[1], key)
    async with secured.running():

        async def back():
            return client.is_connected

        await eventually(back)
        assert is_encrypted(client)
    await client.close()


async def test_the_doctor_says_what_is_wrong_with_tls(running, postgres, tmp_path):
    other = running.server(ca_file=Authority(tmp_path / "other-ca").file)
    found = await findings_of(settings_of(other, postgres=postgres), Consumers((), ()))
    (said,) = (one for one in found if one.name == "nats")
    assert said.verdict == "wrong"
    assert "MILEPOST_NATS_CA_FILE" in said.says
    right = settings_of(running.server(), postgres=postgres)
    found = await findings_of(right, Consumers((), ()))
    assert [one.verdict for one in found if one.name in {"nats", "tls"}] == ["ok", "ok"]


def test_files_that_cannot_be_read_are_said_at_the_start(secured):
    for files in ({"ca_file": "/nowhere/ca.pem"}, {"cert_file": secured.client[1]}):
        (name,) = files.values()
        with pytest.raises(Trouble, match=name):
            with_servers(settings_of(secured.server(**files), postgres="postgresql://nowhere/x"))


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"MILEPOST_NATS_CA_FILE": "ca.pem"}, "MILEPOST_NATS must begin with tls://"),
        (
            {"MILEPOST_NATS_CERT_FILE": "own.pem", "MILEPOST_NATS": "nats://nats"},
            "MILEPOST_NATS must begin with tls://",
        ),
        (
            {"MILEPOST_NATS_KEY_FILE": "own.key", "MILEPOST_NATS": "tls://nats"},
            "MILEPOST_NATS_CERT_FILE",
        ),
    ],
)
def test_half_of_tls_is_no_setting(env, said):
    with pytest.raises(SettingInvalid, match=said):
        Settings.from_environment(env)
