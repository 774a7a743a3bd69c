"""A policy to watch: whoever is enrolled gets a line in a diary of the same key."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec

from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import Conflicting, Event
from milepost.events.log import Recorded
from milepost.events.parking.parked import Pool
from milepost.events.policies.policy import Policy, Reaction
from milepost.events.policies.reactions import policy_handler
from milepost.events.store.postgres import PostgresLog
from milepost.events.streams import Category, key_of
from milepost.events.subscriptions.subscription import Subscription


class LineWritten(Event, frozen=True, kw_only=True, tag="line_written"):
    number: int


class DiaryClosed(Conflicting):
    pass


DIARY: Category[tuple[int, ...], LineWritten] = Category(
    "diary", tuple, lambda state, event: (*state, event.number), Codec(LineWritten)
)


@dataclass
class Diary:
    """`trouble` is called with each number before its line is written, and may raise."""

    name: str
    tenant: str
    trouble: Callable[[int], None] = lambda _: None
    seen: list[int] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        return Policy(self.name, (("enrollment", "learner_enrolled"),), self.react)

    async def react(self, event: Recorded) -> Sequence[Reaction]:
        if event.tenant != self.tenant:
            return ()
        number = msgspec.json.decode(event.data)["number"]
        self.seen.append(number)
        line = LineWritten(number=number, occurred_at=event.occurred_at)

        def decide(_: tuple[int, ...]) -> Sequence[LineWritten]:
            self.trouble(number)
            return [line]

        return [Reaction(DIARY.of(key_of(event.stream)), decide)]


@asynccontextmanager
async def consuming(
    diary: Diary, pool: Pool, nats_url: str, batch: int = 50
) -> AsyncIterator[None]:
    transactor = Transactor(PostgresLog(pool))
    task = asyncio.create_task(
        Subscription(
            policy_handler(diary.policy, transactor), transactor.log, pool, nats_url, batch=batch
        ).run()
    )
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await transactor.close()


async def lines(pool: Pool, tenant: str, key: str) -> list[int]:
    """What the diary holds, in its order."""
    found = await PostgresLog(pool).read_stream(tenant, f"diary-{key}")
    return list(DIARY.fold(found))
