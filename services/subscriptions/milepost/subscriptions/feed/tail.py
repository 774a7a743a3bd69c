"""The end of the log, read once for all who follow it in this process.

    log     … 91 92 93 94 95 96 97 98
                    └─ chunk ─┘ └ chunk   one reader, however many follow
    window        begin ─────▶ reached    the last megabytes of a tenant somebody follows
    who follows             ▲        ▲    a position each, and nothing else: no queue
                  ▲ too far behind: reads the log itself until it is within the window

Heads are asked for every 5 to 50 ms while somebody follows, of those tenants alone, and else not
at all. NATS is not needed for it: who follows a school whose relay stands still is told as well.

A chunk is read, and what its events are about is looked up, once; each follower picks its own.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Generic, NoReturn, TypeVar

from milepost.events.log import Log, Recorded
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.outages import TRANSIENT
from milepost.events.runtime.retry import retry_forever
from milepost.events.runtime.turns import Turns
from milepost.subscriptions.domain.facets import Facets
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.feed.log_pages import PageSize, size_of
from milepost.subscriptions.feed.subscriber import Found, Subscriber
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.visibility import Audience, Viewer, Visibility

BUSY_SECONDS, IDLE_SECONDS = 0.005, 0.05
# Who follows is woken so seldom that all together take a part of the loop's time, and no more.
WAKE_SECONDS = 0.00005
CHUNK_EVENTS = 256
WINDOW_BYTES, ALL_WINDOWS_BYTES = 4 * 1024 * 1024, 64 * 1024 * 1024
# Beside its data: the names, ids and times of an event.
EVENT_BYTES = 1_000
ALL_PUBLISHED = Filter()

T = TypeVar("T")


class Once(Generic[T]):
    """What the first who asks has looked up, for all; what failed, the next one tries again."""

    def __init__(self, look_up: Callable[[], Awaitable[T]]) -> None:
        self._look_up = look_up
        self._task: asyncio.Task[T] | None = None

    async def get(self) -> T:
        if self._task is None or (self._task.done() and _failed(self._task)):
            self._task = asyncio.ensure_future(self._run())
        return await asyncio.shield(self._task)

    async def _run(self) -> T:
        return await self._look_up()


def _failed(task: "asyncio.Task[T]") -> bool:
    return task.cancelled() or task.exception() is not None


class Chunk:
    """Published events that were read together, up to `reached`."""

    def __init__(
        self,
        events: Sequence[Recorded],
        reached: int,
        selection: Selection,
        visibility: Visibility,
    ) -> None:
        self.events = events
        self.reached = reached
        self.size = sum(len(event.data) + EVENT_BYTES for event in events)
        self._visibility = visibility
        self._facets: Once[list[Facets]] = Once(lambda: selection.facets(events))
        self._audiences: Once[list[Audience]] = Once(self._look_up_audiences)

    async def pick(self, subscriber: Subscriber, after: int) -> Found:
        """What the subscriber is told of it, behind `after`."""
        takes, later = subscriber.wanted.takes, []
        for number, event in enumerate(self.events):
            if event.position > after and takes(event):
                later.append(number)
        if later and not subscriber.wanted.by_type_alone:
            facets = await self._facets.get()
            later = [one for one in later if subscriber.wanted.matches(facets[one])]
        if later and not subscriber.viewer.everything:
            audiences = await self._audiences_for(subscriber.viewer)
            later = [one for one in later if subscriber.viewer.sees(audiences[one])]
        return Found(tuple(self.events[one] for one in later), self.reached)

    async def _audiences_for(self, viewer: Viewer) -> Sequence[Audience]:
        """Who teaches may change until the last moment; who has learned what does not."""
        return await (self._look_up_audiences() if viewer.teaches else self._audiences.get())

    async def _look_up_audiences(self) -> list[Audience]:
        return await self._visibility.audiences(self.events, await self._facets.get())


class Window:
    """The last of one tenant's log: all that was published behind `begin`, up to `reached`."""

    def __init__(self, head: int) -> None:
        self.begin = self.reached = self.head = head
        self.page_size = PageSize(most=CHUNK_EVENTS)
        self.followers: set[asyncio.Event] = set()
        self._chunks: deque[Chunk] = deque()
        self._size = 0

    def add(self, chunk: Chunk, most_bytes: int) -> None:
        self._chunks.append(chunk)
        self.reached = chunk.reached
        self._size += chunk.size
        while self._size > most_bytes and len(self._chunks) > 1:
            oldest = self._chunks.popleft()
            self.begin = oldest.reached
            self._size -= oldest.size
        self.wake()

    def pass_over(self, reached: int) -> None:
        """Nothing was published up to there: nobody is woken for it."""
        self.reached = reached

    def wake(self) -> None:
        for ring in self.followers:
            ring.set()

    def next(self, position: int) -> Chunk | None:
        """The first chunk that goes beyond `position`, which is within the window."""
        found = None
        for chunk in reversed(self._chunks):
            if chunk.reached <= position:
                break
            found = chunk
        return found


class Tail:
    """Of one process. While it does not run, nobody is kept waiting: the process is to end."""

    def __init__(self, log: Log, selection: Selection, visibility: Visibility) -> None:
        self.running = False
        self._log = log
        self._selection = selection
        self._visibility = visibility
        self._windows: dict[str, Window] = {}
        self._wanted = asyncio.Event()

    async def run(self) -> NoReturn:
        """Read for all who follow, until canceled; then all of them are woken, to end."""
        self.running = True
        try:
            await retry_forever("tail", self._read, TRANSIENT)
        finally:
            self.running = False
            for window in self._windows.values():
                window.wake()

    @asynccontextmanager
    async def follow(self, tenant: str, ring: asyncio.Event) -> AsyncIterator[Window]:
        """The tenant's window; `ring` is set whenever it has changed, and when all is to end."""
        if tenant not in self._windows:
            head = (await self._log.heads([tenant])).get(tenant, 0)
            self._windows.setdefault(tenant, Window(head))
        window = self._windows[tenant]
        window.followers.add(ring)
        self._wanted.set()
        try:
            yield window
        finally:
            window.followers.discard(ring)
            if not window.followers:
                del self._windows[tenant]

    async def _read(self) -> NoReturn:
        async with Turns("tail", self._turn, ()) as turns:
            backoff = Backoff(BUSY_SECONDS, IDLE_SECONDS)
            while True:
                await self._somebody_follows()
                heads = await self._log.heads([*self._windows])
                behind = [tenant for tenant in heads if self._is_behind(tenant, heads[tenant])]
                turns.offer(behind)
                await turns.join(behind, IDLE_SECONDS)
                if behind:
                    backoff.reset()
                await asyncio.sleep(max(backoff.next_seconds(), self._fair_seconds()))

    async def _somebody_follows(self) -> None:
        if not self._windows:
            self._wanted.clear()
            await self._wanted.wait()

    def _is_behind(self, tenant: str, head: int) -> bool:
        window = self._windows.get(tenant)
        if window is None:
            return False
        window.head = max(head, window.head)
        return window.head > window.reached

    def _fair_seconds(self) -> float:
        return WAKE_SECONDS * sum(len(window.followers) for window in self._windows.values())

    async def _turn(self, tenant: str) -> bool:
        window = self._windows.get(tenant)
        if window is None:
            return False
        limit = window.page_size.limit
        page = await self._selection.page(
            tenant, window.reached, window.head, ALL_PUBLISHED, limit=limit
        )
        window.page_size.learn(size_of(page.events))
        if page.events:
            chunk = Chunk(page.events, page.reached, self._selection, self._visibility)
            window.add(chunk, min(WINDOW_BYTES, ALL_WINDOWS_BYTES // max(1, len(self._windows))))
        else:
            window.pass_over(page.reached)
        return window.reached < window.head
