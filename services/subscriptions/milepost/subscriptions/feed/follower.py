"""One who follows a log from any position: from the log while far behind, then from the tail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from milepost.subscriptions.feed.log_pages import LogPages, PageSize
from milepost.subscriptions.feed.subscriber import Found, Subscriber
from milepost.subscriptions.feed.tail import Tail, Window

# Read from the log at once: each who is far behind holds that much until it has been sent.
FIRST_EVENTS, MAX_EVENTS, MAX_BYTES = 16, 256, 256 * 1024


class Follower:
    """`position`: what the subscriber is to be told up to there has been told."""

    def __init__(
        self,
        subscriber: Subscriber,
        position: int,
        log: LogPages,
        window: Window,
        *,
        tail: Tail,
        ring: asyncio.Event,
    ) -> None:
        self.position = position
        self._subscriber = subscriber
        self._log = log
        self._window = window
        self._tail = tail
        self._ring = ring
        self._page_size = PageSize(FIRST_EVENTS, MAX_EVENTS, MAX_BYTES)

    @property
    def ends(self) -> bool:
        """The process is to end: whoever waits should come back, to another."""
        return not self._tail.running

    async def next(self) -> Found | None:
        """What follows, maybe nothing but a position further on. None at the end of the log."""
        self._ring.clear()
        window, found = self._window, None
        if self.position < window.begin:
            limit = self._page_size.limit
            found = await self._log.page(self._subscriber, self.position, window.begin, limit)
            self._page_size.learn(found.read_bytes)
        elif (chunk := window.next(self.position)) is not None:
            found = await chunk.pick(self._subscriber, self.position)
        else:
            self.position = max(self.position, window.reached)
        if found is not None:
            self.position = found.reached
        return found

    async def wait(self, seconds: float) -> bool:
        """Until there may be more, or it is to end. False when nothing came for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._ring.wait()
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def following(
    tail: Tail, log: LogPages, subscriber: Subscriber, after: int, ring: asyncio.Event
) -> AsyncIterator[Follower]:
    """`ring` may be set by others too: whoever waits then looks again."""
    async with tail.follow(subscriber.tenant, ring) as window:
        yield Follower(subscriber, after, log, window, tail=tail, ring=ring)
