"""Routes on a webhook's life: verify its endpoint, pause, resume, disable, enable."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.subscriptions.visibility import SUBSCRIBERS
from milepost.subscriptions.webhooks.api.bodies import GoOn
from milepost.subscriptions.webhooks.api.views import WebhookView, view_of
from milepost.subscriptions.webhooks.api.wiring import EXAMPLE, UNKNOWN, PathWebhook, Wiring
from milepost.subscriptions.webhooks.domain import webhook as rules
from milepost.subscriptions.webhooks.domain.refusals import (
    EndpointSilent,
    WebhookIsDisabled,
    WebhookNotVerified,
    WebhookUrlChanged,
)
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Webhook
from milepost.subscriptions.webhooks.events import WebhookEvent
from milepost.subscriptions.webhooks.secrets import SecretsLocked
from milepost.web.openapi.documented_answers import command
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.positions import positioned

_log = structlog.get_logger()
_SILENT: Final = EndpointSilent(EXAMPLE, "its answer does not hold the challenge", 200)


@post(
    "/{webhook:str}/verify",
    summary="Verify a webhook's endpoint",
    status_code=200,
    answers=command(UNKNOWN, _SILENT, WebhookUrlChanged(EXAMPLE), SecretsLocked()),
    roles=SUBSCRIBERS,
)
async def verify_webhook(
    request: Call, webhook: PathWebhook, wiring: NamedDependency[Wiring]
) -> Response[WebhookView]:
    """Sends a signed message of the type `milepost.webhook.verification` there. The endpoint has
    to answer within 10 seconds, with a status of 2xx and the `challenge` that is in its `data`: as
    the body, as `{"challenge": …}`, or in the header `Webhook-Challenge`. Redirects are not
    followed. What is verified already is not asked again.

    Roles: service, registrar, issuer, operator.
    """
    tenant, known = request.user.tenant, await wiring.existing(request, webhook)
    if not known.verified:
        secrets = await wiring.register.secrets_of(tenant, known)
        await wiring.endpoints.challenge(tenant, known, secrets, wiring.clock())
    return await _run(request, webhook, wiring, partial(rules.verify, url=known.url))


@post(
    "/{webhook:str}/pause",
    summary="Pause a webhook",
    status_code=200,
    answers=command(UNKNOWN),
    roles=SUBSCRIBERS,
)
async def pause_webhook(
    request: Call, webhook: PathWebhook, wiring: NamedDependency[Wiring]
) -> Response[WebhookView]:
    """Nothing is delivered until it is resumed. Repeating it does nothing.

    Roles: service, registrar, issuer, operator.
    """
    await wiring.existing(request, webhook)
    return await _run(request, webhook, wiring, rules.pause)


@post(
    "/{webhook:str}/resume",
    summary="Resume a webhook",
    status_code=200,
    answers=command(UNKNOWN, WebhookNotVerified(EXAMPLE), WebhookIsDisabled(EXAMPLE, "gone")),
    roles=SUBSCRIBERS,
)
async def resume_webhook(
    request: Call,
    webhook: PathWebhook,
    data: JSONBody[GoOn],
    wiring: NamedDependency[Wiring],
) -> Response[WebhookView]:
    """From where it stopped, or, with `skip`, from now. Repeating it does nothing.

    Roles: service, registrar, issuer, operator.
    """
    await wiring.existing(request, webhook)
    return await _run(request, webhook, wiring, partial(rules.resume, skip=data.skip))


@post(
    "/{webhook:str}/disable",
    summary="Disable a webhook",
    status_code=200,
    answers=command(UNKNOWN),
    roles=("operator",),
)
async def disable_webhook(
    request: Call, webhook: PathWebhook, wiring: NamedDependency[Wiring]
) -> Response[WebhookView]:
    """Nothing is delivered until it is enabled again. That is published: `webhook_disabled`.

    Roles: operator.
    """
    known = await wiring.existing(request, webhook)
    response = await _run(request, webhook, wiring, partial(rules.disable, reason="operator"))
    if known.disabled is None:
        tenant = request.user.tenant
        _log.warning("webhook_disabled", tenant=tenant, webhook=webhook, reason="operator")
    return response


@post(
    "/{webhook:str}/enable",
    summary="Enable a webhook that was disabled",
    status_code=200,
    answers=command(UNKNOWN),
    roles=SUBSCRIBERS,
)
async def enable_webhook(
    request: Call,
    webhook: PathWebhook,
    data: JSONBody[GoOn],
    wiring: NamedDependency[Wiring],
) -> Response[WebhookView]:
    """From where it stopped, or, with `skip`, from now. Repeating it does nothing.

    Roles: service, registrar, issuer, operator.
    """
    await wiring.existing(request, webhook)
    return await _run(request, webhook, wiring, partial(rules.enable, skip=data.skip))


HANDLERS = (verify_webhook, pause_webhook, resume_webhook, disable_webhook, enable_webhook)


async def _run(
    request: Call, webhook: str, wiring: Wiring, decide: Callable[..., Sequence[WebhookEvent]]
) -> Response[WebhookView]:
    decided: Callable[[Webhook], Sequence[WebhookEvent]]
    decided = partial(decide, webhook=webhook, at=wiring.clock())
    outcome = await run_command(request, wiring.transactor, WEBHOOK.of(webhook), decided)
    description = await wiring.descriptions.get(request.user.tenant, webhook)
    view = view_of(outcome.state(WEBHOOK), description, wiring.clock())
    return positioned(view, outcome.position)
