"""Group commit: whatever commands wait for a tenant go to the log in one call.

Under load batches grow by themselves; alone, a command goes at once. One call per tenant is under
way at a time, so a process's commands are appended in the order in which they were handed in.
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

MAX_BATCH_EVENTS = 2_000
MAX_WAITING = 20_000
RETRY_SECONDS = 15.0
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 1.0

_log = structlog.get_logger()

Future: TypeAlias = asyncio.Future[Result]


class WaitingCommand(NamedTuple):
    """A command, who waits for it, and the appends it was decided on that were still under way.

    From `deadline` on, by the loop's clock, it is not tried again.
    """

    command: Command
    future: Future
    after: tuple[Future, ...]
    deadline: float


class GroupCommit:
    def __init__(self, log: Log, *, connections: int = 2, max_batch: int = 250) -> None:
        self._log = log
        self._max_batch = max_batch
        self._slots = asyncio.Semaphore(connections)
        self._waiting: dict[str, deque[WaitingCommand]] = {}
        self._drains: dict[str, asyncio.Task[None]] = {}

    def submit(self, tenant: str, command: Command, after: Sequence[Future] = ()) -> Future:
        """Hand a command in; order of calls is order in the log. Raises `Overloaded`.

        `after` are earlier answers of this method that the command was decided on: unless they
        come to be `Appended`, it is answered with `Conflict`. The append goes on when the caller
        stops waiting.
        """
        waiting = self._waiting.setdefault(tenant, deque())
        if len(waiting) >= MAX_WAITING:
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: Future = loop.create_future()
        waiting.append(WaitingCommand(command, future, tuple(after), loop.time() + RETRY_SECONDS))
        if tenant not in self._drains:
            self._drains[tenant] = asyncio.create_task(self._drain(tenant, waiting))
        return future

    async def close(self) -> None:
        """Wait until everything handed in has been answered."""
        while self._drains:
            await asyncio.wait(self._drains.values())

    async def _drain(self, tenant: str, waiting: deque[WaitingCommand]) -> None:
        try:
            while waiting:
                async with self._slots:
                    await self._append(tenant, self._take(waiting))
        finally:
            del self._drains[tenant], self._waiting[tenant]

    def _take(self, waiting: deque[WaitingCommand]) -> list[WaitingCommand]:
        batch: list[WaitingCommand] = []
        events = 0
        while waiting and len(batch) < self._max_batch and events < MAX_BATCH_EVENTS:
            batch.append(waiting.popleft())
            events += len(batch[-1].command.events)
        return batch

    async def _append(self, tenant: str, waiting: Sequence[WaitingCommand]) -> None:
        """Append, again while the server is away: command ids make a repeat harmless."""
        backoff = Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
        while batch := _standing(waiting):
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
                if waiting := _patient(batch, error, pause_seconds):
                    _log.warning("append_retried", tenant=tenant, error=repr(error))
                    await asyncio.sleep(pause_seconds)
            else:
                for one, result in zip(batch, results, strict=True):
                    one.future.set_result(result)
                return


def _standing(waiting: Sequence[WaitingCommand]) -> list[WaitingCommand]:
    """Answer those whose foundation has failed; tell the others which of this batch is theirs."""
    batch: list[WaitingCommand] = []
    ids: dict[Future, UUID] = {}
    for one in waiting:
        if any(earlier.done() and not _appended(earlier) for earlier in one.after):
            stream, version = one.command.expects[-1]
            one.future.set_result(Conflict(stream, version))
            continue
        after = tuple(ids[earlier] for earlier in one.after if not earlier.done())
        ids[one.future] = one.command.command_id
        batch.append(one._replace(command=msgspec.structs.replace(one.command, after=after)))
    return batch


def _patient(
    batch: Sequence[WaitingCommand], error: Exception, pause_seconds: float
) -> list[WaitingCommand]:
    """Those that may be tried again after the pause; the others are told what happened."""
    then = asyncio.get_running_loop().time() + pause_seconds
    patient: list[WaitingCommand] = []
    for one in batch:
        if is_unavailable(error) and then < one.deadline:
            patient.append(one)
        else:
            _fail(one.future, error)
    return patient


def _appended(future: Future) -> bool:
    return future.exception() is None and isinstance(future.result(), Appended)


def _fail(future: Future, error: Exception) -> None:
    future.set_exception(error)
    future.exception()  # seen: nobody may be waiting any more
