"""transact: load a stream's state, decide, append; when somebody was faster, decide again.

States are kept in a bounded cache and run ahead of the log: a command decided while an earlier one
of this process is still being appended is decided on the state after it, and expects its version.
Nobody is answered from a state that did not come to be: an answer without events waits for the
append that it was decided on, and for a look whether other processes have written meanwhile.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from milepost.events.attempt import Attempt, Streams
from milepost.events.category import Stream
from milepost.events.event import Event, Refused
from milepost.events.faults import Overloaded
from milepost.events.ids import new_id
from milepost.events.log import (
    AlreadyDone,
    Appended,
    Command,
    Log,
    Recorded,
    Result,
)
from milepost.events.writer import Writer

S = TypeVar("S")
S1 = TypeVar("S1")
S2 = TypeVar("S2")
E = TypeVar("E", bound=Event)
E1 = TypeVar("E1", bound=Event)
E2 = TypeVar("E2", bound=Event)

MAX_ATTEMPTS = 50

Decide = Callable[..., tuple[Sequence[Event], ...]]


class Contended(Overloaded):
    """Other writers were faster every time. Nothing was written; try again shortly."""


class Outcome(msgspec.Struct, frozen=True):
    """What a command came to. `states` belong to the cache: read them at once, change nothing.

    position  the tenant position from which the effect is visible
    events    what was appended, or had been when the command was `repeated`
    """

    position: int
    states: tuple[Any, ...]
    events: tuple[Recorded, ...]
    repeated: bool = False


class _Entry:
    """A stream as this process knows it.

    `pending` is the last append that it runs ahead of; `void` when one of them did not come to be.
    `loading` is its first read, which all who come meanwhile share. Up to `read` it comes from the
    log, beyond from this process's own appends. `landed` takes its place when it becomes void: the
    stream without what was pending, `stale` until the log has been asked for more.
    """

    __slots__ = (
        *("landed", "loading", "pending", "position", "read", "stale", "state", "version", "void"),
    )

    def __init__(self, state: Any, version: int = 0, position: int = 0) -> None:
        self.version = version
        self.position = position
        self.read = version
        self.state = state
        self.pending: asyncio.Future[Result] | None = None
        self.loading: asyncio.Task[bool] | None = None
        self.landed: _Entry | None = None
        self.stale = True
        self.void = False

    def run_ahead(self, stream: Stream[Any, Any], new: Sequence[Event]) -> None:
        copy = stream.category.copy
        if copy and self.landed is None:
            self.landed = _Entry(copy(self.state), self.version, self.position)
        for event in new:
            self.state = stream.category.evolve(self.state, event)
        self.version += len(new)

    def land(self, stream: Stream[Any, Any], new: Sequence[Event], position: int) -> None:
        self.position = position
        self.stale = False
        if self.landed:
            for event in new:
                self.landed.state = stream.category.evolve(self.landed.state, event)
            self.landed.version += len(new)
            self.landed.position = position


class Transactor:
    def __init__(self, log: Log, *, cache_size: int = 20_000) -> None:
        self.log = log
        self._writer = Writer(log)
        self._cache: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._cache_size = cache_size

    async def transact(
        self,
        tenant: str,
        stream: Stream[S, E],
        decide: Callable[[S], Sequence[E]],
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome:
        """Decide on one stream and append what was decided, exactly once per `command_id`.

        Raises what `decide` raises, `Contended`, `Overloaded`, and the log's errors when it stays
        away; after the latter the command may or may not have been done: repeat it with its id.
        """
        return await self._transact(
            tenant, (stream,), lambda state: (decide(state),), command_id, metadata
        )

    async def transact_pair(
        self,
        tenant: str,
        first: Stream[S1, E1],
        second: Stream[S2, E2],
        decide: Callable[[S1, S2], tuple[Sequence[E1], Sequence[E2]]],
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome:
        """As `transact`, on two streams: both are written or neither."""
        return await self._transact(tenant, (first, second), decide, command_id, metadata)

    async def transact_all(
        self,
        tenant: str,
        streams: Sequence[Stream[Any, Any]],
        decide: Callable[..., tuple[Sequence[Event], ...]],
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome:
        """As `transact`, on any number of different streams: all are written or none.

        `decide` is given their states, and answers each one's events, in the order asked.
        """
        return await self._transact(tenant, tuple(streams), decide, command_id, metadata)

    async def load(self, tenant: str, stream: Stream[S, E]) -> tuple[int, S]:
        """The stream's version and state, no older than this call, and committed."""
        entry = self._entry(tenant, stream)
        if entry.pending is None:
            await self._refresh(tenant, stream, entry)
        if entry.pending is None:
            return entry.version, entry.state
        recorded = await self.log.read_stream(tenant, stream.name)
        return len(recorded), stream.category.fold(recorded)

    async def close(self) -> None:
        await self._writer.close()

    async def _transact(
        self,
        tenant: str,
        streams: Streams,
        decide: Decide,
        command_id: UUID | None,
        metadata: bytes,
    ) -> Outcome:
        attempt = Attempt(tenant, streams, command_id or new_id(), metadata)
        for number in range(MAX_ATTEMPTS):
            entries = [
                self._entry(tenant, stream)
                if stream.likely_new and number == 0
                else await self._known(tenant, stream)
                for stream in streams
            ]
            if not self._still_known(tenant, streams, entries):
                continue
            try:
                decided = decide(*(entry.state for entry in entries))
            except Refused:
                if not await self._final(attempt, entries):
                    continue
                if command_id and (outcome := await self._repeated(attempt)):
                    return outcome
                raise
            if any(decided):
                if outcome := await self._append(attempt, entries, decided):
                    return outcome
                await asyncio.sleep(min(0.001 * number, 0.02))
            elif await self._final(attempt, entries):
                if command_id and (outcome := await self._repeated(attempt)):
                    return outcome
                return _quiet(entries)
        raise Contended

    def _entry(self, tenant: str, stream: Stream[Any, Any]) -> _Entry:
        key = (tenant, stream.name)
        entry = self._cache.get(key)
        if entry is None:
            entry = self._cache[key] = _Entry(stream.category.initial())
            self._evict()
        else:
            self._cache.move_to_end(key)
        return entry

    def _evict(self) -> None:
        """Let the longest unused go; not those that run ahead of the log."""
        if len(self._cache) > self._cache_size:
            idle = (key for key, entry in self._cache.items() if entry.pending is None)
            if (key := next(idle, None)) is not None:
                del self._cache[key]

    def _still_known(self, tenant: str, streams: Streams, entries: Sequence[_Entry]) -> bool:
        """False when one of these is not to be trusted any more; evicted ones come back."""
        return all(
            not entry.void and self._cache.setdefault((tenant, stream.name), entry) is entry
            for stream, entry in zip(streams, entries, strict=True)
        )

    def _forget(self, tenant: str, stream: Stream[Any, Any], entry: _Entry) -> None:
        entry.void = True
        key = (tenant, stream.name)
        if self._cache.get(key) is entry:
            if entry.landed:
                self._cache[key] = entry.landed
                return
            del self._cache[key]

    async def _known(self, tenant: str, stream: Stream[Any, Any]) -> _Entry:
        """The cached entry; a new one is read from the log first."""
        entry = self._entry(tenant, stream)
        if (entry.version == 0 or entry.stale) and entry.pending is None:
            if entry.loading is None or entry.loading.done():
                entry.loading = asyncio.create_task(self._refresh(tenant, stream, entry))
            await asyncio.shield(entry.loading)
        return entry

    async def _refresh(self, tenant: str, stream: Stream[Any, Any], entry: _Entry) -> bool:
        """Fold what the log has beyond the entry. True when the entry was, and is, up to date."""
        version = entry.version
        recorded = await self.log.read_stream(tenant, stream.name, after=version)
        entry.stale = False
        if entry.pending is not None:
            return False
        # Meanwhile another read may have brought some of these, or they are this process's own.
        news = [one for one in recorded if one.version > entry.version]
        if not news:
            return entry.version == version
        entry.state = stream.category.fold(news, entry.state)
        entry.version = entry.read = news[-1].version
        entry.position = news[-1].position
        return False

    async def _final(self, attempt: Attempt, entries: Sequence[_Entry]) -> bool:
        """Whether an answer without events stands: decided on committed, present states."""
        decided = [entry.version for entry in entries]
        for stream, entry, version in zip(attempt.streams, entries, decided, strict=True):
            if not await self._stood(attempt.tenant, stream, entry, version):
                return False
        return True

    async def _stood(
        self, tenant: str, stream: Stream[Any, Any], entry: _Entry, version: int
    ) -> bool:
        """Whether the stream was at this version, the entry's until now, at some later moment."""
        if not await _settled(entry):
            return False
        if entry.version == version and await self._refresh(tenant, stream, entry):
            return True
        # This process has moved it on: when that lands, nobody else had been there before it.
        return entry.read <= version and await _settled(entry)

    async def _append(
        self, attempt: Attempt, entries: Sequence[_Entry], decided: tuple[Sequence[Event], ...]
    ) -> Outcome | None:
        """None when the streams had moved on: decide again."""
        events = attempt.encode(decided)
        expects = tuple(
            (stream.name, entry.version)
            for stream, entry in zip(attempt.streams, entries, strict=True)
        )
        command = Command(command_id=attempt.command_id, expects=expects, events=events)
        after = {entry.pending for entry in entries if entry.pending}
        pending = self._writer.submit(attempt.tenant, command, tuple(after))
        versions: dict[str, int] = {}
        for stream, entry, new in zip(attempt.streams, entries, decided, strict=True):
            versions[stream.name] = entry.version
            if new:
                entry.run_ahead(stream, new)
                entry.pending = pending
        pending.add_done_callback(lambda done: self._landed(attempt, entries, decided, done))
        result = await asyncio.shield(pending)
        match result:
            case Appended():
                recorded = attempt.recorded(events, versions, result)
                states = tuple(entry.state for entry in entries)
                return Outcome(result.last, states, recorded)
            case AlreadyDone():
                return await self._outcome_of(attempt, result)
        return None

    def _landed(
        self,
        attempt: Attempt,
        entries: Sequence[_Entry],
        decided: tuple[Sequence[Event], ...],
        done: asyncio.Future[Result],
    ) -> None:
        """Bring the cache in line with what the log answered, before anybody is told."""
        landed = not done.cancelled() and done.exception() is None
        appended = landed and isinstance(done.result(), Appended)
        for stream, entry, new in zip(attempt.streams, entries, decided, strict=True):
            if not appended:
                self._forget(attempt.tenant, stream, entry)
            elif new:
                entry.land(stream, new, done.result().last)  # type: ignore[union-attr]
            if entry.pending is done and appended:
                entry.pending = entry.landed = None

    async def _repeated(self, attempt: Attempt) -> Outcome | None:
        done = await self.log.done(attempt.tenant, [attempt.command_id])
        if attempt.command_id in done:
            return await self._outcome_of(attempt, done[attempt.command_id])
        return None

    async def _outcome_of(self, attempt: Attempt, done: AlreadyDone) -> Outcome:
        count = done.last - done.first + 1
        recorded = await self.log.read(attempt.tenant, done.first - 1, count)
        states = [(await self.load(attempt.tenant, stream))[1] for stream in attempt.streams]
        return Outcome(done.last, tuple(states), tuple(recorded), repeated=True)


async def _settled(entry: _Entry) -> bool:
    """Wait for the append that the entry runs ahead of. False when it did not come to be."""
    if (pending := entry.pending) is None:
        return True
    await asyncio.wait([pending])
    return pending.exception() is None and isinstance(pending.result(), Appended)


def _quiet(entries: Sequence[_Entry]) -> Outcome:
    position = max(entry.position for entry in entries)
    return Outcome(position, tuple(entry.state for entry in entries), ())
