"""The states of streams in this process: a bounded cache that runs ahead of the log.

A command that is decided while an earlier one of this process is still being appended is decided
on the state after that one, and expects its version. So a `CachedStream` is not always what the
log holds. Its life, from version 7, with two commands of one event each:

                          version   read   in_flight   committed*
    read from the log        7        7       -            -
    first one sent           8        7     first          7
    second one sent          9        7     second         7
    first one appended       9        7     second         8
    second one appended      9        7       -            -
    or: second one lost      `abandoned`; `committed` (8), `stale`, takes its place

    * only of a category with `copy`. Without one an abandoned stream is read again from the start.

Nobody is answered from a state that never came to be. A decision with events names the appends
that it depends on, and fails with them. A refusal, or a decision without events, waits for them
and then asks the log whether other processes have written meanwhile (`confirmed`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from milepost.events.event import Event
from milepost.events.log import Appended, Log, Recorded, Result
from milepost.events.streams import Category, Stream

# So many events are folded before others have their turn: some milliseconds.
FOLD_AT_ONCE: Final = 1_000

Streams: TypeAlias = tuple[Stream[Any, Any], ...]
Append: TypeAlias = asyncio.Future[Result]
# Rooms of one process fold the same stream into states of their own.
Key: TypeAlias = tuple[str, str, Category[Any, Any]]


class CachedStream(msgspec.Struct, eq=False):
    """A stream as this process knows it; the module's table shows its life.

    version    of `state`, with the events that are in flight
    read       the version up to which it came from the log, not from this process's own appends
    position   of its last committed event in the tenant's log
    in_flight  the last append that it runs ahead of
    committed  the stream without what is in flight
    loading    its first read, shared by all who come meanwhile
    stale      the log has to be asked for more before it is used
    abandoned  an append that it ran ahead of was lost: nothing may be decided on it
    """

    state: Any
    version: int = 0
    read: int = 0
    position: int = 0
    in_flight: Append | None = None
    loading: asyncio.Task[bool] | None = None
    committed: "CachedStream | None" = None
    stale: bool = True
    abandoned: bool = False

    def send(self, stream: Stream[Any, Any], new: Sequence[Event], in_flight: Append) -> None:
        copy = stream.category.copy
        if copy and self.committed is None:
            self.committed = CachedStream(
                copy(self.state), self.version, self.version, self.position
            )
        for event in new:
            self.state = stream.category.evolve(self.state, event)
        self.version += len(new)
        self.in_flight = in_flight

    def commit(
        self, stream: Stream[Any, Any], new: Sequence[Event], in_flight: Append, position: int
    ) -> None:
        self.position = position
        self.stale = False
        if self.in_flight is in_flight:
            self.in_flight = self.committed = None
        elif self.committed:
            for event in new:
                self.committed.state = stream.category.evolve(self.committed.state, event)
            self.committed.version += len(new)
            self.committed.position = position


def _key(tenant: str, stream: Stream[Any, Any]) -> Key:
    return tenant, stream.name, stream.category


class StateCache:
    """At most `size` streams, and those that run ahead of the log."""

    def __init__(self, log: Log, size: int) -> None:
        self._log = log
        self._size = size
        self._entries: OrderedDict[Key, CachedStream] = OrderedDict()

    def entry(self, tenant: str, stream: Stream[Any, Any]) -> CachedStream:
        """As it is cached; a new one is empty and has not been read."""
        key = _key(tenant, stream)
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
            # Whoever stops waiting does not stop it for the others.
            await asyncio.shield(entry.loading)
        return entry

    async def refresh(self, tenant: str, stream: Stream[Any, Any], entry: CachedStream) -> bool:
        """Fold what the log has beyond the entry. True when the entry was, and is, up to date."""
        version = entry.version
        recorded = await self._log.read_stream(tenant, stream.name, after=version)
        entry.stale = False
        whole = version == 0 and len(recorded) > FOLD_AT_ONCE
        folded = await _fold_aside(stream, recorded) if whole else None
        if entry.in_flight is not None:
            return False
        # Meanwhile another read may have brought some of these, or they are this process's own.
        news = [one for one in recorded if one.version > entry.version]
        if not news:
            return entry.version == version
        if whole and entry.version == 0:
            entry.state = folded
        else:
            entry.state = stream.category.fold(news, entry.state)
        entry.version = entry.read = news[-1].version
        entry.position = news[-1].position
        return False

    def is_current(self, tenant: str, streams: Streams, entries: Sequence[CachedStream]) -> bool:
        """False when one of these must not be used any more; evicted ones come back."""
        for stream, entry in zip(streams, entries, strict=True):
            if entry.abandoned:
                return False
            if self._entries.setdefault(_key(tenant, stream), entry) is not entry:
                return False
        return True

    async def confirmed(
        self, tenant: str, streams: Streams, entries: Sequence[CachedStream]
    ) -> bool:
        """Whether an answer without events stands: decided on committed, present states."""
        # All versions first: the entries move on while the first of them is looked at.
        versions = [entry.version for entry in entries]
        for stream, entry, version in zip(streams, entries, versions, strict=True):
            if not await self._unchanged_since(tenant, stream, entry, version):
                return False
        return True

    def finish(
        self,
        tenant: str,
        streams: Streams,
        entries: Sequence[CachedStream],
        events: Sequence[Sequence[Event]],
        append: Append,
    ) -> None:
        """Follow the log's result. An append that was lost takes along all it was decided on."""
        answered = not append.cancelled() and append.exception() is None
        result = append.result() if answered else None
        for stream, entry, new in zip(streams, entries, events, strict=True):
            if not isinstance(result, Appended):
                self._abandon(tenant, stream, entry)
            elif new:
                entry.commit(stream, new, append, result.last)

    def _abandon(self, tenant: str, stream: Stream[Any, Any], entry: CachedStream) -> None:
        entry.abandoned = True
        key = _key(tenant, stream)
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
        """Drop the least recently used; never one that runs ahead of the log."""
        if len(self._entries) > self._size:
            for key, entry in self._entries.items():
                if entry.in_flight is None:
                    del self._entries[key]
                    return


async def _has_committed(entry: CachedStream) -> bool:
    """Wait for the append that the entry runs ahead of. False when it was lost."""
    if (in_flight := entry.in_flight) is None:
        return True
    await asyncio.wait([in_flight])
    return in_flight.exception() is None and isinstance(in_flight.result(), Appended)


async def _fold_aside(stream: Stream[Any, Any], recorded: Sequence[Recorded]) -> Any:
    """A state of its own: nobody may see one that is half made."""
    state = stream.category.initial()
    for first in range(0, len(recorded), FOLD_AT_ONCE):
        state = stream.category.fold(recorded[first : first + FOLD_AT_ONCE], state)
        await asyncio.sleep(0)
    return state
