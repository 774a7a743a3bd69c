"""Wiring of the progress service, nothing else."""

from collections.abc import Sequence

from milepost.contracts.enrollments import LearnerEnrolled
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Log, Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.progress.api.routes import routes
from milepost.progress.api.wiring import Wiring
from milepost.progress.offering_starts import OfferingStarts
from milepost.progress.plan_cache import PlanCache
from milepost.progress.policies import Trigger, react
from milepost.web.room import Context, Room, Service

_triggers = Codec[Trigger](Trigger)


def service(context: Context) -> Service:
    log = context.transactor.log
    plans = PlanCache(log)
    return Service(
        name="progress",
        routes=(routes(Wiring(context.transactor, context.settings, context.clock, plans)),),
        policies=(policy(log, plans),),
    )


def policy(log: Log, plans: PlanCache) -> Policy:
    starts = OfferingStarts(log, plans)

    async def handle(recorded: Recorded) -> Sequence[Reaction]:
        event = _triggers.read(recorded)
        if isinstance(event, LearnerEnrolled):
            return react(event, await starts.of(recorded.tenant, event))
        return react(event)

    types = tuple(("enrollment", tag_of(event)) for event in _triggers.classes.values())
    return Policy("progress", types, handle)


ROOM = Room("progress", services=(service,))
