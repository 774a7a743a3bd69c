"""The last step of every route that commands: done once per Idempotency-Key.

    run_command    one command, on any number of streams; all of it or nothing
    run_commands   many commands of one request, each all or nothing; an outcome each

Both refuse a key that came before with another body, and neither has done anything by then: the
log appends nothing under a command id that it has. So no route calls `transact` itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar, overload
from uuid import UUID, uuid5

from litestar import Request
from litestar.datastructures import State

from milepost.events.commands.decision import Needs, WithEvents
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.event import Event, Refused
from milepost.events.streams import Category, Stream
from milepost.web.auth.tokens import Caller
from milepost.web.requests.idempotency import (
    check_body,
    check_repeat,
    command_id,
    idempotency_key,
    metadata,
)

Call: TypeAlias = Request[Caller, None, State]
S = TypeVar("S")
S1 = TypeVar("S1")
S2 = TypeVar("S2")
E = TypeVar("E", bound=Event)
E1 = TypeVar("E1", bound=Event)
E2 = TypeVar("E2", bound=Event)
R = TypeVar("R")
T = TypeVar("T", bound=WithEvents[Any])
M = TypeVar("M", bound=tuple[Sequence[Event], ...] | WithEvents[Any])

# The streams of one of many commands, and its decision. May raise `Refused`.
Prepare: TypeAlias = Callable[
    [str], Awaitable[tuple[Stream[Any, Any] | Sequence[Stream[Any, Any]], Callable[..., Any]]]
]


@overload
async def run_command(
    request: Call, transactor: Transactor, streams: Stream[S, E], decide: Callable[[S], Sequence[E]]
) -> Outcome[Sequence[E]]: ...


@overload
async def run_command(
    request: Call, transactor: Transactor, streams: Stream[S, E], decide: Callable[[S], T]
) -> Outcome[T]: ...


@overload
async def run_command(
    request: Call,
    transactor: Transactor,
    streams: tuple[Stream[S1, E1], Stream[S2, E2]],
    decide: Callable[[S1, S2], tuple[Sequence[E1], Sequence[E2]]],
) -> Outcome[tuple[Sequence[E1], Sequence[E2]]]: ...


@overload
async def run_command(
    request: Call,
    transactor: Transactor,
    streams: Sequence[Stream[Any, Any]],
    decide: Callable[..., M | Needs],
) -> Outcome[M]: ...


async def run_command(
    request: Call, transactor: Transactor, streams: Any, decide: Callable[..., Any]
) -> Outcome[Any]:
    """Raises `IdempotencyKeyReused`, `Malformed`, and what `decide` and `transact` raise."""
    outcome: Outcome[Any] = await transactor.transact(
        request.user.tenant,
        streams,
        decide,
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    return outcome


async def run_commands(
    request: Call,
    transactor: Transactor,
    category: Category[Any, Any],
    keys: Sequence[str],
    *,
    prepare: Prepare,
    answer: Callable[[str, Outcome[Any] | Refused], R],
    at_once: int,
) -> tuple[int, list[R]]:
    """A command for each key, begun in their order, at most `at_once` at a time.

    Each has a stream of the category and its key for itself: if it writes anything, then that one
    too. When the request is repeated, what was refused or had nothing to do is tried again.
    Returns the last position, and an `answer` for each key.

    Raises `IdempotencyKeyReused` before anything is done, `Malformed`, and what `transact` raises.
    """
    batch = _Batch(request, transactor, category, prepare, answer)
    waiting = list(dict.fromkeys(keys))
    if idempotency_key(request) is not None and not await batch.find_used(waiting):
        waiting = await batch.lead(waiting)
    for first in range(0, len(waiting), at_once):
        await asyncio.gather(*map(batch.run, waiting[first : first + at_once]))
    return batch.position, [batch.answers[key] for key in keys]


class _Batch(Generic[R]):
    """The commands of a request: the first that writes has the request's own command id.

        request id            the leader: the first command that wrote anything
        uuid5(request id, k)  each other command, by its key

    So the log knows of every key that was used, whatever else the body then named.
    """

    def __init__(
        self,
        request: Call,
        transactor: Transactor,
        category: Category[Any, Any],
        prepare: Prepare,
        answer: Callable[[str, Outcome[Any] | Refused], R],
    ) -> None:
        self.position = 0
        self.answers: dict[str, R] = {}
        self._request = request
        self._transactor = transactor
        self._category = category
        self._prepare = prepare
        self._answer = answer
        self._id = command_id(request)
        self._leader: str | None = None

    async def find_used(self, keys: Sequence[str]) -> bool:
        """Whether the Idempotency-Key came before. Raises `IdempotencyKeyReused`."""
        log, tenant = self._transactor.log, self._request.user.tenant
        done = await log.done(tenant, [self._id, *(uuid5(self._id, key) for key in keys)])
        if not done:
            return False
        # Before there were leaders, every command had an id of its own.
        one = done.get(self._id) or next(iter(done.values()))
        recorded = await log.read(tenant, one.first - 1, one.last - one.first + 1)
        check_body(recorded[0], self._request)
        if self._id in done:
            written = {event.stream for event in recorded}
            self._leader = next((key for key in keys if self._stream(key) in written), None)
        return True

    async def lead(self, keys: Sequence[str]) -> list[str]:
        """Run one by one until one has written; those that are left."""
        for number, key in enumerate(keys):
            self._leader = key
            outcome = await self.run(key)
            if isinstance(outcome, Refused) or not outcome.events:
                continue
            if outcome.repeated:  # the same request, sent twice, was faster
                await self.find_used(keys)
                return list(keys)
            return list(keys[number + 1 :])
        return []

    async def run(self, key: str) -> Outcome[Any] | Refused:
        outcome = await self._outcome(key)
        if isinstance(outcome, Outcome):
            check_repeat(outcome, self._request)
            self.position = max(self.position, outcome.position)
        # At once: the states move on with the next command.
        self.answers[key] = self._answer(key, outcome)
        return outcome

    async def _outcome(self, key: str) -> Outcome[Any] | Refused:
        try:
            streams, decide = await self._prepare(key)
            return await self._transactor.transact(
                self._request.user.tenant,
                streams,
                decide,
                command_id=self._command_id(key),
                metadata=metadata(self._request),
            )
        except Refused as refusal:
            return refusal

    def _command_id(self, key: str) -> UUID:
        return self._id if key == self._leader else uuid5(self._id, key)

    def _stream(self, key: str) -> str:
        return self._category.of(key).name
