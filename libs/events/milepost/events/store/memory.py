"""The log in memory, for tests and for thinking: the same contract in plain Python."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from milepost.events.log import (
    LAST,
    PAGE,
    AlreadyDone,
    Appended,
    Command,
    Conflict,
    DuplicateEventId,
    NewEvent,
    Recorded,
    Result,
)
from milepost.events.sizes import require_fit
from milepost.events.streams import category_of


class MemoryLog:
    def __init__(self) -> None:
        self._events: defaultdict[str, list[Recorded]] = defaultdict(list)
        self._streams: defaultdict[tuple[str, str], list[Recorded]] = defaultdict(list)
        self._done: dict[tuple[str, UUID], AlreadyDone] = {}
        self._ids: set[tuple[str, UUID]] = set()

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        require_fit(commands)
        head = self._head(tenant)
        try:
            return self._append_all(tenant, commands)
        except DuplicateEventId:
            self._set_back(tenant, head)
            raise

    def _append_all(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        results: dict[UUID, Result] = {}
        answers = []
        for command in commands:
            stands = all(isinstance(results[earlier], Appended) for earlier in command.after)
            answer = self._append(tenant, command, stands=stands)
            results[command.command_id] = answer
            answers.append(answer)
        return answers

    def _append(self, tenant: str, command: Command, *, stands: bool) -> Result:
        if done := self._done.get((tenant, command.command_id)):
            return done
        if not stands:
            stream = command.expects[-1][0]
            return Conflict(stream, self._version(tenant, stream))
        for stream, expected in reversed(command.expects):
            if (version := self._version(tenant, stream)) != expected:
                return Conflict(stream, version)
        now = datetime.now(UTC)
        first = self._head(tenant) + 1
        for event in command.events:
            self._record(tenant, event, now)
        last = self._head(tenant)
        self._done[tenant, command.command_id] = AlreadyDone(first, last)
        return Appended(first, last, now)

    def _set_back(self, tenant: str, head: int) -> None:
        for event in reversed(self._events[tenant][head:]):
            self._streams[tenant, event.stream].pop()
            self._ids.discard((tenant, event.event_id))
        del self._events[tenant][head:]
        undone = [key for key, done in self._done.items() if key[0] == tenant and done.last > head]
        for key in undone:
            del self._done[key]

    def _record(self, tenant: str, event: NewEvent, now: datetime) -> None:
        if (tenant, event.event_id) in self._ids:
            raise DuplicateEventId
        self._ids.add((tenant, event.event_id))
        recorded = Recorded(
            tenant,
            self._head(tenant) + 1,
            event.stream,
            self._version(tenant, event.stream) + 1,
            event.type,
            event.data,
            event.metadata,
            event.occurred_at,
            now,
            event.event_id,
        )
        self._streams[tenant, event.stream].append(recorded)
        self._events[tenant].append(recorded)

    def _version(self, tenant: str, stream: str) -> int:
        return len(self._streams[tenant, stream])

    def _head(self, tenant: str) -> int:
        return len(self._events[tenant])

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        return self._streams[tenant, stream][after:]

    async def read_category(self, tenant: str, category: str, after: int = 0) -> list[Recorded]:
        return [e for e in self._events[tenant][after:] if category_of(e.stream) == category]

    async def read(
        self,
        tenant: str,
        after: int = 0,
        limit: int = PAGE,
        types: Sequence[str] | None = None,
        upto: int = LAST,
    ) -> list[Recorded]:
        later = self._events[tenant][after:upto]
        return [e for e in later if types is None or e.type in types][:limit]

    async def heads(self, tenants: Sequence[str] | None = None) -> dict[str, int]:
        return {
            tenant: len(events)
            for tenant, events in self._events.items()
            if events and (tenants is None or tenant in tenants)
        }

    async def done(self, tenant: str, command_ids: Sequence[UUID]) -> dict[UUID, AlreadyDone]:
        return {i: self._done[tenant, i] for i in command_ids if (tenant, i) in self._done}
