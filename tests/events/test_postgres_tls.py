"""What a Postgres address says of TLS reaches the wire, through each way that we connect.

The wheels' Postgres has no OpenSSL, so the server here speaks only the first words of the protocol.
"""

import asyncio
import ssl
from contextlib import asynccontextmanager

import asyncpg
import pytest
from tests.certificates import Authority

from milepost.events.runtime.leadership import leases
from milepost.events.store.postgres import connect_pool, owner_connection

SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)
NOBODY = b"SFATAL\0C28000\0Mno such login\0\0"
REFUSAL = b"E" + (4 + len(NOBODY)).to_bytes(4) + NOBODY


class Listener:
    """Takes connections with a client's certificate; notes who shows one, and logs nobody in."""

    def __init__(self, authority):
        self.heard = []
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_cert_chain(*authority.sign("server"))

    async def _answer(self, reader, writer):
        try:
            self.heard.append(await reader.readexactly(8) == SSL_REQUEST)
            writer.write(b"S")
            await writer.start_tls(self._context)
            startup = await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)
            subject = writer.get_extra_info("peercert")["subject"]
            self.heard.append((subject[0][0][1], b"milepost_login" in startup))
            writer.write(REFUSAL)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self._answer, "127.0.0.1")
        async with server:
            yield server.sockets[0].getsockname()[1]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "school-ca")


def address(port, authority, own, mode="verify-full"):
    cert, key = own
    files = f"sslrootcert={authority.file}&sslcert={cert}&sslkey={key}"
    return f"postgresql://milepost_login:secret@127.0.0.1:{port}/milepost?sslmode={mode}&{files}"


async def by_pool(dsn):
    async with await connect_pool(dsn, name="test") as pool:
        await pool.fetchval("select 1")


async def by_owner(dsn):
    async with owner_connection(dsn):
        pass


async def by_lease(dsn):
    async with leases(dsn):
        pass


WAYS = [by_pool, by_owner, by_lease]


@pytest.mark.parametrize("way", WAYS)
async def test_certificates_of_the_address_are_shown_and_asked_for(authority, way):
    listener = Listener(authority)
    async with listener.running() as port:
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no such login"):
            await way(address(port, authority, authority.sign("milepost")))
    assert listener.heard == [True, ("milepost", True)]


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_of_another_ca_hears_no_login(authority, tmp_path, way):
    listener, other = Listener(authority), Authority(tmp_path / "other-ca")
    async with listener.running() as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await way(address(port, other, authority.sign("milepost")))
    assert listener.heard == [True]
