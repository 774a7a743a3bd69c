"""A Milepost over HTTP, for one school: the one that the token names."""

from collections.abc import AsyncGenerator
from datetime import datetime
from types import TracebackType
from typing import Final, Self

import httpx2

from milepost_client.events import WAIT_SECONDS, Event, EventFilter, Page, feed, stream
from milepost_client.operations import Operations
from milepost_client.retries import Retries
from milepost_client.transport import Token, Transport

TIMEOUT_SECONDS: Final = 30.0
ALL: Final = EventFilter()


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
        self._retries = retries or Retries()
        super().__init__(Transport(self._connection, token, self._retries))

    @property
    def position(self) -> int | None:
        """In the log, of the latest that was done here. Reads show at least that."""
        return self._transport.place.position

    @position.setter
    def position(self, position: int) -> None:
        """Carried over from elsewhere: the browser's session, another process."""
        self._transport.place.position = position

    def settled(self, seconds: int = 10) -> Operations:
        """The same calls; they answer when all that follows has followed: an award, say.

        Of a command, what follows from it; of a read, from what was done here before. At most 30
        seconds. Then they raise `NotSettled`, with the answer in it.
        """
        return Operations(self._transport.waiting(seconds))

    def feed(
        self,
        wanted: EventFilter = ALL,
        *,
        after: int = 0,
        since: datetime | None = None,
        limit: int = 1_000,
        wait_seconds: int = WAIT_SECONDS,
    ) -> AsyncGenerator[Page, None]:
        """What has happened behind a position, or since a time, page by page without end.

        A page may be empty. Keep its `position` in the transaction of what you do with it, and
        begin there the next time: nothing is missed, and nothing done twice. `wait_seconds=0` ends
        at the end of the log.
        """
        return feed(
            self._transport,
            wanted,
            after=after,
            since=since,
            limit=limit,
            wait_seconds=wait_seconds,
        )

    def stream(
        self, wanted: EventFilter = ALL, *, after: int | None = None
    ) -> AsyncGenerator[Event, None]:
        """What happens, one by one without end; behind a position, or from now on.

        When the stream breaks, it goes on behind the last event that came. Raises `Problem` and,
        when nothing answers any more, `NoAnswer`.
        """
        return stream(self._transport, wanted, after=after, retries=self._retries)

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
