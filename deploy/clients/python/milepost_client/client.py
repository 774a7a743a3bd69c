"""A Milepost over HTTP, for one school: the one that the token names."""

from types import TracebackType
from typing import Final, Self

import httpx2

from milepost_client.operations import Operations
from milepost_client.retries import Retries
from milepost_client.transport import Token, Transport

TIMEOUT_SECONDS: Final = 30.0


class Milepost(Operations):
    """`async with Milepost(address, token) as milepost:`. One for many tasks, in one event loop.

    `token`: a text, or what gives one that is still valid, asked before each request.
    `transport`: where requests go instead of the network, for tests.
    """

    def __init__(
        self,
        address: str,
        token: Token,
        *,
        retries: Retries | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._connection = httpx2.AsyncClient(
            base_url=address, timeout=timeout_seconds, transport=transport
        )
        super().__init__(Transport(self._connection, token, retries or Retries()))

    @property
    def position(self) -> int | None:
        """In the log, of the latest that was done here. Reads show at least that."""
        return self._transport.position

    @position.setter
    def position(self, position: int) -> None:
        """Carried over from elsewhere: the browser's session, another process."""
        self._transport.position = position

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.aclose()
