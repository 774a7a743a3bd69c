"""What this process knows of streams: states in a bounded cache, which run ahead of the log.

A command decided while an earlier one of this process is still being appended is decided on the
state after it, and expects its version. Nobody is answered from a state that did not come to be:
an answer without events waits for the append that it was decided on, and for a look whether other
processes have written meanwhile (`confirmed`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from milepost.events.commands.encoding import Streams
from milepost.events.event import Event
from milepost.events.log import Appended, Log, Result
from milepost.events.streams import Stream


class CachedStream:
    """A stream as this process knows it.

    `in_flight` is the last append that it runs ahead of; `abandoned` when one of them did not come
    to be. `loading` is its first read, which all who come meanwhile share. Up to `read` it comes
    from the log, beyond from this process's own appends. `committed` takes its place when it is
    abandoned: the stream without what was in flight, `stale` until the log has been asked for more.
    """

    __slots__ = (
        "abandoned",
        "committed",
        "in_flight",
        "loading",
        "position",
        "read",
        "stale",
        "state",
        "version",
    )

    def __init__(self, state: Any, version: int = 0, position: int = 0) -> None:
        self.version = version
        self.position = position
        self.read = version
        self.state = state
        self.in_flight: asyncio.Future[Result] | None = None
        self.loading: asyncio.Task[bool] | None = None
        self.committed: CachedStream | None = None
        self.stale = True
        self.abandoned = False

    def apply_in_flight(self, stream: Stream[Any, Any], new: Sequence[Event]) -> None:
        copy = stream.category.copy
        if copy and self.committed is None:
            self.committed = CachedStream(copy(self.state), self.version, self.position)
        for event in new:
            self.state = stream.category.evolve(self.state, event)
        self.version += len(new)

    def commit(self, stream: Stream[Any, Any], new: Sequence[Event], position: int) -> None:
        self.position = position
        self.stale = False
        if self.committed:
            for event in new:
                self.committed.state = stream.category.evolve(self.committed.state, event)
            self.committed.version += len(new)
            self.committed.position = position


class StateCache:
    """At most `size` streams, and those that run ahead of the log."""

    def __init__(self, log: Log, size: int) -> None:
        self._log = log
        self._size = size
        self._entries: OrderedDict[tuple[str, str], CachedStream] = OrderedDict()

    def entry(self, tenant: str, stream: Stream[Any, Any]) -> CachedStream:
        key = (tenant, stream.name)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = CachedStream(stream.category.initial())
            self._evict()
        else:
            self._entries.move_to_end(key)
        return entry

    async def read(self, tenant: str, stream: Stream[Any, Any]) -> CachedStream:
        """The cached entry; a new one is read from the log first."""
        entry = self.entry(tenant, stream)
        if (entry.version == 0 or entry.stale) and entry.in_flight is None:
            if entry.loading is None or entry.loading.done():
                entry.loading = asyncio.create_task(self.refresh(tenant, stream, entry))
            await asyncio.shield(entry.loading)
        return entry

    async def refresh(self, tenant: str, stream: Stream[Any, Any], entry: CachedStream) -> bool:
        """Fold what the log has beyond the entry. True when the entry was, and is, up to date."""
        version = entry.version
        recorded = await self._log.read_stream(tenant, stream.name, after=version)
        entry.stale = False
        if entry.in_flight is not None:
            return False
        # Meanwhile another read may have brought some of these, or they are this process's own.
        news = [one for one in recorded if one.version > entry.version]
        if not news:
            return entry.version == version
        entry.state = stream.category.fold(news, entry.state)
        entry.version = entry.read = news[-1].version
        entry.position = news[-1].position
        return False

    def is_current(self, tenant: str, streams: Streams, entries: Sequence[CachedStream]) -> bool:
        """False when one of these is not to be trusted any more; evicted ones come back."""
        return all(
            not entry.abandoned and self._entries.setdefault((tenant, stream.name), entry) is entry
            for stream, entry in zip(streams, entries, strict=True)
        )

    async def confirmed(
        self, tenant: str, streams: Streams, entries: Sequence[CachedStream]
    ) -> bool:
        """Whether an answer without events stands: decided on committed, present states."""
        decided = [entry.version for entry in entries]
        for stream, entry, version in zip(streams, entries, decided, strict=True):
            if not await self._unchanged_since(tenant, stream, entry, version):
                return False
        return True

    def forget(self, tenant: str, stream: Stream[Any, Any], entry: CachedStream) -> None:
        entry.abandoned = True
        key = (tenant, stream.name)
        if self._entries.get(key) is entry:
            if entry.committed:
                self._entries[key] = entry.committed
                return
            del self._entries[key]

    async def _unchanged_since(
        self, tenant: str, stream: Stream[Any, Any], entry: CachedStream, version: int
    ) -> bool:
        """Whether the stream was at this version, the entry's until now, at some later moment."""
        if not await _has_committed(entry):
            return False
        if entry.version == version and await self.refresh(tenant, stream, entry):
            return True
        # This process has moved it on: when that lands, nobody else had been there before it.
        return entry.read <= version and await _has_committed(entry)

    def _evict(self) -> None:
        """Let the longest unused go; not those that run ahead of the log."""
        if len(self._entries) > self._size:
            idle = (key for key, entry in self._entries.items() if entry.in_flight is None)
            if (key := next(idle, None)) is not None:
                del self._entries[key]


async def _has_committed(entry: CachedStream) -> bool:
    """Wait for the append that the entry runs ahead of. False when it did not come to be."""
    if (in_flight := entry.in_flight) is None:
        return True
    await asyncio.wait([in_flight])
    return in_flight.exception() is None and isinstance(in_flight.result(), Appended)
