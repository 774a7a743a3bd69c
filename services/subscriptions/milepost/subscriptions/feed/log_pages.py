"""Pages of the log as a subscriber is told them: each one bounded in events, in bytes, in time.

    positions   1 ………………………………………… 50,000 ………………… head
    read        128 events │ 512 │ 2,000 │ 2,000 │ …     fewer where they are large
    a page      what is published, asked for, and the caller's to see

Of all who read, some are served at a time: a thousand streams that come back at once, from far
behind, take turns.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from weakref import WeakValueDictionary

from milepost.events.log import Log, Recorded
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.slots import Slots
from milepost.subscriptions.feed.subscriber import Found, Subscriber
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.visibility import Visibility

FIRST_LIMIT, MAX_LIMIT, GROWTH = 128, 2_000, 4
PAGE_BYTES = 1024 * 1024
READ_SECONDS = 10.0
# Of events that have to be looked into: some milliseconds.
LOOKED_UP_LIMIT = 500
READERS, READERS_OF_TENANT, MAX_READERS = 4, 2, 64


def size_of(events: Iterable[Recorded]) -> int:
    return sum(len(event.data) for event in events)


class PageSize:
    """How many events to read at once: more each time, until they come to so many bytes."""

    def __init__(
        self, first: int = FIRST_LIMIT, most: int = MAX_LIMIT, most_bytes: int = PAGE_BYTES
    ) -> None:
        self.limit = first
        self._most = most
        self._most_bytes = most_bytes

    def upto(self, most: int) -> int:
        """No more than are wanted."""
        return min(self.limit, most)

    def learn(self, size: int) -> None:
        """So many bytes were read."""
        if size > self._most_bytes:
            self.limit = max(1, self.limit // GROWTH)
        elif size * GROWTH <= self._most_bytes:
            self.limit = min(self._most, self.limit * GROWTH)


class LogPages:
    """Of one process, for all who read."""

    def __init__(self, log: Log, selection: Selection, visibility: Visibility) -> None:
        self._log = log
        self._selection = selection
        self._visibility = visibility
        self._slots = Slots(READERS, MAX_READERS)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def head(self, tenant: str) -> int:
        """The last position; 0 before anything has happened."""
        return (await self._log.heads([tenant])).get(tenant, 0)

    async def page(self, subscriber: Subscriber, after: int, head: int, limit: int) -> Found:
        """Of the next `limit` events of these types, what the subscriber is told."""
        tenant, wanted = subscriber.tenant, subscriber.wanted
        async with self._share(tenant), self._slots.hold(), asyncio.timeout(READ_SECONDS):
            page = await self._selection.read(tenant, after, head, wanted, limit=limit)
            matching = await self._selection.matching(page.events, wanted)
            events = await self._visibility.visible(subscriber.viewer, matching)
        return Found(tuple(events), page.reached, size_of(page.events))

    def _share(self, tenant: str) -> asyncio.Semaphore:
        """So many readers of one tenant: the others of it do not stand before those of another."""
        return self._shares.setdefault(tenant, asyncio.Semaphore(READERS_OF_TENANT))

    async def pages(
        self, subscriber: Subscriber, after: int, head: int, most: int
    ) -> AsyncGenerator[Found]:
        """One after the other, up to `head` or until there are `most` events.

        The next is read while its reader is busy with this one. Close it when you leave it.
        """
        size = PageSize(most=MAX_LIMIT if subscriber.is_simple else LOOKED_UP_LIMIT)
        reading: asyncio.Task[Found] | None = None
        try:
            while after < head and most > 0:
                found = await (reading or self.page(subscriber, after, head, size.upto(most)))
                reading = None
                size.learn(found.read_bytes)
                after, most = found.reached, most - len(found.events)
                if after < head and most > 0:
                    limit = size.upto(most) if subscriber.is_simple else size.limit
                    reading = asyncio.create_task(self.page(subscriber, after, head, limit))
                yield found
        finally:
            if reading is not None:
                await cancel_and_wait(reading)
