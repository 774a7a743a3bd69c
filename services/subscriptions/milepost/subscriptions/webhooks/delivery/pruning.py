"""Forgets what was delivered long ago, and whatever belonged to webhooks that are deleted.

And says once a minute how all of it stands, for Prometheus.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NoReturn

import asyncpg

from milepost.events.runtime.outages import TRANSIENT
from milepost.events.runtime.retry import retry_forever
from milepost.subscriptions.webhooks.delivery.log.backlog import whole
from milepost.subscriptions.webhooks.delivery.telemetry import show

EVERY_SECONDS: Final = 60.0
PAGE: Final = 1_000
PAGES: Final = 100  # of one webhook, then the next

ENDPOINTS = "select tenant, webhook, deleted from webhooks.endpoints"
PRUNE = """with old as (
        select event_id from webhooks.deliveries
         where tenant = $1 and webhook = $2 and created_at < $3 and state <> 'waiting'
         order by created_at, event_id limit $4 for update skip locked),
    attempts as (
        delete from webhooks.attempts a using old
         where a.tenant = $1 and a.webhook = $2 and a.event_id = old.event_id)
    delete from webhooks.deliveries d using old
     where d.tenant = $1 and d.webhook = $2 and d.event_id = old.event_id returning true"""
BACKFILLS = "delete from webhooks.backfills where done_at < $1"
BREAKERS = "delete from webhooks.breakers where open_until < $1"
# Of what waited when it was deleted, too.
ATTEMPTS = "delete from webhooks.attempts where tenant = $1 and webhook = $2"
FORGET = """delete from webhooks.endpoints e where tenant = $1 and webhook = $2 and not exists (
        select from webhooks.deliveries d where d.tenant = e.tenant and d.webhook = e.webhook)"""


class Pruning:
    def __init__(self, pool: asyncpg.Pool, days: int, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._kept = timedelta(days=days)
        self._clock = clock

    async def run(self) -> NoReturn:
        async def work() -> NoReturn:
            while True:
                await self.prune()
                show(await whole(self._pool, self._clock()))
                await asyncio.sleep(EVERY_SECONDS)

        await retry_forever("webhooks/pruning", work, TRANSIENT)

    async def prune(self) -> None:
        """Every process may: what another one is at is passed over."""
        now = self._clock()
        for row in await self._pool.fetch(ENDPOINTS):
            of, deleted = (row["tenant"], row["webhook"]), row["deleted"]
            before = now + timedelta(days=1) if deleted else now - self._kept
            for _ in range(PAGES):
                if len(await self._pool.fetch(PRUNE, *of, before, PAGE)) < PAGE:
                    break
            if deleted:
                await self._pool.execute(ATTEMPTS, *of)
                await self._pool.execute(FORGET, *of)
        await self._pool.execute(BACKFILLS, now - self._kept)
        await self._pool.execute(BREAKERS, now - self._kept)
