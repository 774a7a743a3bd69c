"""The guard in the connection: what a name resolves to is checked, and that is connected to.

A check of the URL would be worth nothing. Names resolve to what their owner likes, to something
else a moment later (DNS rebinding), and `0x7f.1` is an address to a resolver:

    URL ─▶ resolve once ─▶ all public? ─▶ connect to that address ─▶ TLS for the name
                              └─ no ─▶ AddressRefused
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, Final, TypeAlias

import httpcore2

from milepost.web.outbound.addresses import is_public
from milepost.web.outbound.errors import AddressRefused, NotReached
from milepost.web.outbound.hosts import Hosts

MAX_ADDRESSES: Final = 4  # of one name are tried
# Threads of their own, made when they are needed: a name server that never answers keeps one for
# half a minute, which is twice as long as the call that waited for it.
RESOLVING_AT_ONCE: Final = 512

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """By the system. Raises `OSError`."""
    asked = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_threads(), asked)
    return [str(address[0]) for *_, address in found]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(RESOLVING_AT_ONCE, "resolve")


class GuardedBackend(httpcore2.AnyIOBackend):
    """Connects to public addresses only, but for the hosts that the operator names."""

    def __init__(self, private: Hosts, resolve: Resolve) -> None:
        self._private = private
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises `AddressRefused`, `NotReached`, and what httpcore raises."""
        fault: Exception | None = None
        for address in await self.checked(host, port):
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                fault = error
        raise fault or NotReached(host, "it has no address")

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> Any:
        raise AddressRefused(path, "a socket of this machine")

    async def checked(self, host: str, port: int) -> Sequence[str]:
        """One address that is not public condemns the name: which is taken is not ours to say.

        Raises `AddressRefused`, `NotReached`.
        """
        try:
            addresses = list(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "its name cannot be resolved"
            raise NotReached(host, reason) from error
        if not self._private.allow(host, port):
            for address in addresses:
                if not is_public(address):
                    raise AddressRefused(host, address)
        return addresses[:MAX_ADDRESSES]
