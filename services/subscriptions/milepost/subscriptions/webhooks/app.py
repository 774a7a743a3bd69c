"""Wiring of webhooks, nothing else."""

from functools import partial

from milepost.subscriptions.webhooks.api.routes import routes
from milepost.subscriptions.webhooks.api.wiring import Wiring
from milepost.subscriptions.webhooks.delivery.app import delivering, delivery, outbound_of
from milepost.subscriptions.webhooks.delivery.log.api import routes as delivery_routes
from milepost.subscriptions.webhooks.delivery.log.backlog import standing
from milepost.subscriptions.webhooks.delivery.personal_data import forgetting
from milepost.subscriptions.webhooks.descriptions import Descriptions
from milepost.subscriptions.webhooks.endpoint import Endpoints
from milepost.subscriptions.webhooks.register import Register
from milepost.subscriptions.webhooks.secrets import WEBHOOK_KEY, Secrets
from milepost.web.room import Context, Service
from milepost.web.secrets.sealing import Sealing


def service(context: Context) -> Service:
    """Raises `SettingInvalid`."""
    wired = wiring(context)
    delivers = delivery(context, wired.register)
    return Service(
        name="webhooks",
        routes=(routes(wired), delivery_routes(delivering(context, wired))),
        handlers=(delivers.handler, forgetting(context.pool)),
        workers=(delivers.sender.run, delivers.backfills.run, delivers.pruning.run),
    )


def wiring(context: Context) -> Wiring:
    """Raises `SettingInvalid`."""
    settings, pool, transactor = context.settings, context.pool, context.transactor
    secrets = Secrets(pool, Sealing(WEBHOOK_KEY, settings, pool))
    return Wiring(
        transactor=transactor,
        register=Register(transactor.log, secrets, context.clock),
        secrets=secrets,
        descriptions=Descriptions(pool),
        endpoints=Endpoints(outbound_of(settings)),
        clock=context.clock,
        backlogs=partial(standing, pool),
    )
