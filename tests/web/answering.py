"""A server of one answer, and a resolver that says where it is."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cryptography import x509
from tests.certificates import Authority


class Names:
    """A resolver whose names change: each question takes the next answer, the last stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(f"{host}:{port}")
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@asynccontextmanager
async def serving(
    answer: bytes | bytearray, tls: ssl.SSLContext | None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on 127.0.0.1 that sends these bytes to whoever asks, and what it was asked.

    A bytearray may be filled when the port is known.
    """
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        if b"hang" in requests[-1]:
            await reader.read()  # until the other side has had enough
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], requests


def server_tls(authority: Authority, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(
        *authority.sign(name, x509.SubjectAlternativeName([x509.DNSName(name)]))
    )
    return context
