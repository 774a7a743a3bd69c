"""The routes on webhooks."""

from litestar import Router
from litestar.di import Provide

from milepost.subscriptions.webhooks.api import endpoints, life, secrets
from milepost.subscriptions.webhooks.api.wiring import Wiring


def routes(wiring: Wiring) -> Router:
    return Router(
        "/webhooks",
        route_handlers=[*endpoints.HANDLERS, *life.HANDLERS, *secrets.HANDLERS],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["webhooks"],
    )
