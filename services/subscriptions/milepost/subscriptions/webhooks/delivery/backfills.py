"""Brings what is still in the log to the deliveries, page by page, while few enough wait there.

    catch_up    everything that follows, for a webhook that fell behind, was held, or begins earlier
    redelivery  a part of the log once more, or of it what was given up; as slowly as was asked for

Each page is committed with how far it has come, by whichever process is first.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NoReturn
from uuid import UUID

import asyncpg
import msgspec

from milepost.events.log import Log, Recorded, read_page
from milepost.events.runtime.outages import TRANSIENT
from milepost.events.runtime.retry import retry_forever
from milepost.subscriptions.webhooks.delivery.matching import Matching
from milepost.subscriptions.webhooks.delivery.queue import (
    MAX_WAITING,
    REFILL_BELOW,
    Due,
    enqueue,
    ring,
    waiting,
)
from milepost.subscriptions.webhooks.domain.webhook import Webhook
from milepost.subscriptions.webhooks.register import Register

PAGE: Final = 500
POLL_SECONDS: Final = 0.5
AT_ONCE: Final = 100

COLUMNS = 'b.tenant, b.webhook, b.backfill, b.kind, b."next", b.upto, b.failed_only, b.per_second'
OPEN = f"""select {COLUMNS} from webhooks.backfills b
    join webhooks.endpoints e using (tenant, webhook)
    where b.done_at is null and b.due_at <= $1 and e.sends order by b.due_at limit $2"""
HOLD = """select upto from webhooks.backfills b
    where tenant = $1 and webhook = $2 and backfill = $3 and "next" = $4 and done_at is null
      and exists (select from webhooks.endpoints e
                   where e.tenant = b.tenant and e.webhook = b.webhook and e.sends)
    for update skip locked"""
MOVE = """update webhooks.backfills set "next" = $4, found = found + $5, due_at = $6,
        done_at = case when $4 >= upto then $7::timestamptz end
    where tenant = $1 and webhook = $2 and backfill = $3"""
END = "delete from webhooks.backfills where tenant = $1 and webhook = $2 and backfill = $3"
PARKED = """select position from webhooks.deliveries
    where tenant = $1 and webhook = $2 and state = 'parked' and position > $3 and position <= $4
    order by position limit $5"""
AGAIN = """update webhooks.deliveries set state = 'waiting', due_at = $5, attempts = 0,
        first_attempt_at = null, done_at = null
    where tenant = $1 and webhook = $2 and state = 'parked' and position > $3 and position <= $4"""


class Backfill(msgspec.Struct, frozen=True):
    tenant: str
    webhook: str
    backfill: UUID
    kind: str
    next: int
    upto: int
    failed_only: bool
    per_second: int | None

    @property
    def key(self) -> tuple[str, str, UUID]:
        return self.tenant, self.webhook, self.backfill

    @property
    def page(self) -> int:
        return min(PAGE, self.per_second or PAGE)

    def pause(self, found: int) -> timedelta:
        """After so many."""
        return timedelta(seconds=found / self.per_second) if self.per_second else timedelta()


class Backfills:
    """A worker; any number of processes run one."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        log: Log,
        register: Register,
        matching: Matching,
        clock: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._log = log
        self._register = register
        self._matching = matching
        self._clock = clock
        self._filling: set[tuple[str, str, UUID]] = set()

    async def run(self) -> NoReturn:
        async def work() -> NoReturn:
            while True:
                if not await self.turn():
                    await asyncio.sleep(POLL_SECONDS)

        await retry_forever("webhooks/backfills", work, TRANSIENT)

    async def turn(self) -> bool:
        """A page of each that may go on. Whether there is more to do at once."""
        rows = await self._pool.fetch(OPEN, self._clock(), AT_ONCE)
        moved = [await self._continue(Backfill(*row)) for row in rows]
        return any(moved)

    async def _continue(self, backfill: Backfill) -> bool:
        found = await self._register.get(backfill.tenant, backfill.webhook)
        if found is None or not found.active or not await self._has_room(backfill):
            return False
        if backfill.failed_only:
            reached, taken = await self._parked(backfill)
            return await self._move(backfill, reached, parked=taken)
        page = await read_page(
            self._log, backfill.tenant, backfill.next, backfill.upto,
            types=found.filter.tags, limit=backfill.page,
        )  # fmt: skip
        return await self._fill(backfill, found, page.events, page.reached)

    async def _fill(
        self, backfill: Backfill, webhook: Webhook, events: Sequence[Recorded], reached: int
    ) -> bool:
        """What lies beyond its end is for others: the handler may not be there yet."""
        reached = min(reached, backfill.upto)
        within = [one for one in events if one.position <= reached]
        due = await self._matching.due(within, webhook)
        return await self._move(backfill, reached, due=due)

    async def _has_room(self, backfill: Backfill) -> bool:
        """It fills up to the brim, and begins again when half has gone."""
        async with self._pool.acquire() as connection:
            waits = await waiting(connection, backfill.tenant, backfill.webhook)
        fills = waits < (MAX_WAITING - PAGE if backfill.key in self._filling else REFILL_BELOW)
        (self._filling.add if fills else self._filling.discard)(backfill.key)
        return fills

    async def _parked(self, backfill: Backfill) -> tuple[int, int]:
        """How far a page of them goes, and how many they are."""
        of = (backfill.tenant, backfill.webhook, backfill.next, backfill.upto)
        rows = await self._pool.fetch(PARKED, *of, backfill.page)
        return rows[-1]["position"] if len(rows) == backfill.page else backfill.upto, len(rows)

    async def _move(
        self, backfill: Backfill, reached: int, *, due: Sequence[Due] = (), parked: int = 0
    ) -> bool:
        """False: another process was faster, or the webhook is not sent to any more."""
        now, of = self._clock(), (backfill.tenant, backfill.webhook)
        again = backfill.kind == "redelivery"
        async with self._pool.acquire() as connection, connection.transaction():
            upto = await connection.fetchval(HOLD, *backfill.key, backfill.next)
            if upto is None:
                return False
            await enqueue(connection, *of, due, now, again=again)
            if backfill.failed_only:
                await connection.execute(AGAIN, *of, backfill.next, reached, now)
                await ring(connection, *of)
            if reached >= upto and not again:
                await connection.execute(END, *backfill.key)
            else:
                found = len(due) + parked
                later = now + backfill.pause(found)
                await connection.execute(MOVE, *backfill.key, reached, found, later, now)
        if reached >= upto:
            self._filling.discard(backfill.key)
        return True
