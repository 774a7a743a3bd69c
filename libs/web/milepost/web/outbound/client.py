"""Calls to addresses that others have chosen: keys of issuers, status lists, webhooks.

Each call is bounded in bytes and time, goes to public addresses only (`guard`), over https, and
follows no redirect. It takes no proxy, cookie or password from anywhere: httpcore itself is used,
which knows none. What comes compressed is not read: a few bytes could become gigabytes.

Who calls the same hosts again and again keeps connections open: each leads to the address that was
judged when it was made, whatever the name says by now. Hosts share none, nor a limit: one that
keeps all its callers waiting delays no other.
"""

import asyncio
import ssl
from collections import OrderedDict
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
MAX_HOSTS_KEPT: Final = 256  # with connections that are kept open
USER_AGENT: Final = "milepost"
_DEFAULT_PORTS: Final = {b"https": 443, b"http": 80}
_FAULTS: Final = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    OSError,
)


class Answer(msgspec.Struct, frozen=True):
    """Header names in small letters; of several with one name, the last.

    `cut`: there was more than `body`, or it did not come in time.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


class Outbound:
    """One for a process and a purpose: only `allowed` hosts are called.

    `private` ones may be at any address, and be called without TLS. `connections` at a time are
    made to all, or, where they are kept for `keep_seconds` after a call, to each host and port.
    """

    def __init__(
        self,
        private: Hosts = Hosts(),  # noqa: B008 - a value
        *,
        allowed: Hosts = Hosts(frozenset({ANY})),  # noqa: B008 - a value
        resolve: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
        connections: int = CONNECTIONS,
        keep_seconds: float = 0.0,
    ) -> None:
        self._private = private
        self._allowed = allowed
        self._backend = GuardedBackend(private, resolve)
        self._ssl_context = ssl_context
        self._opening = asyncio.Lock()
        self._connections = connections
        self._keep_seconds = keep_seconds
        self._pools: OrderedDict[str, _Pool] = OrderedDict()

    async def aclose(self) -> None:
        """What was kept open is closed."""
        pools, self._pools = self._pools, OrderedDict()
        for one in pools.values():
            await one.pool.aclose()

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_bytes: int = MAX_BYTES,
        seconds: float = SECONDS,
        cut: bool = False,
    ) -> Answer:
        """Any status is an answer, also 3xx. Raises `OutboundError`.

        `cut`: of a longer answer, or one that does not end in time, what there is is enough.
        """
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
        until = asyncio.get_running_loop().time() + seconds
        pool = await self._pool_for(address.origin)
        pool.calls += 1
        try:
            async with asyncio.timeout_at(until):
                response = await pool.pool.handle_async_request(request)
            try:
                return await _answer(response, host, max_bytes, until, cut=cut)
            finally:
                await response.aclose()
        except TimeoutError as error:
            raise NotReached(host, f"no answer within {seconds:g} seconds") from error
        except _FAULTS as error:
            raise NotReached(host, str(error) or type(error).__name__) from error
        finally:
            pool.calls -= 1

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

    async def _pool_for(self, origin: httpcore2.Origin) -> "_Pool":
        key = str(origin) if self._keep_seconds else "all"
        if (found := self._pools.get(key)) is None:
            context = await self._trusted()
            if (found := self._pools.get(key)) is None:
                found = self._pools[key] = self._opened(context)
                await self._close_unused()
        self._pools.move_to_end(key)
        return found

    async def _trusted(self) -> ssl.SSLContext:
        """Made once: reading the system's certificates takes 50 ms, hence in a thread."""
        async with self._opening:
            if self._ssl_context is None:
                self._ssl_context = await asyncio.to_thread(httpcore2.default_ssl_context)
            return self._ssl_context

    def _opened(self, context: ssl.SSLContext) -> "_Pool":
        pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=self._connections,
            max_keepalive_connections=self._connections if self._keep_seconds else 0,
            keepalive_expiry=self._keep_seconds or None,
            network_backend=self._backend,
        )
        return _Pool(pool)

    async def _close_unused(self) -> None:
        """Of more hosts than this, those that were called longest ago."""
        surplus = len(self._pools) - MAX_HOSTS_KEPT
        others = list(self._pools.items())[:-1]
        for key in [key for key, one in others if not one.calls][: max(0, surplus)]:
            await self._pools.pop(key).pool.aclose()

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


class _Pool:
    """`calls`: how many use it at this moment."""

    __slots__ = ("calls", "pool")

    def __init__(self, pool: httpcore2.AsyncConnectionPool) -> None:
        self.pool = pool
        self.calls = 0


async def _answer(
    response: httpcore2.Response, host: str, max_bytes: int, until: float, *, cut: bool
) -> Answer:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    if headers.get("content-encoding", "identity") != "identity" and not cut:
        raise NotReached(host, "its answer is compressed, which was not asked for")
    body, ended = bytearray(), True
    try:
        async with asyncio.timeout_at(until), aclosing(response.aiter_stream()) as parts:
            async for part in parts:
                body += part
                if len(body) > max_bytes:
                    break
    except (TimeoutError, *_FAULTS):
        if not cut:
            raise
        ended = False
    if len(body) > max_bytes and not cut:
        raise AnswerTooLarge(host, max_bytes)
    whole = ended and len(body) <= max_bytes
    return Answer(response.status, headers, bytes(body[:max_bytes]), cut=not whole)


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
