"""Whatever delivers webhooks, run step by step: what a process does, without its HTTP and NATS."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from tests.clients import School, school_of
from tests.clocks import Clock
from tests.eventually import eventually

from milepost.events.commands.transact import Transactor
from milepost.events.log import Command, NewEvent, Recorded, read_page
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import PostgresLog
from milepost.events.subscriptions.checkpoint import Checkpoint
from milepost.events.subscriptions.transaction import TransactionRunner
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.webhooks.app import service
from milepost.subscriptions.webhooks.delivery.app import Delivery, delivery
from milepost.subscriptions.webhooks.delivery.backfills import Backfills
from milepost.subscriptions.webhooks.delivery.handler import NAME
from milepost.subscriptions.webhooks.delivery.sending.sender import Sender
from milepost.subscriptions.webhooks.domain import webhook as rules
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Target, Webhook
from milepost.subscriptions.webhooks.events import Order
from milepost.subscriptions.webhooks.register import Register
from milepost.subscriptions.webhooks.secrets import WEBHOOK_KEY, Secrets
from milepost.web.room import Context
from milepost.web.secrets.sealing import Sealing
from milepost.web.settings import Settings

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Hub:
    """`tenant` is a school of the test's own, in a database that others share."""

    def __init__(self, pool: asyncpg.Pool, folder: Path, tenant: str) -> None:
        self.pool = pool
        self.tenant = tenant
        self.log = PostgresLog(pool)
        self.transactor = Transactor(self.log)
        self.clock = Clock(START)
        private = "127.0.0.1,localhost"
        self.settings = Settings(data_dir=folder, outbound_private=private)
        self.secrets = Secrets(pool, Sealing(WEBHOOK_KEY, self.settings, pool))
        self.delivery = self.process()
        self._checkpoint = Checkpoint(pool, NAME)
        self._tasks: list[asyncio.Task[Any]] = []

    def process(self) -> Delivery:
        """Another one that delivers."""
        register = Register(self.log, self.secrets, self.clock)
        context = Context(self.transactor, self.settings, self.pool, self.clock)
        return delivery(context, register)

    @asynccontextmanager
    async def school(self) -> AsyncIterator[School]:
        """Its routes."""
        context = Context(self.transactor, self.settings, self.pool, self.clock)
        whose: dict[str, Any] = {"by": "operator", "tenant": self.tenant}
        async with school_of([service(context)], self.transactor, self.settings, **whose) as one:
            yield one

    async def close(self) -> None:
        await self.transactor.close()

    def later(self, **delta: float) -> None:
        self.clock.now += timedelta(**delta)

    async def webhook(
        self,
        url: str,
        *,
        ordered: Order = "none",
        start: int | None = None,
        wanted: Filter = Filter(),  # noqa: B008 - a value
        verified: bool = True,
    ) -> str:
        """One that is verified, and knows of what is published from now on."""
        name = str(uuid4())
        key = await self.secrets.prepare(self.tenant, name, "k1", "v1")
        heads = await self.log.heads()
        target = Target(url=url, filter=wanted, ordered=ordered)
        from_here = heads.get(self.tenant, 0) if start is None else start
        create = partial(
            rules.create, webhook=name, target=target, key=key, start=from_here, by="office",
            at=self.clock.now,
        )  # fmt: skip
        await self.does(name, create)
        if verified:
            await self.does(name, rules.verify, url)
        return name

    async def does(self, webhook: str, decide: Any, *facts: object, **more: object) -> None:
        """A decision of its rules."""
        if not isinstance(decide, partial):
            decide = partial(_decided, decide, (webhook, *facts), {"at": self.clock.now, **more})
        await self.transactor.transact(self.tenant, WEBHOOK.of(webhook), decide)

    async def happens(self, *learners: str, tenant: str | None = None) -> list[UUID]:
        """Each accepts a credential, in this order: all in one command."""
        events = tuple(
            NewEvent(
                stream=f"record-{learner}",
                type="credential_accepted",
                data=b'{"credential":"%s"}' % str(uuid4()).encode(),
                occurred_at=self.clock.now,
                event_id=uuid4(),
            )
            for learner in learners
        )
        command = Command(
            command_id=uuid4(), expects=await self._expects(learners, tenant), events=events
        )
        await self.log.append(tenant or self.tenant, [command])
        return [one.event_id for one in events]

    async def _expects(
        self, learners: Sequence[str], tenant: str | None
    ) -> tuple[tuple[str, int], ...]:
        streams = sorted({f"record-{one}" for one in learners})
        found = await asyncio.gather(
            *(self.log.read_stream(tenant or self.tenant, one) for one in streams)
        )
        return tuple((one, len(events)) for one, events in zip(streams, found, strict=True))

    async def hears(self, tenant: str | None = None, *, batch: int = 500) -> None:
        """The handler reads on to where the log ends."""
        school = tenant or self.tenant
        handler = self.delivery.handler
        await self._checkpoint.load()
        runner = TransactionRunner(handler, self.log, self.pool, self._checkpoint)
        head = (await self.log.heads()).get(school, 0)
        while (after := self._checkpoint.read(school)) < head:
            types = [tag for _, tag in handler.types]
            page = await read_page(self.log, school, after, head, types=types, limit=batch)
            await runner.run(page.events, {school: page.reached})

    @asynccontextmanager
    async def sending(self, *others: Delivery) -> AsyncIterator[None]:
        """The workers of this process run, and those of others."""
        every = (self.delivery, *others)
        async with self.running(*(w for one in every for w in (one.sender, one.backfills))):
            yield

    @asynccontextmanager
    async def running(self, *workers: Sender | Backfills) -> AsyncIterator[None]:
        self._tasks = tasks = [asyncio.create_task(one.run()) for one in workers]
        try:
            yield
        finally:
            await cancel_and_wait(*tasks)
            failed = [one.exception() for one in tasks if not one.cancelled()]
            assert not failed, failed

    async def fills(self) -> None:
        """Backfills go on until there is nothing more to do now."""
        while await self.delivery.backfills.turn():
            pass

    async def state(self, webhook: str) -> Webhook:
        """As the log has it."""
        _, state = await self.transactor.load(self.tenant, WEBHOOK.of(webhook))
        return state

    async def states(self, webhook: str) -> dict[str, int]:
        """How many deliveries are in which state."""
        rows = await self.pool.fetch(
            "select state, count(*) from webhooks.deliveries where tenant = $1 and webhook = $2"
            " group by state", self.tenant, webhook,
        )  # fmt: skip
        return {row["state"]: row["count"] for row in rows}

    @asynccontextmanager
    async def hours_pass(self) -> AsyncIterator[None]:
        """One after the other, a day at most."""

        async def passing() -> None:
            for _ in range(24):
                self.later(hours=1)
                await asyncio.sleep(0.2)

        task = asyncio.create_task(passing())
        yield
        await cancel_and_wait(task)

    async def attempts(self, webhook: str) -> int:
        """Those that were written down."""
        count: int = await self.pool.fetchval(
            "select count(*) from webhooks.attempts where tenant = $1 and webhook = $2",
            self.tenant, webhook,
        )  # fmt: skip
        return count

    async def waits(self, webhook: str) -> int:
        return (await self.states(webhook)).get("waiting", 0)

    async def settled(self, webhook: str, **states: int) -> None:
        """Until its deliveries are so many in these states, and none in another."""
        found: dict[str, int] = {}

        async def as_said() -> bool:
            found.clear()
            found.update(await self.states(webhook))
            return found == states or any(one.done() for one in self._tasks)

        try:
            await eventually(as_said)
        finally:
            assert found == states, found

    async def recorded(self) -> list[Recorded]:
        return await self.log.read(self.tenant, limit=100_000)


def _decided(decide: Any, facts: Sequence[object], more: Any, state: Any) -> Any:
    return decide(state, *facts, **more)
