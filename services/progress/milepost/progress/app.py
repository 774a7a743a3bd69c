"""Wiring of the progress service, nothing else."""

from collections.abc import Sequence

from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.progress.api.routes import routes
from milepost.progress.plan_cache import PlanCache
from milepost.progress.policies import Heard, react
from milepost.web.room import Context, Room, Service

_heard = Codec[Heard](Heard)


def service(context: Context) -> Service:
    plans = PlanCache(context.transactor.log)
    return Service(
        name="progress",
        routes=(routes(context.transactor, plans, context.settings),),
        policies=(policy(),),
    )


def policy() -> Policy:
    """Needs no facts beyond the event itself."""

    async def hear(recorded: Recorded) -> Sequence[Reaction]:
        return react(_heard.decode(recorded.type, recorded.data, recorded.occurred_at))

    types = tuple(("enrollment", tag_of(event)) for event in _heard.classes.values())
    return Policy("progress", types, hear)


ROOM = Room("progress", services=(service,))
