"""What calls came to, on its way to the database; and what follows from it for webhook and host."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
import structlog

from milepost.contracts.subscriptions.webhooks import Ending
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.outages import TRANSIENT
from milepost.subscriptions.webhooks.delivery.sending.breaker import CLOSED, Breaker
from milepost.subscriptions.webhooks.delivery.sending.claims import LEASE, Claimed
from milepost.subscriptions.webhooks.delivery.sending.hosts import Hosts
from milepost.subscriptions.webhooks.delivery.sending.lanes import Address, Host, Lane, host_of
from milepost.subscriptions.webhooks.delivery.sending.results import Result, Saved, save
from milepost.subscriptions.webhooks.delivery.sending.schedule import GIVE_UP
from milepost.subscriptions.webhooks.delivery.telemetry import count

MAX_UNSAVED: Final = 2_000
AT_ONCE: Final = 500
# Longer than a lease nobody tries: by then others have it.
SAVE_SECONDS: Final = LEASE.total_seconds()

# Tenant, webhook, why, since when, and the last status.
Disable: TypeAlias = Callable[[str, str, Ending, datetime | None, int | None], Awaitable[None]]

_log = structlog.get_logger()


class Outcomes:
    def __init__(self, pool: asyncpg.Pool, disable: Disable, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._disable = disable
        self._clock = clock
        self._hosts = Hosts(pool)
        self._news = asyncio.Event()
        self._results: list[Result] = []
        self._released: list[Claimed] = []
        self._breakers: dict[Address, Breaker] = {}

    @property
    def full(self) -> bool:
        """The database does not keep up, or is away."""
        return len(self._results) >= MAX_UNSAVED

    def add(self, lane: Lane, host: Host, result: Result) -> None:
        tried = result.tried
        count(tried)
        lane.trusted = tried.arrived
        before, now = host.breaker, self._clock()
        if tried.blames_host:
            host.breaker = before.failed(now)
        elif before.failures:
            host.breaker = CLOSED
        if host.breaker.open_until != before.open_until:
            self._breakers[result.claimed.tenant, host_of(tried.url)] = host.breaker
        self._results.append(result)
        self._news.set()

    def release(self, claimed: Sequence[Claimed]) -> None:
        """Not sent: others may have it."""
        self._released += claimed
        if claimed:
            self._news.set()

    async def save(self) -> set[Address]:
        """As soon as there is anything. The webhooks that may have more to send by now."""
        await self._news.wait()
        self._news.clear()
        return await self.save_now()

    async def save_now(self) -> set[Address]:
        await self._save_breakers()
        results, self._results = self._results[:AT_ONCE], self._results[AT_ONCE:]
        released, self._released = self._released, []
        if self._results:
            self._news.set()
        try:
            saved = await self._written(results, released)
        except asyncio.CancelledError:  # once more at the end; what is saved has its lease no more
            self._results[:0], self._released[:0] = results, released
            raise
        await self._give_up(results, saved)
        return {_of(one) for one in results if one.claimed.key}

    async def _save_breakers(self) -> None:
        changed, self._breakers = self._breakers, {}
        if not changed:
            return
        try:
            await self._hosts.save(changed)
        except BaseException:
            self._breakers = changed | self._breakers
            self._news.set()
            raise

    async def _written(self, results: Sequence[Result], released: Sequence[Claimed]) -> Saved:
        """Tried until others have the leases: then it is sent again, and told twice by its id."""
        backoff = Backoff(0.1, 5.0, deadline_seconds=SAVE_SECONDS)
        while results or released:
            try:
                return await save(self._pool, results, released, self._clock())
            except TRANSIENT as error:
                if not await backoff.pause():
                    _log.error("webhook_results_lost", results=len(results), error=repr(error))
                    break
        return Saved({})

    async def _give_up(self, results: Sequence[Result], saved: Saved) -> None:
        """An endpoint that says that it is gone, or that has failed for days, is disabled."""
        since = saved.failing_since
        ending: dict[Address, Ending] = {
            _of(one): "failing"
            for one in results
            if _of(one) in since and one.tried.at - since[_of(one)] >= GIVE_UP
        }
        ending |= {_of(one): "gone" for one in results if one.tried.gone}
        statuses = {_of(one): one.tried.status for one in results if not one.tried.arrived}
        for address, why in sorted(ending.items()):
            await self._disable(*address, why, since.get(address), statuses.get(address))


def _of(result: Result) -> Address:
    return result.claimed.tenant, result.claimed.webhook
