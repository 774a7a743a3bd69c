"""Sends what is due: a worker in every process that serves subscriptions.

    rung at commit, or each second ─▶ claim ─▶ read from the log ─▶ sign ─▶ call ─▶ save
                                        ▲        a page at a time        many at once │
                                        └──────────── there is room again ◀───────────┘

Whoever dies anywhere on the way leaves a lease that ends: then it is sent again, by the same id.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NoReturn

import asyncpg

from milepost.events.log import Recorded
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import TRANSIENT
from milepost.events.runtime.retry import retry_forever
from milepost.subscriptions.webhooks.delivery.queue import CHANNEL
from milepost.subscriptions.webhooks.delivery.sending.call import SECONDS, deliver
from milepost.subscriptions.webhooks.delivery.sending.claims import LEASE, claim
from milepost.subscriptions.webhooks.delivery.sending.hosts import Hosts
from milepost.subscriptions.webhooks.delivery.sending.lanes import Host, Lane, Lanes, Run
from milepost.subscriptions.webhooks.delivery.sending.loading import Loading
from milepost.subscriptions.webhooks.delivery.sending.outcomes import Outcomes
from milepost.subscriptions.webhooks.delivery.sending.results import result_of
from milepost.web.outbound.client import Outbound

POLL_SECONDS: Final = 1.0
# How long those who are at work when it ends may take.
END_SECONDS: Final = 1.0
# A call that began later than this after its claim might outlast the lease.
STALE_SECONDS: Final = LEASE.total_seconds() - 2 * SECONDS


class Sender:
    def __init__(
        self,
        pool: asyncpg.Pool,
        loading: Loading,
        outcomes: Outcomes,
        outbound: Outbound,
        *,
        encode: Callable[[Recorded], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._loading = loading
        self._outcomes = outcomes
        self._outbound = outbound
        self._encode = encode
        self._clock = clock
        self._hosts = Hosts(pool)
        self._lanes = Lanes(clock)
        self._news, self._look = asyncio.Event(), asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until canceled, whoever goes away and comes back meanwhile."""
        works = {
            "listen": self._listen,
            "look": self._look_around,
            "claim": self._claim,
            "save": self._save,
        }
        tasks = [
            asyncio.create_task(retry_forever(f"webhooks/{name}", work, TRANSIENT))
            for name, work in works.items()
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            await cancel_and_wait(*tasks)
            await self._end()

    async def _listen(self) -> NoReturn:
        """Rings that come with commits of other transactions, in whatever process."""
        lost = asyncio.Event()

        def lose(_: object) -> None:
            lost.set()

        async with self._pool.acquire() as connection:
            connection.add_termination_listener(lose)
            await connection.add_listener(CHANNEL, self._rung)
            try:
                self._look.set()  # what rang before was not heard
                await lost.wait()
                raise ConnectionResetError(CHANNEL)
            finally:
                if not connection.is_closed():
                    connection.remove_termination_listener(lose)
                    await connection.remove_listener(CHANNEL, self._rung)

    def _rung(self, _: Any, __: int, ___: str, payload: object) -> None:
        tenant, _, webhook = str(payload).partition("/")
        if self._lanes.ring((tenant, webhook)):
            self._news.set()
        else:
            self._look.set()

    async def _look_around(self) -> NoReturn:
        """At everything, now and then: what is due by time alone rings for nobody."""
        while True:
            self._look.clear()
            endpoints, breakers = await self._hosts.endpoints(), await self._hosts.breakers()
            self._lanes.update(endpoints, breakers)
            self._outcomes.release(self._lanes.left())
            self._news.set()
            try:
                await asyncio.wait_for(self._look.wait(), POLL_SECONDS)
            except TimeoutError:
                continue

    async def _claim(self) -> NoReturn:
        while True:
            await self._news.wait()
            self._news.clear()
            self._start()
            if self._outcomes.full or not (asked := self._lanes.wanted()):
                continue
            began = asyncio.get_running_loop().time()
            claimed = await claim(self._pool, asked, self._clock())
            runs, refused = await self._loading.runs(claimed, began)
            self._outcomes.release([*refused, *self._lanes.add(asked, runs)])
            self._start()
            if runs:
                self._news.set()

    def _start(self) -> None:
        for lane, run in self._lanes.start():
            task = asyncio.create_task(self._call(lane, lane.host, run))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    async def _call(self, lane: Lane, host: Host, run: Run) -> None:
        """One after the other; what comes behind one that fails is given back."""
        done = 0
        try:
            for claimed, event in zip(run.claimed, run.events, strict=True):
                if asyncio.get_running_loop().time() > run.claimed_at + STALE_SECONDS:
                    break
                tried = await deliver(self._outbound, run, event, self._encode, self._clock)
                done += 1
                self._outcomes.add(lane, host, result_of(claimed, tried))
                if not tried.arrived:
                    break
        finally:
            self._outcomes.release(run.claimed[done:])
            self._lanes.end(lane, host)
            self._news.set()

    async def _save(self) -> NoReturn:
        while True:
            for address in await self._outcomes.save():
                self._lanes.ring(address)
            self._news.set()

    async def _end(self) -> None:
        """Who is at work may finish; what has not begun is given back to others."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=END_SECONDS)
        await cancel_and_wait(*self._calls)
        self._outcomes.release(self._lanes.all_left())
        with suppress(*TRANSIENT):
            await self._outcomes.save_now()
        await self._outbound.aclose()
