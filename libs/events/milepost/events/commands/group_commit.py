"""Group commit: the commands that wait for a tenant go to the log in one call.

    submit ─▶ waiting, in order ─▶ batch: at most 250 commands, ─▶ log.append ─▶ a result each
    submit ─▶ (one queue a tenant)  about 2,000 events, 32 MiB       (one call)

One call per tenant is under way at a time, so that a process's commands are appended in the order
in which they were submitted; what comes meanwhile is the next batch. So batches grow by themselves
under load, and a command that comes alone goes at once. Two tenants' calls are quick at a time; one
that takes long (a lock on its log, a slow server) leaves its slot to others after 0.25 s.

    the log says            the command's future gets
    appended, done before   that
    conflict                that; and so do those in later calls that were decided on it (`after`)
    unavailable             nothing yet: the batch is tried again, until `deadline`; then the error
    another error           that, alone: the others of the batch are tried one by one
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

import msgspec
import structlog

from milepost.events.log import Appended, Command, Conflict, Log, Result
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.outages import Overloaded, is_unavailable
from milepost.events.runtime.slots import Slots
from milepost.events.sizes import BATCH, require_fit, size_of

MAX_BATCH_EVENTS = 2_000
MAX_WAITING = 20_000
MAX_CALLS = 8
RETRY_SECONDS = 15.0
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 1.0

_log = structlog.get_logger()

Future: TypeAlias = asyncio.Future[Result]


class WaitingCommand(NamedTuple):
    """A command, the future of its result, and the unfinished appends that it was decided on.

    From `deadline` on, by the loop's clock, it is not tried again.
    """

    command: Command
    future: Future
    after: tuple[Future, ...]
    deadline: float


class GroupCommit:
    """`connections`: how many tenants' calls are quick at once; `MAX_CALLS`: with the slow ones."""

    def __init__(self, log: Log, *, connections: int = 2, max_batch: int = 250) -> None:
        self._log = log
        self._max_batch = max_batch
        self._slots = Slots(connections, MAX_CALLS)
        self._waiting: dict[str, deque[WaitingCommand]] = {}
        self._drains: dict[str, asyncio.Task[None]] = {}

    def submit(self, tenant: str, command: Command, after: Sequence[Future] = ()) -> Future:
        """Hand a command in; order of calls is order in the log.

        Raises `Overloaded`, `EventTooLarge`, `CommandTooLarge`.

        `after` are earlier futures of this method that the command was decided on: unless they
        come to be `Appended`, its result is `Conflict`. The append goes on when the caller stops
        waiting.
        """
        require_fit([command])
        waiting = self._waiting.get(tenant)
        if waiting is None:
            waiting = self._waiting[tenant] = deque()
        if len(waiting) >= MAX_WAITING:
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: Future = loop.create_future()
        waiting.append(WaitingCommand(command, future, tuple(after), loop.time() + RETRY_SECONDS))
        if tenant not in self._drains:
            self._drains[tenant] = asyncio.create_task(self._drain(tenant, waiting))
        return future

    async def close(self) -> None:
        """Wait until everything handed in has its result."""
        while self._drains:
            await asyncio.wait(self._drains.values())

    async def _drain(self, tenant: str, waiting: deque[WaitingCommand]) -> None:
        try:
            while waiting:
                async with self._slots.hold():
                    # Only now: what came while this waited for a connection goes along.
                    await self._append(tenant, self._next_batch(waiting))
        finally:
            del self._drains[tenant], self._waiting[tenant]

    def _next_batch(self, waiting: deque[WaitingCommand]) -> list[WaitingCommand]:
        batch: list[WaitingCommand] = []
        events = size = 0
        while waiting and len(batch) < self._max_batch and events < MAX_BATCH_EVENTS:
            size += size_of(waiting[0].command)
            if batch and size > BATCH:
                break
            batch.append(waiting.popleft())
            events += len(batch[-1].command.events)
        return batch

    async def _append(self, tenant: str, waiting: Sequence[WaitingCommand]) -> None:
        """Append, again while the server is away: command ids make a repeat harmless."""
        backoff = Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
        while batch := _linked(waiting):
            commands = [one.command for one in batch]
            try:
                results = await self._log.append(tenant, commands)
            except Exception as error:  # noqa: BLE001 - handed on to whoever waits for it
                if len(batch) > 1 and not is_unavailable(error):
                    # One command spoils the call: let the others through.
                    for one in batch:
                        await self._append(tenant, [one])
                    return
                pause_seconds = backoff.next_seconds()
                if waiting := _to_retry(batch, error, pause_seconds):
                    _log.warning("append_retried", tenant=tenant, error=repr(error))
                    await asyncio.sleep(pause_seconds)
            else:
                for one, result in zip(batch, results, strict=True):
                    one.future.set_result(result)
                return


def _linked(waiting: Sequence[WaitingCommand]) -> list[WaitingCommand]:
    """Name to each command the earlier ones of this call that it depends on.

    Those that depend on an append that was lost are in conflict, and left out.
    """
    batch: list[WaitingCommand] = []
    ids: dict[Future, UUID] = {}
    for one in waiting:
        ids[one.future] = one.command.command_id
        if not one.after:
            batch.append(one)
            continue
        if any(earlier.done() and not _appended(earlier) for earlier in one.after):
            stream, version = one.command.expects[-1]
            one.future.set_result(Conflict(stream, version))
            continue
        after = tuple(ids[earlier] for earlier in one.after if not earlier.done())
        batch.append(one._replace(command=msgspec.structs.replace(one.command, after=after)))
    return batch


def _to_retry(
    batch: Sequence[WaitingCommand], error: Exception, pause_seconds: float
) -> list[WaitingCommand]:
    """Those whose deadline comes after the pause; the others fail."""
    then = asyncio.get_running_loop().time() + pause_seconds
    retried: list[WaitingCommand] = []
    for one in batch:
        if is_unavailable(error) and then < one.deadline:
            retried.append(one)
        else:
            _fail(one.future, error)
    return retried


def _appended(future: Future) -> bool:
    return future.exception() is None and isinstance(future.result(), Appended)


def _fail(future: Future, error: Exception) -> None:
    future.set_exception(error)
    future.exception()  # retrieved: nobody may be waiting any more
