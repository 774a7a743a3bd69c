"""Parts of a log published again for one subscriber that asked, at its pace.

The log says what was asked for and how it ended, a row how far it is: a page is sent, then the row
moves on. Whoever dies in between has a page sent twice; whoever lives on takes it up again after
the lease. What is sent again has the id that it had.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

import asyncpg
import msgspec
import structlog
from nats.aio.client import Client

from milepost.contracts.documents.addresses import dataschemas
from milepost.contracts.published import PUBLISHED
from milepost.events.ids import new_id
from milepost.events.log import read_page
from milepost.events.relay.republish import Part, Stopped, republish, stream_for
from milepost.subscriptions.partners.accounts import replay_subject
from milepost.subscriptions.partners.events import Outcome, SubscriberRepublishRequested
from milepost.subscriptions.partners.register import Named
from milepost.subscriptions.partners.subscriber import SUBSCRIBER, end, tags_of
from milepost.web.room import Context

LEASE_SECONDS: Final = 30
AT_ONCE: Final = 8

_CLAIM = """
insert into partners.republications as kept (tenant, republication, next, worker, leased_until)
values ($1, $2, $3, $4, now() + make_interval(secs => $5))
on conflict (tenant, republication) do update
   set worker = excluded.worker, leased_until = excluded.leased_until
 where kept.worker = excluded.worker or kept.leased_until < now()
returning next, published"""
_MOVE = """
update partners.republications set next = $4, published = $5
 where tenant = $1 and republication = $2 and worker = $3"""

_log = structlog.get_logger()


class Progress(msgspec.Struct, frozen=True):
    """`next` is the first position that was not reached yet."""

    next: int
    published: int


class Replays:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._worker = new_id()

    async def turn(self, client: Client, named: Sequence[Named]) -> None:
        """A second's worth of each. Raises what NATS and Postgres raise."""
        waiting = [one for one in named if one.state.under_way]
        for first in range(0, len(waiting), AT_ONCE):
            some = waiting[first : first + AT_ONCE]
            await asyncio.gather(*(self._page(client, one) for one in some))

    async def _page(self, client: Client, named: Named) -> None:
        asked = named.state.under_way
        assert asked is not None
        at = await self._claim(named.tenant, asked)
        if at is None:  # another process has it
            return
        try:
            if at.next <= asked.last:
                at = await self._publish(client, named, asked, at)
        except Stopped as stopped:
            _log.warning("subscriber_republish_failed", reason=str(stopped), tenant=named.tenant)
            at = Progress(stopped.position, at.published)
            await self._end(named, asked, at, "failed")
        else:
            if at.next > asked.last:
                await self._end(named, asked, at, "done")

    async def _claim(self, tenant: str, asked: SubscriberRepublishRequested) -> Progress | None:
        row = await self._context.pool.fetchrow(
            _CLAIM, tenant, UUID(asked.republication), asked.first, self._worker, LEASE_SECONDS
        )
        return Progress(row["next"], row["published"]) if row else None

    async def _publish(
        self, client: Client, named: Named, asked: SubscriberRepublishRequested, at: Progress
    ) -> Progress:
        """The next page. Raises `Stopped`."""
        log, tenant = self._context.transactor.log, named.tenant
        tags = tags_of(named.state, asked.events)
        page = await read_page(
            log, tenant, at.next - 1, asked.last, types=tags, limit=asked.per_second
        )
        part = Part(tenant, at.next, min(page.reached, asked.last), tags)
        subject = replay_subject(tenant, named.name)
        replicas = self._context.settings.nats_replicas
        await stream_for(client.jetstream(), subject, replicas=replicas)
        counts = await republish(
            log,
            client,
            PUBLISHED,
            part,
            subject,
            on_progress=lambda _what, _done, _all: None,
            dataschemas=dataschemas(self._context.settings.public_origin),
        )
        moved = Progress(part.last + 1, at.published + counts.total())
        await self._context.pool.execute(
            _MOVE, tenant, UUID(asked.republication), self._worker, moved.next, moved.published
        )
        return moved

    async def _end(
        self, named: Named, asked: SubscriberRepublishRequested, at: Progress, outcome: Outcome
    ) -> None:
        await ended(self._context, named.tenant, asked, at, outcome)


async def progress(
    pool: asyncpg.Pool, tenant: str, asked: SubscriberRepublishRequested
) -> Progress:
    """Of what is under way."""
    row = await pool.fetchrow(
        "select next, published from partners.republications"
        " where tenant = $1 and republication = $2",
        tenant,
        UUID(asked.republication),
    )
    return Progress(row["next"], row["published"]) if row else Progress(asked.first, 0)


async def ended(
    context: Context,
    tenant: str,
    asked: SubscriberRepublishRequested,
    at: Progress,
    outcome: Outcome,
) -> None:
    """Said in the log, once. The row stays a while: who has not heard of the end may look at it."""
    now = context.clock()
    await context.transactor.transact(
        tenant,
        SUBSCRIBER.of(asked.subscriber),
        lambda state: end(
            state,
            asked.republication,
            outcome=outcome,
            next_position=at.next,
            published=at.published,
            occurred_at=now,
        ),
        command_id=uuid5(UUID(asked.republication), outcome),
    )


async def forget_ended(pool: asyncpg.Pool, named: Sequence[Named]) -> None:
    """The rows of what ended long ago."""
    running = [UUID(one.state.under_way.republication) for one in named if one.state.under_way]
    await pool.execute(
        "delete from partners.republications"
        " where leased_until < now() - interval '1 day' and republication <> all($1)",
        running,
    )
