"""transact: load a stream's state, decide, append; when somebody was faster, decide again."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from milepost.events.commands.encoding import CommandEncoder, Streams
from milepost.events.commands.group_commit import GroupCommit
from milepost.events.commands.state_cache import CachedStream, StateCache
from milepost.events.event import Event, Refused
from milepost.events.ids import new_id
from milepost.events.log import AlreadyDone, Appended, Command, Log, Recorded, Result
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.outages import Overloaded
from milepost.events.streams import Stream

S = TypeVar("S")
S1 = TypeVar("S1")
S2 = TypeVar("S2")
E = TypeVar("E", bound=Event)
E1 = TypeVar("E1", bound=Event)
E2 = TypeVar("E2", bound=Event)

MAX_ATTEMPTS = 50
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.001, 0.02

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


class Transactor:
    def __init__(self, log: Log, *, cache_size: int = 20_000) -> None:
        self.log = log
        self._writer = GroupCommit(log)
        self._cache = StateCache(log, cache_size)

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
        entry = self._cache.entry(tenant, stream)
        if entry.in_flight is None:
            await self._cache.refresh(tenant, stream, entry)
        if entry.in_flight is None:
            return entry.version, entry.state
        state, version = stream.category.initial(), 0
        if entry.committed and stream.category.copy:
            state, version = stream.category.copy(entry.committed.state), entry.committed.version
        recorded = await self.log.read_stream(tenant, stream.name, after=version)
        return version + len(recorded), stream.category.fold(recorded, state)

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
        attempt = CommandEncoder(tenant, streams, command_id or new_id(), metadata)
        backoff = Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, factor=1.5)
        for number in range(MAX_ATTEMPTS):
            entries = [
                self._cache.entry(tenant, stream)
                if stream.likely_new and number == 0
                else await self._cache.read(tenant, stream)
                for stream in streams
            ]
            if not self._cache.is_current(tenant, streams, entries):
                continue
            try:
                decided = decide(*(entry.state for entry in entries))
            except Refused:
                if not await self._cache.confirmed(tenant, streams, entries):
                    continue
                if command_id and (outcome := await self._repeated(attempt)):
                    return outcome
                raise
            if any(decided):
                if outcome := await self._append(attempt, entries, decided):
                    return outcome
                await asyncio.sleep(backoff.next_seconds() if number else 0)
            elif await self._cache.confirmed(tenant, streams, entries):
                if command_id and (outcome := await self._repeated(attempt)):
                    return outcome
                return _quiet(entries)
        raise Contended

    async def _append(
        self,
        attempt: CommandEncoder,
        entries: Sequence[CachedStream],
        decided: tuple[Sequence[Event], ...],
    ) -> Outcome | None:
        """None when the streams had moved on: decide again."""
        events = attempt.encode(decided)
        expects = tuple(
            (stream.name, entry.version)
            for stream, entry in zip(attempt.streams, entries, strict=True)
        )
        command = Command(command_id=attempt.command_id, expects=expects, events=events)
        after = {entry.in_flight for entry in entries if entry.in_flight}
        in_flight = self._writer.submit(attempt.tenant, command, tuple(after))
        versions: dict[str, int] = {}
        for stream, entry, new in zip(attempt.streams, entries, decided, strict=True):
            versions[stream.name] = entry.version
            if new:
                entry.apply_in_flight(stream, new)
                entry.in_flight = in_flight
        in_flight.add_done_callback(
            lambda done: self._update_cache(attempt, entries, decided, done)
        )
        result = await asyncio.shield(in_flight)
        match result:
            case Appended():
                recorded = attempt.recorded(events, versions, result)
                states = tuple(entry.state for entry in entries)
                return Outcome(result.last, states, recorded)
            case AlreadyDone():
                return await self._outcome_of(attempt, result)
        return None

    def _update_cache(
        self,
        attempt: CommandEncoder,
        entries: Sequence[CachedStream],
        decided: tuple[Sequence[Event], ...],
        done: asyncio.Future[Result],
    ) -> None:
        """Bring the cache in line with what the log answered, before anybody is told."""
        answered = not done.cancelled() and done.exception() is None
        appended = answered and isinstance(done.result(), Appended)
        for stream, entry, new in zip(attempt.streams, entries, decided, strict=True):
            if not appended:
                self._cache.forget(attempt.tenant, stream, entry)
            elif new:
                entry.commit(stream, new, done.result().last)  # type: ignore[union-attr]
            if entry.in_flight is done and appended:
                entry.in_flight = entry.committed = None

    async def _repeated(self, attempt: CommandEncoder) -> Outcome | None:
        done = await self.log.done(attempt.tenant, [attempt.command_id])
        if attempt.command_id in done:
            return await self._outcome_of(attempt, done[attempt.command_id])
        return None

    async def _outcome_of(self, attempt: CommandEncoder, done: AlreadyDone) -> Outcome:
        count = done.last - done.first + 1
        recorded = await self.log.read(attempt.tenant, done.first - 1, count)
        states = [(await self.load(attempt.tenant, stream))[1] for stream in attempt.streams]
        return Outcome(done.last, tuple(states), tuple(recorded), repeated=True)


def _quiet(entries: Sequence[CachedStream]) -> Outcome:
    position = max(entry.position for entry in entries)
    return Outcome(position, tuple(entry.state for entry in entries), ())
