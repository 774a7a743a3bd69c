"""transact: read states, decide, append; when another writer was faster, decide again.

    read the states ─▶ decide ─▶ events        ─▶ append ─▶ appended     ─▶ Outcome
    (cache, else log)    ▲  │                           ├─▶ done before  ─▶ Outcome, repeated
                         │  │                           └─▶ conflict     ─▶ again
                         │  ├──▶ no events,    ─▶ are the states still so? ─▶ Outcome, or raise
                         │  │    or a refusal                  └─ no    ─▶ again
                         └──┴──▶ Needs         ─▶ read those states too

Optimistic concurrency: the append expects every stream that was decided on, written or not, at the
version that was seen. Conflicts are results of the log, never exceptions.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, overload
from uuid import UUID

import msgspec

from milepost.events.commands.decision import (
    Decide,
    EventsByStream,
    Needs,
    WithEvents,
    call,
    events_by_stream,
)
from milepost.events.commands.encoding import CommandEncoder
from milepost.events.commands.group_commit import GroupCommit
from milepost.events.commands.needs import meet
from milepost.events.commands.state_cache import Append, CachedStream, StateCache, Streams
from milepost.events.event import Event, Refused
from milepost.events.ids import new_id
from milepost.events.log import AlreadyDone, Appended, Command, Log, Recorded
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.cancellation import end_of
from milepost.events.runtime.outages import Overloaded
from milepost.events.streams import Category, Stream

S = TypeVar("S")
S1 = TypeVar("S1")
S2 = TypeVar("S2")
E = TypeVar("E", bound=Event)
E1 = TypeVar("E1", bound=Event)
E2 = TypeVar("E2", bound=Event)
V = TypeVar("V")
T = TypeVar("T", bound=WithEvents[Any])
M = TypeVar("M", bound=tuple[Sequence[Event], ...] | WithEvents[Any])

MAX_ATTEMPTS = 50
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.001, 0.02


class Contended(Overloaded):
    """Other writers were faster every time. Nothing was written; try again shortly."""


class Outcome(msgspec.Struct, Generic[V], frozen=True):
    """What came of a command.

    position  the tenant position from which the effect is visible
    value     what the decision answered; None when `repeated`, for it is not stored: what the
              command came to then is in `events`, or ask the decision again with the states
    events    what was appended, or had been when the command was `repeated`
    streams, states  use `state`
    """

    position: int
    value: V | None
    events: tuple[Recorded, ...]
    streams: Streams
    states: tuple[Any, ...]
    repeated: bool = False

    def state(self, of: Category[S, Any] | Stream[S, Any]) -> S:
        """The state after the command, of a stream, or of the only one of a category.

        It belongs to the cache: read it at once, change nothing. Raises `LookupError`.
        """
        found: list[S] = []
        for stream, state in zip(self.streams, self.states, strict=True):
            if stream.category is of or stream.name == of.name:
                found.append(state)
        if len(found) != 1:
            raise LookupError(f"{len(found)} states of {of.name}")
        return found[0]


class Transactor:
    def __init__(self, log: Log, *, cache_size: int = 20_000) -> None:
        self.log = log
        self._group_commit = GroupCommit(log)
        self._cache = StateCache(log, cache_size)

    @overload
    async def transact(
        self,
        tenant: str,
        streams: Stream[S, E],
        decide: Callable[[S], Sequence[E]],
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome[Sequence[E]]: ...

    @overload
    async def transact(
        self,
        tenant: str,
        streams: Stream[S, E],
        decide: Callable[[S], T],
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome[T]: ...

    @overload
    async def transact(
        self,
        tenant: str,
        streams: tuple[Stream[S1, E1], Stream[S2, E2]],
        decide: Callable[[S1, S2], tuple[Sequence[E1], Sequence[E2]]],
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome[tuple[Sequence[E1], Sequence[E2]]]: ...

    @overload
    async def transact(
        self,
        tenant: str,
        streams: Sequence[Stream[Any, Any]],
        decide: Callable[..., M | Needs],
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome[M]: ...

    async def transact(
        self,
        tenant: str,
        streams: Stream[Any, Any] | Sequence[Stream[Any, Any]],
        decide: Decide,
        *,
        command_id: UUID | None = None,
        metadata: bytes = b"{}",
    ) -> Outcome[Any]:
        """Decide on different streams and append the events, exactly once per `command_id`.

        All streams are written or none. What a decision may answer stands in `decision`. Raises
        what `decide` raises, `Contended`, `Overloaded`, `EndlessNeeds`, and the log's errors when
        it stays away; after the latter the command may or may not have been done: repeat it with
        its id.
        """
        encoder = CommandEncoder(
            tenant, command_id or new_id(), metadata, repeatable=command_id is not None
        )
        alone = isinstance(streams, Stream)
        first = (streams,) if isinstance(streams, Stream) else tuple(streams)
        outcome = await self._try(encoder, first, decide, alone=alone, fresh=True)
        if outcome is None:
            outcome = await self._try_again(encoder, first, decide, alone=alone)
        return outcome

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

    def recent(self, tenant: str, stream: Stream[S, E]) -> S | None:
        """The state that this process saw committed last; None where it knows of none.

        Others may have written since: for what never changes, or is checked by the decision.
        """
        entry = self._cache.entry(tenant, stream)
        return entry.state if entry.version and entry.in_flight is None else None

    async def close(self) -> None:
        await self._group_commit.close()

    async def _try_again(
        self, encoder: CommandEncoder, first: Streams, decide: Decide, *, alone: bool
    ) -> Outcome[Any]:
        backoff, pause_seconds = Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, factor=1.5), 0.0
        for _ in range(MAX_ATTEMPTS - 1):
            await asyncio.sleep(pause_seconds)
            outcome = await self._try(encoder, first, decide, alone=alone, fresh=False)
            if outcome is not None:
                return outcome
            pause_seconds = backoff.next_seconds()
        raise Contended

    async def _try(
        self, encoder: CommandEncoder, first: Streams, decide: Decide, *, alone: bool, fresh: bool
    ) -> Outcome[Any] | None:
        """None when the streams had moved on: decide again."""
        tenant, streams = encoder.tenant, first
        entries: Sequence[CachedStream] = await self._read(tenant, first, fresh=fresh)
        if not self._cache.is_current(tenant, streams, entries):
            return None
        answer = call(decide, entries)
        if isinstance(answer, Needs):
            met = await meet(answer, self._cache, tenant, first, entries, decide)
            if met is None:
                return None
            streams, entries, answer = met
        # No await from the last call of `decide` to the append: states must not move between.
        if not isinstance(answer, Refused):
            events = events_by_stream(answer, streams, alone=alone)
            if any(events):
                return await self._append(encoder, streams, entries, answer, events)
        return await self._write_nothing(encoder, streams, entries, answer)

    async def _read(self, tenant: str, streams: Streams, *, fresh: bool) -> list[CachedStream]:
        entries = []
        for stream in streams:
            if stream.likely_new and fresh:
                entries.append(self._cache.entry(tenant, stream))
            else:
                entries.append(await self._cache.read(tenant, stream))
        return entries

    async def _append(
        self,
        encoder: CommandEncoder,
        streams: Streams,
        entries: Sequence[CachedStream],
        answer: Any,
        events: EventsByStream,
    ) -> Outcome[Any] | None:
        expects = tuple(
            [(stream.name, entry.version) for stream, entry in zip(streams, entries, strict=True)]
        )
        command = encoder.encode(streams, expects, events)
        append = self._send(encoder.tenant, command, streams, entries, events)
        # The append goes on when the caller stops waiting, and so does what depends on it.
        await end_of(append)
        match append.result():
            case Appended() as at:
                states = tuple([entry.state for entry in entries])
                return Outcome(at.last, answer, encoder.recorded(command, at), streams, states)
            case AlreadyDone() as done:
                return await self._outcome_of(encoder, streams, done)
        return None

    def _send(
        self,
        tenant: str,
        command: Command,
        streams: Streams,
        entries: Sequence[CachedStream],
        events: EventsByStream,
    ) -> Append:
        """Hand the command in, and let the cache run ahead: later ones are decided on this one."""
        after = {entry.in_flight for entry in entries if entry.in_flight}
        append = self._group_commit.submit(tenant, command, tuple(after))
        for stream, entry, new in zip(streams, entries, events, strict=True):
            if new:
                entry.send(stream, new, append)
        # Before whoever waits for the append goes on: callbacks run in the order of their adding.
        append.add_done_callback(partial(self._cache.finish, tenant, streams, entries, events))
        return append

    async def _write_nothing(
        self,
        encoder: CommandEncoder,
        streams: Streams,
        entries: Sequence[CachedStream],
        answer: Any,
    ) -> Outcome[Any] | None:
        """Refuse, or do nothing, unless the command has been done before."""
        if not await self._cache.confirmed(encoder.tenant, streams, entries):
            return None
        if encoder.repeatable and (outcome := await self._repeated(encoder, streams)):
            return outcome
        if isinstance(answer, Refused):
            raise answer
        position = max(entry.position for entry in entries)
        return Outcome(position, answer, (), streams, tuple(entry.state for entry in entries))

    async def _repeated(self, encoder: CommandEncoder, streams: Streams) -> Outcome[Any] | None:
        done = await self.log.done(encoder.tenant, [encoder.command_id])
        if encoder.command_id in done:
            return await self._outcome_of(encoder, streams, done[encoder.command_id])
        return None

    async def _outcome_of(
        self, encoder: CommandEncoder, streams: Streams, done: AlreadyDone
    ) -> Outcome[Any]:
        count = done.last - done.first + 1
        recorded = await self.log.read(encoder.tenant, done.first - 1, count)
        states = tuple([(await self.load(encoder.tenant, one))[1] for one in streams])
        return Outcome(done.last, None, tuple(recorded), streams, states, repeated=True)
