"""Routes on what is delivered to a webhook: look, deliver again, try it out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from milepost.events.log import Recorded, event_at
from milepost.subscriptions.since import SINCE_IN_FUTURE, position_before
from milepost.subscriptions.visibility import SUBSCRIBERS
from milepost.subscriptions.webhooks.api.wiring import EXAMPLE as WEBHOOK_EXAMPLE
from milepost.subscriptions.webhooks.api.wiring import UNKNOWN, VIEWERS, PathWebhook
from milepost.subscriptions.webhooks.api.wiring import Wiring as Webhooks
from milepost.subscriptions.webhooks.delivery.log import parameters
from milepost.subscriptions.webhooks.delivery.log.backlog import standing
from milepost.subscriptions.webhooks.delivery.log.parameters import (
    NewRedelivery,
    cursor_of,
    event_id_of,
    event_name,
    read_cursor,
)
from milepost.subscriptions.webhooks.delivery.log.redeliveries import (
    MAX_OPEN,
    Asked,
    Part,
    Redeliveries,
)
from milepost.subscriptions.webhooks.delivery.log.store import DeliveryLog, Found, Sought
from milepost.subscriptions.webhooks.delivery.log.test_message import NAME, message_body
from milepost.subscriptions.webhooks.delivery.log.views import (
    Backlog,
    DeliveriesView,
    DeliveryDetailView,
    RedeliveriesView,
    RedeliveryView,
)
from milepost.subscriptions.webhooks.delivery.refusals import (
    RedeliveryAhead,
    TooManyRedeliveries,
    UnknownDelivery,
)
from milepost.subscriptions.webhooks.delivery.sending.call import call, message_id
from milepost.subscriptions.webhooks.domain.refusals import WebhookNotVerified
from milepost.subscriptions.webhooks.domain.webhook import Webhook
from milepost.subscriptions.webhooks.secrets import SecretsLocked
from milepost.web.openapi.documented_answers import IDEMPOTENCY_KEY, KEY_REUSED, Answers, query
from milepost.web.outbound.client import Outbound
from milepost.web.problems import Malformed
from milepost.web.requests.commands import Call
from milepost.web.requests.idempotency import body_digest, command_id, idempotency_key
from milepost.web.requests.times import in_calendar

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN: Final = UnknownDelivery(parameters.EXAMPLE)


class Wiring(msgspec.Struct, frozen=True):
    """What these routes are given to work with."""

    webhooks: Webhooks
    pool: asyncpg.Pool
    log: DeliveryLog
    redeliveries: Redeliveries
    outbound: Outbound
    encode: Callable[[Recorded], bytes]
    clock: Callable[[], datetime]


def _command(*refusals: Exception) -> Answers:
    """One that writes nothing to the log, so it has no position."""
    return Answers(refusals=(*refusals, KEY_REUSED), request_headers=(IDEMPOTENCY_KEY,))


@get("/deliveries", summary="List what is delivered to a webhook", answers=query(UNKNOWN),
     roles=VIEWERS)  # fmt: skip
async def list_deliveries(  # noqa: PLR0917 - what may be asked
    request: Call,
    webhook: PathWebhook,
    deliveries: NamedDependency[Wiring],
    only: parameters.StateQuery = None,
    event: parameters.EventQuery = None,
    since: parameters.Since = None,
    cursor: parameters.Cursor = None,
    limit: parameters.Limit = 100,
) -> DeliveriesView:
    """The newest first: what waits, what arrived, and what was given up. They are kept for 30 days,
    unless the operator says otherwise.

    Roles: service, registrar, issuer, operator, auditor.
    """
    await deliveries.webhooks.visible(request, webhook)
    sought = Sought(
        state=only,
        event=event_name(event),
        since=in_calendar(since, query="since") if since else None,
        before=_before(cursor),
    )
    found = await deliveries.log.page(request.user.tenant, webhook, sought, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return DeliveriesView(
        deliveries=tuple(one.view() for one in found[:limit]),
        next=cursor_of(last.created_at, last.event_id) if last else None,
    )


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    micros, event_id = read_cursor(cursor)
    try:
        return in_calendar(EPOCH + timedelta(microseconds=micros), query="cursor"), event_id
    except OverflowError:
        raise Malformed("A date lies outside the calendar.", query="cursor") from None


@get("/deliveries/{delivery:str}", summary="Read how a delivery went",
     answers=query(UNKNOWN, _UNKNOWN), roles=VIEWERS)  # fmt: skip
async def get_delivery(
    request: Call,
    webhook: PathWebhook,
    delivery: parameters.DeliveryPath,
    deliveries: NamedDependency[Wiring],
) -> DeliveryDetailView:
    """What is sent, and each request with its response, the last one first.

    Roles: service, registrar, issuer, operator, auditor.
    """
    await deliveries.webhooks.visible(request, webhook)
    return await _detail(deliveries, request.user.tenant, webhook, delivery)


@get("/backlog", summary="Read how far a webhook is behind", answers=query(UNKNOWN),
     roles=VIEWERS)  # fmt: skip
async def get_backlog(
    request: Call, webhook: PathWebhook, deliveries: NamedDependency[Wiring]
) -> Backlog:
    """What waits, since when, and what never arrived.

    Roles: service, registrar, issuer, operator, auditor.
    """
    await deliveries.webhooks.visible(request, webhook)
    found = await standing(deliveries.pool, request.user.tenant, [webhook])
    return found[webhook]


@post("/redeliveries", status_code=202, summary="Deliver again", roles=SUBSCRIBERS,
      answers=_command(UNKNOWN, _UNKNOWN, TooManyRedeliveries(MAX_OPEN),
                       RedeliveryAhead(9_000, 41), SINCE_IN_FUTURE))  # fmt: skip
async def redeliver(
    request: Call,
    webhook: PathWebhook,
    data: JSONBody[NewRedelivery],
    deliveries: NamedDependency[Wiring],
) -> Response[RedeliveryView]:
    """One delivery, or whatever the webhook asks for of a part of the log; of that only what was
    given up, with `failed_only`. In the order of the log, each under the id it had: a receiver
    tells by that what it has already. What waits anyhow is not doubled.

    Roles: service, registrar, issuer, operator.
    """
    await deliveries.webhooks.existing(request, webhook)
    tenant, key = request.user.tenant, idempotency_key(request) or ""
    asked = Asked(command_id(request), key, body_digest(request))
    view = await deliveries.redeliveries.repeated(tenant, webhook, asked)
    if view is None:
        part = await _part(deliveries, tenant, webhook, data)
        now = deliveries.clock()
        view = await deliveries.redeliveries.begin(tenant, webhook, asked, part, now)
    return Response(view, status_code=202)


async def _part(deliveries: Wiring, tenant: str, webhook: str, data: NewRedelivery) -> Part:
    """Raises `Malformed`, `UnknownDelivery`, `RedeliveryAhead`, `SinceInFuture`."""
    if [data.delivery, data.after, data.since].count(None) != 2:
        raise Malformed("Say one of `delivery`, `after` and `since`.")
    if data.delivery is not None:
        found = await deliveries.log.find(tenant, webhook, event_id_of(data.delivery))
        if found is None or found.position is None or found.message != data.delivery:
            raise UnknownDelivery(data.delivery)
        return Part(after=found.position - 1, upto=found.position)
    log = deliveries.webhooks.transactor.log
    head = (await log.heads()).get(tenant, 0)
    if max(data.after or 0, data.upto or 0) > head:
        raise RedeliveryAhead(max(data.after or 0, data.upto or 0), head)
    after = data.after
    if data.since is not None:
        since = in_calendar(data.since, field="since")
        now = deliveries.clock()
        after = await position_before(log, tenant, since, head=head, now=now)
    upto = head if data.upto is None else data.upto
    return Part(
        after=min(after or 0, upto),
        upto=upto,
        failed_only=data.failed_only,
        per_second=data.per_second,
    )


@get("/redeliveries", summary="List what is delivered again", answers=query(UNKNOWN),
     roles=VIEWERS)  # fmt: skip
async def list_redeliveries(
    request: Call, webhook: PathWebhook, deliveries: NamedDependency[Wiring]
) -> RedeliveriesView:
    """The newest 100, and how far each is.

    Roles: service, registrar, issuer, operator, auditor.
    """
    await deliveries.webhooks.visible(request, webhook)
    found = await deliveries.redeliveries.list(request.user.tenant, webhook)
    return RedeliveriesView(redeliveries=tuple(found))


@post("/test", status_code=200, summary="Send a test message", roles=SUBSCRIBERS,
      answers=_command(UNKNOWN, WebhookNotVerified(WEBHOOK_EXAMPLE), SecretsLocked()))  # fmt: skip
async def send_test(
    request: Call, webhook: PathWebhook, deliveries: NamedDependency[Wiring]
) -> DeliveryDetailView:
    """At once, also while it is paused, and only once: the answer says what the endpoint answered.
    Signed like any other; its type is `milepost.webhook.test`, its id ends with `_test`, and its
    `data` says `"test": true`.

    Roles: service, registrar, issuer, operator.
    """
    found = await deliveries.webhooks.existing(request, webhook)
    if not found.verified:
        raise WebhookNotVerified(webhook)
    tenant, test = request.user.tenant, command_id(request)
    if await deliveries.log.find(tenant, webhook, test) is None:
        await _try(deliveries, tenant, found, test)
    return await _detail(deliveries, tenant, webhook, message_id(test, test=True))


HANDLERS: Final = (
    list_deliveries,
    get_delivery,
    get_backlog,
    redeliver,
    list_redeliveries,
    send_test,
)


async def _try(deliveries: Wiring, tenant: str, webhook: Webhook, test: UUID) -> None:
    now, name = deliveries.clock(), webhook.webhook
    secrets = await deliveries.webhooks.register.secrets_of(tenant, webhook)
    body, message = message_body(tenant, name, test, now), message_id(test, test=True)
    tried = await call(deliveries.outbound, webhook.url, message, body, secrets, now)
    await deliveries.log.tested(tenant, name, test, NAME, tried)


async def _detail(
    deliveries: Wiring, tenant: str, webhook: str, delivery: str
) -> DeliveryDetailView:
    """Raises `UnknownDelivery`."""
    found = await deliveries.log.find(tenant, webhook, event_id_of(delivery))
    if found is None or found.message != delivery:
        raise UnknownDelivery(delivery)
    body = await _body(deliveries, tenant, webhook, found)
    tries = await deliveries.log.attempts(tenant, webhook, found)
    return DeliveryDetailView(**found.members(), body=body.decode(), tries=tries)


async def _body(deliveries: Wiring, tenant: str, webhook: str, found: Found) -> bytes:
    if found.position is None:
        return message_body(tenant, webhook, found.event_id, found.created_at)
    return deliveries.encode(
        await event_at(deliveries.webhooks.transactor.log, tenant, found.position)
    )


def routes(wiring: Wiring) -> Router:
    return Router(
        "/webhooks/{webhook:str}",
        route_handlers=list(HANDLERS),
        dependencies={"deliveries": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["webhooks"],
    )
