"""Wiring of what operators are served, nothing else."""

from milepost.operations.console.api.routes import routes
from milepost.operations.console.api.wiring import Wiring
from milepost.web.room import Context, Room, Service


def service(context: Context) -> Service:
    return Service(name="operations", routes=(routes(Wiring(context.pool)),))


ROOM = Room("operations", services=(service,), schema="milepost.operations")
