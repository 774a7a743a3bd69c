"""Wiring of partners, nothing else. Needs a database."""

from milepost.subscriptions.partners.api import Wiring, routes
from milepost.subscriptions.partners.keeper import Keeper
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    keeper = Keeper(context)
    return Service(
        name="partners", routes=(routes(Wiring(context, keeper)),), workers=(keeper.run,)
    )
