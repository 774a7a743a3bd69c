"""The subscribers of a school: partners on NATS, and webhooks with their deliveries."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg
import msgspec
import nats.js.errors
from nats.js.api import ConsumerInfo

from milepost.events.nats import jetstream
from milepost.events.nats.connection import NatsServer, connect_once
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import PostgresLog
from milepost.subscriptions.partners import consumers
from milepost.subscriptions.partners.accounts import account_id
from milepost.subscriptions.partners.register import Named, subscribers_of
from milepost.subscriptions.partners.subscriber import EVENTS
from milepost.subscriptions.webhooks.delivery.log.backlog import standing
from milepost.subscriptions.webhooks.delivery.log.store import DeliveryLog, Found, Sought
from milepost.subscriptions.webhooks.delivery.log.views import Backlog
from milepost.subscriptions.webhooks.domain.webhook import Webhook
from milepost.subscriptions.webhooks.register import webhooks_of

NATS_SECONDS: Final = 3
DELIVERIES: Final = 20
WEBHOOKS: Final = 200


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """`pending` events were not sent yet; None where NATS does not say."""

    name: str
    owner: str | None
    events: Sequence[str]
    everything: bool
    pending: int | None
    unacknowledged: int | None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    webhook: Webhook
    backlog: Backlog
    failed: Sequence[Found]


class Subscribers(msgspec.Struct, frozen=True, kw_only=True):
    """`answered`: NATS said how far partners are."""

    partners: Sequence[Partner]
    webhooks: Sequence[Endpoint]
    answered: bool


async def read_subscribers(pool: asyncpg.Pool, server: NatsServer, tenant: str) -> Subscribers:
    log = PostgresLog(pool)
    named = await subscribers_of(log, [tenant])
    infos = await _infos(server) if named else {}
    hooks = (await webhooks_of(log, tenant))[:WEBHOOKS]
    backlogs = await standing(pool, tenant, [one.webhook for one in hooks])
    deliveries = DeliveryLog(pool)
    return Subscribers(
        partners=[_partner(one, infos) for one in named],
        webhooks=[
            Endpoint(
                webhook=one,
                backlog=backlogs[one.webhook],
                failed=await _failed(deliveries, tenant, one, backlogs[one.webhook]),
            )
            for one in hooks
        ],
        answered=infos is not None,
    )


async def _failed(
    deliveries: DeliveryLog, tenant: str, one: Webhook, backlog: Backlog
) -> Sequence[Found]:
    if not backlog.parked:
        return ()
    return await deliveries.page(tenant, one.webhook, Sought(state="parked"), DELIVERIES)


def _partner(one: Named, infos: Mapping[str, ConsumerInfo] | None) -> Partner:
    added = one.state.added
    assert added is not None, "those that are there were added"
    info = (infos or {}).get(account_id(one.tenant, one.name))
    return Partner(
        name=one.name,
        owner=added.owner,
        events=sorted(added.events or EVENTS),
        everything=not added.events,
        pending=(info.num_pending or 0) if info else None,
        unacknowledged=(info.num_ack_pending or 0) if info else None,
    )


async def _infos(server: NatsServer) -> Mapping[str, ConsumerInfo] | None:
    """None of a server that does not answer in time: who is subscribed, the log says."""
    with suppress(nats.js.errors.NotFoundError, *UNAVAILABLE):
        async with asyncio.timeout(NATS_SECONDS):
            client = await connect_once(server, NATS_SECONDS)
            try:
                found: Mapping[str, Any] = await consumers.there(
                    client.jetstream(), jetstream.STREAM
                )
                return found
            finally:
                await client.close()
    return None
