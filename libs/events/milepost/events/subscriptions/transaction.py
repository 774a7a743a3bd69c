"""Runs a handler in the transaction that moves its checkpoint: what it writes is there once.

    begin ─ e1 ─ e2 ─ e3 ─ checkpoint = 3 ─ commit
                 ✗ rollback
    begin ─ e1 ─ checkpoint = 1 ─ commit │ begin ─ e2 ✗ rollback, tried again, parked │ begin ─ e3 …

A batch shares a transaction. Where that fails, each event gets one of its own, which is tried as
often as any other effect is (`attempts`); so no pause is waited for inside a transaction.
"""

from collections.abc import Mapping, Sequence

from milepost.events.log import Log, Recorded, event_at
from milepost.events.parking.parked import Connection, Parked, Pool, failed_again, mark_resolved
from milepost.events.runtime.leadership import LeaseLost
from milepost.events.subscriptions.attempts import Attempts
from milepost.events.subscriptions.checkpoint import Checkpoint, CheckpointMoved
from milepost.events.subscriptions.handler import TransactionalHandler
from milepost.events.subscriptions.parked_keys import ParkedKeys


class TransactionRunner:
    """Of one handler; `checkpoint` is its own."""

    def __init__(
        self, handler: TransactionalHandler, log: Log, pool: Pool, checkpoint: Checkpoint
    ) -> None:
        self.parked = ParkedKeys(pool, handler.name, handler.key_of)
        self._handler = handler
        self._log = log
        self._pool = pool
        self._checkpoint = checkpoint
        self._attempts = Attempts(handler.name, log)

    async def run(self, events: Sequence[Recorded], reached: Mapping[str, int]) -> None:
        """Handle these and commit the checkpoint with them. Raises `CheckpointMoved`."""
        try:
            await self._run_together(events, reached)
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 - whose fault it is shows when each is handled alone
            for event in events:
                await self._run_alone(event)
            await self._checkpoint.advance(reached)

    async def resume(self, tenant: str | None = None) -> None:
        """Retry and skip what operators have asked for since, of one tenant or of all."""
        await self.parked.resume(self._redo, tenant)

    async def _run_together(self, events: Sequence[Recorded], reached: Mapping[str, int]) -> None:
        behind = [self.parked.behind(event) for event in events if self.parked.holds(event)]
        free = [event for event in events if not self.parked.holds(event)]
        async with self._checkpoint.advancing(reached, behind) as connection:
            await self._handle_all(connection, free)
        self._attempts.count(len(free))

    async def _handle_all(self, connection: Connection, events: Sequence[Recorded]) -> None:
        if self._handler.handle_all is not None and events:
            await self._handler.handle_all(connection, events)
        else:
            for event in events:
                await self._handler.handle(connection, event)

    async def _run_alone(self, event: Recorded) -> None:
        reached = {event.tenant: event.position}

        async def handle(event: Recorded) -> None:
            async with self._checkpoint.advancing(reached) as connection:
                await self._handler.handle(connection, event)

        if self.parked.holds(event):
            await self._checkpoint.advance(reached, [self.parked.behind(event)])
        elif error := await self._attempts.run(event, handle):
            await self._checkpoint.advance(reached, [self.parked.park(event, error)])

    async def _redo(self, parked: Parked) -> bool:
        async def handle(event: Recorded) -> None:
            async with self._pool.acquire() as connection, connection.transaction():
                if not await mark_resolved(connection, [parked]):
                    raise CheckpointMoved(self._handler.name)
                await self._handler.handle(connection, event)

        if parked.status == "skip":
            await mark_resolved(self._pool, [parked])
            return True
        event = await event_at(self._log, parked.tenant, parked.position)
        if error := await self._attempts.run(event, handle):
            await failed_again(self._pool, parked, self.parked.park(event, error))
            return False
        return True
