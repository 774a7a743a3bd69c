"""The one way to a NATS server: its address, and TLS by the files that are named.

    tls://host    encrypted or not at all: a server that does not ask for TLS is refused before
                  it is sent a password, which nats-py alone would do
    nats://host   encrypted if the server asks for it

A certificate is read anew for each connection, so that it may be renewed while processes run.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Any, TypeAlias

import msgspec
import nats.errors
from nats.aio.client import Client

from milepost.events.errors import EventsError

ABANDON_SECONDS = 1
# A server that reads its accounts anew ends connections that begin meanwhile.
RESTS_SECONDS = (0.2, 0.5)


class TlsRefused(EventsError, nats.errors.Error):
    """No connection as secure as it must be can be had; the message says why, and what to set."""


class ConnectionEnded(EventsError, nats.errors.Error):
    """By the server, before it has let us in."""


class NatsServer(msgspec.Struct, frozen=True):
    """`url` begins with nats:// or tls://. The files are PEM.

    Without `ca_file` the system's CAs are believed; without `cert_file` we have no certificate;
    without `key_file` its key is in the same file.
    """

    url: str
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("tls://")

    def context(self) -> ssl.SSLContext:
        """Raises `TlsRefused` when a file is missing or is no certificate."""
        named = self.ca_file
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
            named = ", ".join(filter(None, (self.cert_file, self.key_file)))
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file or None)
        except OSError as error:  # ssl's errors too
            why = error.strerror or str(error)
            raise TlsRefused(f"{named} cannot be used for TLS to NATS: {why}") from error
        return context


Server: TypeAlias = NatsServer | str


async def connect(server: Server, **options: Any) -> Client:
    """A connection; `options` are nats-py's. Raises `TlsRefused`, and what nats-py raises."""
    client = _Client(NatsServer(server) if isinstance(server, str) else server)
    try:
        await client.connect(client.server.url, **options)
    except BaseException:
        await _abandon(client)
        raise
    return client


async def connect_once(server: Server, within_seconds: float) -> Client:
    """As `connect`, but tries no more where nobody answers, and seldom where the server ends the
    connection. Raises what the last attempt did.
    """
    async with asyncio.timeout(within_seconds):
        for rest in RESTS_SECONDS:
            with suppress(ConnectionEnded):
                return await _connect_once(server)
            await asyncio.sleep(rest)
        return await _connect_once(server)


async def _connect_once(server: Server) -> Client:
    faults: list[Exception] = []

    async def note(fault: Exception) -> None:
        faults.append(fault)

    # 0 attempts are endless ones to nats-py; with 1 it asks twice.
    once = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0}
    try:
        return await connect(server, error_cb=note, **once)
    except nats.errors.NoServersError as nobody:
        raise (faults[-1] if faults else nobody) from nobody


async def _abandon(client: Client) -> None:
    """A connection that could not be had: nats-py would leave its socket open."""
    with suppress(Exception):
        await asyncio.wait_for(client.close(), ABANDON_SECONDS)


def is_encrypted(client: Client) -> bool:
    """Whether what goes over this connection is, whatever its address says."""
    transport = client._transport  # noqa: SLF001 - nats-py does not tell
    writer = getattr(transport, "_io_writer", None)
    return writer is not None and writer.get_extra_info("ssl_object") is not None


class _Client(Client):
    """Asks for TLS before it says who it is. The overridden methods are held by tests/events."""

    def __init__(self, server: NatsServer) -> None:
        super().__init__()
        self.server = server

    @property
    def ssl_context(self) -> ssl.SSLContext:
        return self.server.context()

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection:
            self._require_secure(info)
        await super()._process_info(info, initial_connection)

    def _require_secure(self, info: dict[str, Any]) -> None:
        if self.server.encrypted and not info.get("tls_required"):
            raise TlsRefused(
                "MILEPOST_NATS begins with tls://, but the server does not require TLS:"
                " give it a `tls` block, or say nats://"
            )
        if info.get("tls_verify") and not self.server.cert_file:
            raise TlsRefused(
                "NATS demands a certificate of its clients:"
                " set MILEPOST_NATS_CERT_FILE and MILEPOST_NATS_KEY_FILE"
            )

    async def _process_connect_init(self) -> None:
        try:
            await super()._process_connect_init()
        except ssl.SSLError as error:
            self._forget_transport()
            raise TlsRefused(_why(error)) from error
        except ConnectionError as error:
            self._forget_transport()
            raise self._ended() from error
        # nats-py takes the end of the connection for an answer.
        if not self.is_connected:
            raise self._ended()

    def _forget_transport(self) -> None:
        """Of a handshake that failed: nats-py would wait forever until it is closed."""
        if self._transport:
            self._transport.close()  # type: ignore[no-untyped-call]
            self._transport = None

    def _ended(self) -> nats.errors.Error:
        if self._server_info.get("tls_verify"):
            return TlsRefused(
                "NATS ended the connection: does it know the CA of MILEPOST_NATS_CERT_FILE?"
            )
        return ConnectionEnded("NATS ended the connection")


def _why(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of NATS is not valid ({error.verify_message}): does"
            " MILEPOST_NATS_CA_FILE name its CA, and does it hold the host's name?"
        )
    return f"NATS refuses TLS as it is asked for ({error.reason or error})"
