"""The webhooks of a school as its deliveries know them, within the handler's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from milepost.events.log import Recorded
from milepost.events.parking.parked import Connection
from milepost.subscriptions.webhooks.delivery.queue import ring
from milepost.subscriptions.webhooks.domain.webhook import Webhook

# Whoever continues a backfill holds it for as long as a page takes, and no longer.
KNOWN = """with behind as materialized (
        select webhook from webhooks.backfills
         where tenant = $1 and kind = 'catch_up' order by webhook for update)
    select webhook, exists (select from behind b where b.webhook = e.webhook) as behind
      from webhooks.endpoints e where tenant = $1 and not deleted"""
ADD = """insert into webhooks.endpoints (tenant, webhook, url, ordered, sends)
    values ($1, $2, $3, $4, true)"""
CHANGE = """update webhooks.endpoints set url = $3, ordered = $4, sends = $5,
        held_at = case when $5 then null else coalesce(held_at, $6) end,
        failures = case when $7 then 0 else failures end,
        failing_since = case when $7 then null else failing_since end
    where tenant = $1 and webhook = $2"""
BEGIN = """insert into webhooks.backfills
        (tenant, webhook, backfill, kind, "first", "next", upto, due_at, created_at)
    values ($1, $2, $3, 'catch_up', $4, $4, $5, $6, $6)"""
EXTEND = """update webhooks.backfills set upto = $3
    where tenant = $1 and webhook = $2 and kind = 'catch_up'"""
# What was to come before the webhook was held still comes, for itself.
SKIP = """with held as (
        select held_at from webhooks.endpoints where tenant = $1 and webhook = $2)
    update webhooks.backfills b set kind = 'redelivery', upto = least(b.upto, held.held_at)
      from held where tenant = $1 and webhook = $2 and kind = 'catch_up'"""
MARK = """update webhooks.endpoints set deleted = true, sends = false
    where tenant = $1 and webhook = $2"""
DROP = """with dropped as (
        delete from webhooks.backfills where tenant = $1 and webhook = $2)
    delete from webhooks.deliveries where tenant = $1 and webhook = $2 and state = 'waiting'"""


class Endpoints:
    """Made for a batch; what it says of a webhook holds until its transaction ends."""

    def __init__(
        self, connection: Connection, tenant: str, known: set[str], behind: set[str]
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self._known = known
        self._behind = behind

    @classmethod
    async def of(cls, connection: Connection, tenant: str) -> "Endpoints":
        rows = await connection.fetch(KNOWN, tenant)
        behind = {row["webhook"] for row in rows if row["behind"]}
        return cls(connection, tenant, {row["webhook"] for row in rows}, behind)

    def knows(self, webhook: str) -> bool:
        """It was verified once, and is not deleted."""
        return webhook in self._known

    def is_behind(self, webhook: str) -> bool:
        """What it is to be told is still in the log, and more comes behind that."""
        return webhook in self._behind

    async def add(self, webhook: Webhook, position: int, now: datetime) -> None:
        """It is delivered to from now on, and what lies between its start and here as well."""
        name = webhook.webhook
        await self.connection.execute(
            ADD, self.tenant, name, webhook.url, webhook.ordered != "none"
        )
        self._known.add(name)
        if webhook.start < position:
            await self._begin(name, webhook.start, position, now)

    async def change(self, webhook: Webhook, position: int, *, skip: bool) -> None:
        """As it is from `position` on. `skip`: what was published while it was held."""
        name = webhook.webhook
        if skip and webhook.active and name in self._behind:
            await self.connection.execute(SKIP, self.tenant, name)
            self._behind.discard(name)
        ordered, sends = webhook.ordered != "none", webhook.active
        await self.connection.execute(
            CHANGE, self.tenant, name, webhook.url, ordered, sends, position, sends
        )
        if sends:
            await ring(self.connection, self.tenant, name)

    async def leave_in_log(self, name: str, events: Sequence[Recorded], now: datetime) -> None:
        """These events wait in the log."""
        first, last = events[0].position - 1, events[-1].position
        if name in self._behind:
            await self.connection.execute(EXTEND, self.tenant, name, last)
        else:
            await self._begin(name, first, last, now)

    async def remove(self, name: str) -> None:
        """It is told nothing any more; its log goes with the next pruning."""
        await self.connection.execute(DROP, self.tenant, name)  # in the order in which senders lock
        await self.connection.execute(MARK, self.tenant, name)
        self._known.discard(name)
        self._behind.discard(name)

    async def _begin(self, name: str, after: int, upto: int, now: datetime) -> None:
        await self.connection.execute(BEGIN, self.tenant, name, uuid4(), after, upto, now)
        self._behind.add(name)
