"""Brings a handler every event of its types, from the log, in order, on one process at a time.

    NATS ── message ──▶ Wakeup ──┐                    ┌─▶ handler, in order per key
                                 ├─▶ read the log ────┤
    clock, every 5 s ────────────┘   behind the       └─▶ checkpoint + what is parked, committed
                                     checkpoint

A message only rings: it says how far to read, never beyond the log's head. So whatever NATS loses,
doubles, brings late or invents, the handler meets what the log holds, once and in order. While
NATS is away the clock alone rings: slower, and just as complete.

Tenants take turns, a batch each (`runtime/turns`): one that has much to do, or stands still, holds
up no other.

`policy/<name>` is the lease, whatever kind of handler it is: older installations know it so.
"""

import asyncio
from collections.abc import Mapping
from typing import NoReturn

from milepost.events.log import Log, Page, read_page
from milepost.events.nats.connection import Server
from milepost.events.parking.parked import Pool
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leaders import lead
from milepost.events.runtime.outages import TRANSIENT, UNAVAILABLE
from milepost.events.runtime.retry import retry_forever
from milepost.events.runtime.turns import Turns
from milepost.events.subscriptions.checkpoint import Checkpoint
from milepost.events.subscriptions.handler import (
    AnyHandler,
    Handler,
    TransactionalHandler,
)
from milepost.events.subscriptions.runner import Runner
from milepost.events.subscriptions.transaction import TransactionRunner
from milepost.events.subscriptions.wakeup import Wakeup

RECONCILE_SECONDS = 5.0
# How soon operators are heard, and how long the clock may be overslept.
OPERATORS_SECONDS = 1.0
# How long a message waits for what it rings for, before it is acknowledged.
RING_SECONDS = 0.1


class Subscription:
    """One handler, wherever it leads: of all processes on a database one runs it at a time."""

    def __init__(
        self,
        handler: AnyHandler,
        log: Log,
        pool: Pool,
        server: Server,
        *,
        batch: int = 500,
        parallel: int = 250,
        replicas: int = 1,
    ) -> None:
        self._handler = handler
        self._log = log
        self._pool = pool
        self._server = server
        self._batch = batch
        self._replicas = replicas
        self._tags = tuple(tag for _, tag in handler.types)
        self._checkpoint = Checkpoint(pool, handler.name)
        self._rest_seconds = (
            handler.rest_seconds if isinstance(handler, TransactionalHandler) else 0.0
        )
        self._ends: dict[str, int] = {}
        self._asked: set[str] = set()
        self._runner: Runner | TransactionRunner = (
            Runner(handler, log, pool, parallel=parallel)
            if isinstance(handler, Handler)
            else TransactionRunner(handler, log, pool, self._checkpoint)
        )

    async def run(self) -> NoReturn:
        """Until canceled, whoever goes away and comes back meanwhile."""
        await lead(self._pool, f"policy/{self._handler.name}", self._lead, TRANSIENT)

    async def _lead(self) -> None:
        await self._checkpoint.load()
        await self._runner.parked.load()
        self._ends, self._asked = {}, set()
        try:
            await self._work()
        finally:
            self._runner.parked.leave()

    async def _work(self) -> None:
        handler, batch = self._handler, self._batch
        wakeup = Wakeup(
            self._server, handler.name, handler.types, batch=batch, replicas=self._replicas
        )
        async with Turns(handler.name, self._turn) as turns:
            works = (
                self._follow(wakeup, turns),
                retry_forever(f"nats/{handler.name}", wakeup.listen, UNAVAILABLE),
                turns.lost(),
                self._checkpoint.commit_passed(),
            )
            tasks = [asyncio.create_task(work) for work in works]
            try:
                await asyncio.gather(*tasks)
            finally:
                await cancel_and_wait(*tasks)

    async def _follow(self, wakeup: Wakeup, turns: Turns) -> NoReturn:
        clock = asyncio.get_running_loop().time
        caught_up_at, resumed_at = -RECONCILE_SECONDS, clock()
        while True:
            if clock() - caught_up_at >= RECONCILE_SECONDS:
                turns.offer(self._behind(await self._log.heads()))
                caught_up_at = clock()
            if (rung := await wakeup.wait(OPERATORS_SECONDS)) is not None:
                tenants = self._behind(_within(rung, await self._log.heads()))
                turns.offer(tenants)
                # Who takes longer is not waited for: the clock rings for it, too.
                await turns.join(tenants, RING_SECONDS)
                await asyncio.sleep(self._rest_seconds)  # what rings meanwhile comes at once
                wakeup.handled()
            if clock() - resumed_at > OPERATORS_SECONDS:
                self._asked |= (asked := await self._runner.parked.changed())
                turns.offer(asked)
                resumed_at = clock()

    def _behind(self, ends: Mapping[str, int]) -> list[str]:
        """The tenants whose log is to be handled to these positions or beyond, and is not yet."""
        backlog = self._checkpoint.backlog(ends)
        for tenant in backlog:
            self._ends[tenant] = max(ends[tenant], self._ends.get(tenant, 0))
        return backlog

    async def _turn(self, tenant: str) -> bool:
        """Do what operators have asked for, and handle a batch. Whether there is more."""
        if tenant in self._asked:
            await self._runner.resume(tenant)
            self._asked.discard(tenant)
        after, end = self._checkpoint.read(tenant), self._ends.get(tenant, 0)
        if after >= end:
            return False
        page = await read_page(self._log, tenant, after, end, types=self._tags, limit=self._batch)
        if page.events:
            await self._handle(tenant, page)
        else:
            self._checkpoint.pass_over(tenant, page.reached)
        return page.reached < self._ends[tenant]

    async def _handle(self, tenant: str, page: Page) -> None:
        reached = {tenant: page.reached}
        try:
            if isinstance(self._runner, TransactionRunner):
                await self._runner.run(page.events, reached)
            else:
                await self._checkpoint.advance(reached, await self._runner.run(page.events))
        except Exception:
            self._asked.add(tenant)  # what was to be parked was not: know its keys anew
            raise


def _within(rung: Mapping[str, int], heads: Mapping[str, int]) -> dict[str, int]:
    """Never beyond a head: what a message invents must not skip what is still to come."""
    return {tenant: min(position, heads.get(tenant, 0)) for tenant, position in rung.items()}
