"""Wiring of what operators are served, nothing else."""

from functools import cache, partial

from milepost.operations.console.api.routes import routes
from milepost.operations.console.api.wiring import Wiring
from milepost.operations.console.events.policies import names_of_all
from milepost.operations.console.pages.api import Console, router
from milepost.web.room import Context, Room, Service


def service(context: Context) -> Service:
    policies = cache(partial(names_of_all, context.pool))
    console = Console(context.pool, context.settings, policies)
    return Service(name="operations", routes=(routes(Wiring(context.pool)), router(console)))


ROOM = Room("operations", services=(service,))
