"""Parts of the log that are to be delivered once more: begun here, continued by `backfills`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from milepost.subscriptions.webhooks.delivery.log.views import RedeliveryView
from milepost.subscriptions.webhooks.delivery.refusals import TooManyRedeliveries
from milepost.web.requests.idempotency import IdempotencyKeyReused

MAX_OPEN: Final = 20  # of one webhook
SHOWN: Final = 100

COLUMNS: Final = """backfill, "first", upto, "next", failed_only, per_second, found, created_at,
    done_at"""
# Whoever asks at once is counted one by one.
LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('webhooks/' || $1 || '/' || $2, 0))"
OPEN: Final = """select count(*) from webhooks.backfills
    where tenant = $1 and webhook = $2 and kind = 'redelivery' and done_at is null"""
BEGIN: Final = f"""insert into webhooks.backfills
        (tenant, webhook, backfill, kind, "first", "next", upto, failed_only, per_second, due_at,
         created_at, digest)
    values ($1, $2, $3, 'redelivery', $4, $4, $5, $6, $7, $8, $8, $9)
    returning {COLUMNS}"""
FIND: Final = f"""select {COLUMNS}, digest from webhooks.backfills
    where tenant = $1 and webhook = $2 and backfill = $3"""
LIST: Final = f"""select {COLUMNS} from webhooks.backfills
    where tenant = $1 and webhook = $2 and kind = 'redelivery' order by created_at desc limit $3"""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Of the log: behind `after`, up to `upto`."""

    after: int
    upto: int
    failed_only: bool = False
    per_second: int | None = None


class Asked(msgspec.Struct, frozen=True):
    """By the same key it is the same redelivery; `digest` tells another body."""

    redelivery: UUID
    key: str
    digest: str | None


class Redeliveries:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def repeated(self, tenant: str, webhook: str, asked: Asked) -> RedeliveryView | None:
        """What was begun by the same command. Raises `IdempotencyKeyReused`."""
        row = await self._pool.fetchrow(FIND, tenant, webhook, asked.redelivery)
        if row is None:
            return None
        *columns, digest = row
        if digest != asked.digest:
            raise IdempotencyKeyReused(asked.key)
        return _view(columns)

    async def begin(
        self, tenant: str, webhook: str, asked: Asked, part: Part, now: datetime
    ) -> RedeliveryView:
        """Raises `TooManyRedeliveries`, `IdempotencyKeyReused`."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK, tenant, webhook)
            if (same := await self.repeated(tenant, webhook, asked)) is not None:
                return same
            if await connection.fetchval(OPEN, tenant, webhook) >= MAX_OPEN:
                raise TooManyRedeliveries(MAX_OPEN)
            row = await connection.fetchrow(
                BEGIN, tenant, webhook, asked.redelivery, part.after, part.upto,
                part.failed_only, part.per_second, now, asked.digest,
            )  # fmt: skip
        return _view(row)

    async def list(self, tenant: str, webhook: str) -> Sequence[RedeliveryView]:
        """The newest first."""
        return [_view(row) for row in await self._pool.fetch(LIST, tenant, webhook, SHOWN)]


def _view(row: Any) -> RedeliveryView:
    redelivery, after, upto, reached, failed_only, per_second, found, created_at, done_at = row
    return RedeliveryView(
        redelivery=redelivery,
        after=str(after),
        upto=str(upto),
        reached=str(reached),
        failed_only=failed_only,
        per_second=per_second,
        found=found,
        created_at=created_at,
        done_at=done_at,
    )
