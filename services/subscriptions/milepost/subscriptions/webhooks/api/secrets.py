"""Routes on a webhook's secrets: look at them, rotate them."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from uuid_utils.compat import uuid5

from milepost.subscriptions.visibility import SUBSCRIBERS
from milepost.subscriptions.webhooks.api.bodies import RotateSecret
from milepost.subscriptions.webhooks.api.views import SecretsView, secrets_view_of
from milepost.subscriptions.webhooks.api.wiring import UNKNOWN, PathWebhook, Wiring
from milepost.subscriptions.webhooks.domain import webhook as rules
from milepost.subscriptions.webhooks.domain.refusals import TooManySecrets
from milepost.subscriptions.webhooks.domain.webhook import MAX_KEYS, WEBHOOK, NewKey
from milepost.subscriptions.webhooks.secrets import SecretsLocked
from milepost.web.openapi.documented_answers import command, query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.idempotency import command_id
from milepost.web.requests.positions import positioned

_TOO_MANY: Final = TooManySecrets(MAX_KEYS, datetime(2026, 9, 2, 8, 0, tzinfo=UTC))


@get(
    "/{webhook:str}/secret",
    summary="The secrets of a webhook",
    answers=query(UNKNOWN, SecretsLocked()),
    roles=SUBSCRIBERS,
)
async def get_webhook_secret(
    request: Call, webhook: PathWebhook, wiring: NamedDependency[Wiring]
) -> Response[SecretsView]:
    """What signatures are checked with, while secrets overlap several.

    Roles: service, registrar, issuer, operator.
    """
    state, now = await wiring.existing(request, webhook), wiring.clock()
    keys = [one.key for one in state.signing(now)]
    secrets = await wiring.secrets.open(request.user.tenant, webhook, keys)
    view = secrets_view_of(state, secrets, now)
    return Response(view, headers={"Cache-Control": "no-store"})


@post(
    "/{webhook:str}/secret/rotate",
    summary="Rotate a webhook's secret",
    status_code=200,
    answers=command(UNKNOWN, _TOO_MANY, SecretsLocked()),
    roles=SUBSCRIBERS,
)
async def rotate_webhook_secret(
    request: Call,
    webhook: PathWebhook,
    data: JSONBody[RotateSecret],
    wiring: NamedDependency[Wiring],
) -> Response[SecretsView]:
    """From now on a new secret signs, and for a day, or as long as is said, the old one as well.

    Roles: service, registrar, issuer, operator.
    """
    tenant, state = request.user.tenant, await wiring.existing(request, webhook)
    now = wiring.clock()
    until = now + timedelta(seconds=data.overlap_seconds)
    name = str(uuid5(command_id(request), "key"))
    scheme = data.signature or state.keys[-1].scheme
    # Before a secret is made: what would be refused leaves none behind.
    rules.rotate(state, webhook, NewKey(key=name, scheme=scheme), until=until, at=now)
    key = await wiring.secrets.prepare(tenant, webhook, name, scheme)
    decide = partial(rules.rotate, webhook=webhook, key=key, until=until, at=now)
    outcome = await run_command(request, wiring.transactor, WEBHOOK.of(webhook), decide)
    state = outcome.state(WEBHOOK)
    ended = [one for one in state.keys if not one.signs(now)]
    await wiring.secrets.forget(tenant, webhook, ended)
    keys = [one.key for one in state.signing(now)]
    view = secrets_view_of(state, await wiring.secrets.open(tenant, webhook, keys), now)
    response = positioned(view, outcome.position)
    response.headers["Cache-Control"] = "no-store"
    return response


HANDLERS = (get_webhook_secret, rotate_webhook_secret)
