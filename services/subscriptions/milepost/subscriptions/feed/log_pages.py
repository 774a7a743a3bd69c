"""Pages of the log as a subscriber is told them: each one bounded in events, in bytes, in time.

    positions   1 ………………………………………… 50,000 ………………… head
    read        64 events │ 256 │ 1,024 │ 2,000 │ …      fewer where they are large
    a page      what is published, asked for, and the caller's to see

Of all who read, some are served at a time: a thousand streams that come back at once, from far
behind, take turns.
"""

import asyncio
from collections.abc import AsyncIterator

from milepost.events.log import Log
from milepost.events.runtime.slots import Slots
from milepost.subscriptions.feed.subscriber import Found, Subscriber
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.visibility import Visibility

FIRST_LIMIT, MAX_LIMIT, GROWTH = 64, 2_000, 4
PAGE_BYTES = 1024 * 1024
READ_SECONDS = 10.0
READERS, MAX_READERS = 4, 64


class PageSize:
    """How many events to read at once: more each time, until they come to so many bytes."""

    def __init__(
        self, first: int = FIRST_LIMIT, most: int = MAX_LIMIT, most_bytes: int = PAGE_BYTES
    ) -> None:
        self.limit = first
        self._most = most
        self._most_bytes = most_bytes

    def learn(self, found: Found) -> None:
        size = sum(len(event.data) for event in found.events)
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

    async def head(self, tenant: str) -> int:
        """The last position; 0 before anything has happened."""
        return (await self._log.heads([tenant])).get(tenant, 0)

    async def page(self, subscriber: Subscriber, after: int, head: int, limit: int) -> Found:
        """Of the next `limit` events of these types, what the subscriber is told."""
        tenant, wanted = subscriber.tenant, subscriber.wanted
        async with self._slots.hold(), asyncio.timeout(READ_SECONDS):
            page = await self._selection.page(tenant, after, head, wanted, limit=limit)
            events = await self._visibility.visible(subscriber.viewer, page.events)
        return Found(tuple(events), page.reached)

    async def pages(self, subscriber: Subscriber, after: int, head: int) -> AsyncIterator[Found]:
        """One after the other, up to `head`."""
        size = PageSize()
        while after < head:
            found = await self.page(subscriber, after, head, size.limit)
            size.learn(found)
            after = found.reached
            yield found
