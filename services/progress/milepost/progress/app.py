"""Wiring of the progress service, nothing else."""

from collections.abc import Sequence

from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.progress.api.routes import Wiring, routes
from milepost.progress.plan_cache import PlanCache
from milepost.progress.policies import Trigger, react
from milepost.web.room import Context, Room, Service

_triggers = Codec[Trigger](Trigger)


def service(context: Context) -> Service:
    plans = PlanCache(context.transactor.log)
    return Service(
        name="progress",
        routes=(routes(Wiring(context.transactor, context.settings, context.clock, plans)),),
        policies=(policy(),),
    )


def policy() -> Policy:
    """Needs no facts beyond the event itself."""

    async def handle(recorded: Recorded) -> Sequence[Reaction]:
        return react(_triggers.read(recorded))

    types = tuple(("enrollment", tag_of(event)) for event in _triggers.classes.values())
    return Policy("progress", types, handle)


ROOM = Room("progress", services=(service,))
