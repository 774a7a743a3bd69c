"""A timer to watch: an enrollment's number says at which minute of the day its line is written."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
from tests.events.diary import Diary, lines
from tests.events.traffic import DAY, append

from milepost.events.commands.transact import Transactor
from milepost.events.log import Command, NewEvent, Recorded
from milepost.events.parking.operator_actions import list_parked
from milepost.events.parking.parked import Parked, Pool
from milepost.events.policies.policy import Reaction
from milepost.events.policies.timer_rows import started
from milepost.events.policies.timers import Timer, TimerRunner, Timers
from milepost.events.store.postgres import PostgresLog, connect_pool

TYPES = (("enrollment", "learner_enrolled"),)


def minute(number: float) -> datetime:
    return DAY + timedelta(minutes=number)


@dataclass
class Ringing:
    """One school, whose clock stands at `now` (minutes) until it is put elsewhere.

    `fault` is called when a due time is asked for, and may raise. `times`: when it went off.
    """

    pool: Pool
    diary: Diary
    now: float = 0
    fault: Callable[[], None] = lambda: None
    times: list[datetime] = field(default_factory=list)
    transactors: list[Transactor] = field(default_factory=list)

    @property
    def tenant(self) -> str:
        return self.diary.tenant

    @property
    def timer(self) -> Timer:
        return Timer(self.diary.name, TYPES, self.due, self.react)

    def due(self, event: Recorded) -> datetime | None:
        if event.tenant != self.tenant:
            return None
        self.fault()
        return minute(msgspec.json.decode(event.data)["number"])

    async def react(self, event: Recorded, now: datetime) -> Sequence[Reaction]:
        self.times.append(now)
        return await self.diary.react(event)

    def clock(self) -> datetime:
        return minute(self.now)

    def alarm(self, batch: int = 500) -> TimerRunner:
        """As a process that has just started has it."""
        self.transactors.append(Transactor(PostgresLog(self.pool)))
        transactor = self.transactors[-1]
        return TimerRunner(self.timer, transactor, self.pool, clock=self.clock, batch=batch)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.transactors.append(Transactor(PostgresLog(self.pool)))
        timers = Timers([self.timer], self.transactors[-1], self.pool, clock=self.clock)
        task = asyncio.create_task(timers.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def close(self) -> None:
        for transactor in self.transactors:
            await transactor.close()

    async def enroll(self, key: str, *numbers: int) -> None:
        await append(PostgresLog(self.pool), self.tenant, f"enrollment-{key}", *numbers)

    async def enroll_many(self, numbers: Sequence[int]) -> None:
        """Each in a stream of its own, in one command."""
        events = tuple(
            NewEvent(
                stream=f"enrollment-{number}",
                type="learner_enrolled",
                data=msgspec.json.encode({"number": number}),
                occurred_at=DAY,
                event_id=uuid4(),
            )
            for number in numbers
        )
        expects = tuple((event.stream, 0) for event in events)
        command = Command(command_id=uuid4(), expects=expects, events=events)
        await PostgresLog(self.pool).append(self.tenant, [command])

    async def lines(self, key: str = "a") -> list[int]:
        return await lines(self.pool, self.tenant, key)

    def wrote(self, *expected: int) -> Callable[[], object]:
        async def holds() -> bool:
            return await self.lines() == list(expected)

        return holds

    async def waiting(self) -> list[tuple[int, datetime]]:
        found = await started(self.pool, tenant=self.tenant)
        return [(one.position, one.due_at) for one in found]

    async def parked(self) -> list[Parked]:
        return await list_parked(self.pool, tenant=self.tenant)


async def ring(dsn: str, name: str, tenant: str, now: str) -> None:
    async with await connect_pool(dsn, name="ringing") as pool:
        await Ringing(pool, Diary(name, tenant), float(now)).alarm().run()


if __name__ == "__main__":
    asyncio.run(ring(*sys.argv[1:]))
