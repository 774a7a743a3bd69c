"""Routes on webhooks: create, look at, change, delete."""

from functools import partial
from typing import Final
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET
from uuid_utils.compat import uuid5

from milepost.subscriptions.domain.filters import TAGS
from milepost.subscriptions.since import SINCE_IN_FUTURE, position_before
from milepost.subscriptions.visibility import SUBSCRIBERS
from milepost.subscriptions.webhooks.api.bodies import NewWebhook, WebhookChanges
from milepost.subscriptions.webhooks.api.views import (
    NewWebhookView,
    WebhookDetail,
    WebhooksView,
    WebhookView,
    detail_of,
    new_view_of,
    view_of,
)
from milepost.subscriptions.webhooks.api.wiring import (
    UNKNOWN,
    VIEWERS,
    PathWebhook,
    Wiring,
    may_see,
)
from milepost.subscriptions.webhooks.domain import webhook as rules
from milepost.subscriptions.webhooks.domain.refusals import (
    EndpointRefused,
    StartAhead,
    TooManyWebhooks,
    UnknownEventNames,
    UnknownWebhook,
)
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Webhook
from milepost.subscriptions.webhooks.secrets import SecretsLocked
from milepost.web.openapi.documented_answers import command, query, versioned_query
from milepost.web.problems import Malformed
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import digested
from milepost.web.requests.idempotency import command_id
from milepost.web.requests.positions import created, positioned
from milepost.web.requests.times import in_calendar

# Of a school. Two who create at once may both come in as the last.
MAX_WEBHOOKS: Final = 1_000
_REFUSED = EndpointRefused("https://10.0.0.7/hook", "its address is not public")
_UNKNOWN_NAMES = UnknownEventNames(("credential_awardet",), tuple(TAGS))


@post(
    "/",
    summary="Create a webhook",
    status_code=201,
    answers=command(
        _REFUSED,
        _UNKNOWN_NAMES,
        TooManyWebhooks(MAX_WEBHOOKS),
        StartAhead(9_000, 41),
        SINCE_IN_FUTURE,
        SecretsLocked(),
        UNKNOWN,
        creates=True,
        also=200,
    ),
    roles=SUBSCRIBERS,
    links=("getWebhook",),
)
async def create_webhook(
    request: Call, data: JSONBody[NewWebhook], wiring: NamedDependency[Wiring]
) -> Response[NewWebhookView]:
    """Nothing is delivered before its endpoint is verified: `POST /webhooks/{webhook}/verify`. Then
    all that was published since now comes, or, with `after` or `since`, since then.

    Roles: service, registrar, issuer, operator.
    """
    tenant, made = request.user.tenant, command_id(request)
    webhook, target = _derived(made, "webhook"), data.target()
    if (known := await wiring.register.get(tenant, webhook)) is None:
        await _check_new(wiring, tenant, data.url)
        key = await wiring.secrets.prepare(tenant, webhook, _derived(made, "key"), data.signature)
    else:
        key = known.keys[0].new
    decide = partial(
        rules.create,
        webhook=webhook,
        target=target,
        key=key,
        start=await _start(wiring, tenant, data),
        by=request.user.subject,
        at=wiring.clock(),
    )
    outcome = await run_command(request, wiring.transactor, WEBHOOK.of(webhook), decide)
    state = outcome.state(WEBHOOK)
    if state.deleted:  # the same request again, and meanwhile somebody has removed it
        await wiring.secrets.forget(tenant, webhook, state.keys)
        raise UnknownWebhook(webhook)
    await wiring.descriptions.put(tenant, webhook, data.description, outcome.events)
    view = await _new(wiring, tenant, state)
    return _private(created(view, outcome.position, ("webhooks", webhook)))


@get("/", summary="The webhooks", answers=query(), roles=VIEWERS)
async def list_webhooks(request: Call, wiring: NamedDependency[Wiring]) -> Response[WebhooksView]:
    """All of the school, the oldest first; to a `service` those that it created.

    Roles: service, registrar, issuer, operator, auditor.
    """
    tenant, now = request.user.tenant, wiring.clock()
    described = await wiring.descriptions.of(tenant)
    views = [
        view_of(one, described.get(one.webhook, ""), now)
        for one in await wiring.register.all(tenant)
        if may_see(request.user, one)
    ]
    return Response(WebhooksView(webhooks=tuple(views)))


@get("/{webhook:str}", summary="A webhook", answers=versioned_query(UNKNOWN), roles=VIEWERS)
async def get_webhook(
    request: Call, webhook: PathWebhook, wiring: NamedDependency[Wiring]
) -> Response[WebhookDetail]:
    """What it asks for, and how far it is behind.

    Roles: service, registrar, issuer, operator, auditor.
    """
    tenant, state = request.user.tenant, await wiring.visible(request, webhook)
    description = await wiring.descriptions.get(tenant, webhook)
    backlogs = await wiring.backlogs(tenant, [webhook])
    view = detail_of(state, description, backlogs[webhook], wiring.clock())
    return digested(request, view)


@patch(
    "/{webhook:str}",
    summary="Change a webhook",
    answers=command(UNKNOWN, _REFUSED, _UNKNOWN_NAMES),
    roles=SUBSCRIBERS,
)
async def change_webhook(
    request: Call,
    webhook: PathWebhook,
    data: JSONBody[WebhookChanges],
    wiring: NamedDependency[Wiring],
) -> Response[WebhookView]:
    """What waits already is delivered to the new address, once that is verified; what matched
    before is delivered though it would match no longer.

    Roles: service, registrar, issuer, operator.
    """
    tenant, known = request.user.tenant, await wiring.existing(request, webhook)
    target = data.target(known)
    if target.url != known.url:
        await wiring.endpoints.check(target.url)
    decide = partial(rules.change, webhook=webhook, target=target, at=wiring.clock())
    outcome = await run_command(request, wiring.transactor, WEBHOOK.of(webhook), decide)
    if data.description is not UNSET:
        await wiring.descriptions.put(tenant, webhook, data.description, outcome.events)
    description = await wiring.descriptions.get(tenant, webhook)
    view = view_of(outcome.state(WEBHOOK), description, wiring.clock())
    return positioned(view, outcome.position)


@delete(
    "/{webhook:str}",
    summary="Delete a webhook",
    status_code=200,
    answers=command(UNKNOWN),
    roles=SUBSCRIBERS,
)
async def delete_webhook(
    request: Call, webhook: PathWebhook, wiring: NamedDependency[Wiring]
) -> Response[WebhookView]:
    """Nothing more is delivered, and its secrets are gone. Repeating it does nothing.

    Roles: service, registrar, issuer, operator.
    """
    tenant = request.user.tenant
    await wiring.mine(request, webhook)
    decide = partial(rules.delete, webhook=webhook, at=wiring.clock())
    outcome = await run_command(request, wiring.transactor, WEBHOOK.of(webhook), decide)
    state = outcome.state(WEBHOOK)
    await wiring.secrets.forget(tenant, webhook, state.keys)
    await wiring.descriptions.forget(tenant, webhook)
    return positioned(view_of(state, "", wiring.clock()), outcome.position)


HANDLERS = (create_webhook, list_webhooks, get_webhook, change_webhook, delete_webhook)


def _derived(command: UUID, name: str) -> str:
    """The same command makes the same webhook and the same secret, however often it comes."""
    return str(uuid5(command, name))


async def _check_new(wiring: Wiring, tenant: str, url: str) -> None:
    """Raises `TooManyWebhooks`, `EndpointRefused`."""
    known = [one.webhook for one in await wiring.register.all(tenant)]
    if len(known) >= MAX_WEBHOOKS:
        raise TooManyWebhooks(MAX_WEBHOOKS)
    await wiring.endpoints.check(url)
    await wiring.secrets.forget_strays(tenant, known)


async def _new(wiring: Wiring, tenant: str, state: Webhook) -> NewWebhookView:
    now = wiring.clock()
    [secret] = await wiring.secrets.open(tenant, state.webhook, [state.signing(now)[0].key])
    description = await wiring.descriptions.get(tenant, state.webhook)
    return new_view_of(state, description, secret, now)


async def _start(wiring: Wiring, tenant: str, data: NewWebhook) -> int:
    """Raises `StartAhead`, `SinceInFuture`, `Malformed`."""
    log = wiring.transactor.log
    head = (await log.heads()).get(tenant, 0)
    if data.since is not None:
        if data.after is not None:
            raise Malformed("Say `after` or `since`, not both.", path="$.since")
        since = in_calendar(data.since, field="since")
        return await position_before(log, tenant, since, head=head, now=wiring.clock())
    if data.after is not None and data.after > head:
        raise StartAhead(data.after, head)
    return head if data.after is None else data.after


def _private(response: Response[NewWebhookView]) -> Response[NewWebhookView]:
    response.headers["Cache-Control"] = "no-store"
    return response
