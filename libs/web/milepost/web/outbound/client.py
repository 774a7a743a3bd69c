"""Calls to addresses that others have chosen: keys of issuers, status lists, webhooks.

Each call is bounded in bytes and time, goes to public addresses only (`guard`), over https, and
follows no redirect. It takes no proxy, cookie or password from anywhere: httpcore itself is used,
which knows none. What comes compressed is not read: a few bytes could become gigabytes.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final

import httpcore2
import httpx2
import msgspec

from milepost.web.outbound.errors import AnswerTooLarge, HostNotAllowed, NotReached, UrlRefused
from milepost.web.outbound.guard import GuardedBackend, Resolve, resolve
from milepost.web.outbound.hosts import ANY, Hosts

MAX_BYTES: Final = 1_000_000
MAX_URL: Final = 2_000
SECONDS: Final = 10.0
CONNECTIONS: Final = 16  # at a time; who comes then waits, within its seconds
USER_AGENT: Final = "milepost"
_DEFAULT_PORTS: Final = {b"https": 443, b"http": 80}
_FAULTS: Final = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    OSError,
)


class Answer(msgspec.Struct, frozen=True):
    """Header names in small letters; of several with one name, the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outbound:
    """One for a process and a purpose: only `allowed` hosts are called.

    `private` ones may be at any address, and be called without TLS.
    """

    def __init__(
        self,
        private: Hosts = Hosts(),  # noqa: B008 - a value
        *,
        allowed: Hosts = Hosts(frozenset({ANY})),  # noqa: B008 - a value
        resolve: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._private = private
        self._allowed = allowed
        self._backend = GuardedBackend(private, resolve)
        self._ssl_context = ssl_context
        self._opening = asyncio.Lock()
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_bytes: int = MAX_BYTES,
        seconds: float = SECONDS,
    ) -> Answer:
        """Any status is an answer, also 3xx. Raises `OutboundError`."""
        address = self._validated(url)
        told = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})}
        request = httpcore2.Request(
            method,
            address,
            headers=_headers(address, told, content),
            content=content,
            extensions={"timeout": {"connect": seconds / 2}},  # of one address, then the next
        )
        host = address.host.decode("ascii")
        try:
            async with asyncio.timeout(seconds):
                return await self._answer(request, host, max_bytes)
        except TimeoutError as error:
            raise NotReached(host, f"no answer within {seconds:g} seconds") from error
        except _FAULTS as error:
            raise NotReached(host, str(error) or type(error).__name__) from error

    async def check(self, url: str, *, seconds: float = SECONDS) -> None:
        """Whether it would be called, as its name resolves now. Nothing is sent.

        Raises `UrlRefused`, `HostNotAllowed`, `AddressRefused`, `NotReached`.
        """
        address = self._validated(url)
        host, port = address.host.decode("ascii"), address.port
        try:
            async with asyncio.timeout(seconds):
                await self._backend.checked(host, port or _DEFAULT_PORTS[address.scheme])
        except TimeoutError as error:
            raise NotReached(host, f"no address within {seconds:g} seconds") from error

    async def _answer(self, request: httpcore2.Request, host: str, max_bytes: int) -> Answer:
        pool = self._pool or await self._opened()
        response = await pool.handle_async_request(request)
        try:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1")
                       for name, value in response.headers}  # fmt: skip
            if headers.get("content-encoding", "identity") != "identity":
                raise NotReached(host, "its answer is compressed, which was not asked for")
            body = bytearray()
            async with aclosing(response.aiter_stream()) as parts:
                async for part in parts:
                    body += part
                    if len(body) > max_bytes:
                        raise AnswerTooLarge(host, max_bytes)
            return Answer(response.status, headers, bytes(body))
        finally:
            await response.aclose()

    async def _opened(self) -> httpcore2.AsyncConnectionPool:
        """Made once: reading the system's certificates takes 50 ms, hence in a thread."""
        async with self._opening:
            if self._pool is None:
                context = self._ssl_context or await asyncio.to_thread(
                    httpcore2.default_ssl_context
                )
                self._pool = httpcore2.AsyncConnectionPool(
                    ssl_context=context,
                    max_connections=CONNECTIONS,
                    max_keepalive_connections=0,  # nothing stays open, and each call is checked
                    network_backend=self._backend,
                )
            return self._pool

    def _validated(self, url: str) -> httpcore2.URL:
        """Raises `UrlRefused`, `HostNotAllowed`."""
        try:
            parsed = httpx2.URL(url) if len(url) <= MAX_URL else None
        except (httpx2.InvalidURL, ValueError, TypeError):
            parsed = None
        port = _port(parsed) if parsed else 0
        if parsed is None or not parsed.host or parsed.userinfo or not 0 < port < 65_536:
            raise UrlRefused(f"{url[:80]!r} is no address of a web server")
        host = parsed.raw_host.decode("ascii")
        if not self._allowed.allow(host, port):
            raise HostNotAllowed(host)
        plain = parsed.scheme == "http" and self._private.allow(host, port)
        if parsed.scheme != "https" and not plain:
            raise UrlRefused(f"{url[:80]!r} does not begin with https://")
        return httpcore2.URL(
            scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path
        )


def _port(url: httpx2.URL) -> int:
    """0 when it is neither said nor known."""
    return url.port if url.port is not None else {"https": 443, "http": 80}.get(url.scheme, 0)


def _headers(
    url: httpcore2.URL, headers: Mapping[str, str], content: bytes | None
) -> list[tuple[bytes, bytes]]:
    default = _DEFAULT_PORTS[url.scheme]
    host = b"[%b]" % url.host if b":" in url.host else url.host
    if url.port not in {None, default}:
        host += b":%d" % url.port
    all_of_them = {"Host": host.decode("ascii"), **headers}
    if content is not None:
        all_of_them["Content-Length"] = str(len(content))
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in all_of_them.items()]
