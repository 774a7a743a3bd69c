"""Wiring of the credentials service, nothing else."""

from collections.abc import Sequence

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.api.routes import routes
from milepost.credentials.api.wiring import Wiring
from milepost.credentials.policies import Trigger, may_flag, react
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.web.room import Context, Room, Service

_TRIGGERS: Codec[Trigger] = Codec(Trigger)


def service(context: Context) -> Service:
    achievements = AchievementCache(context.transactor.log)
    return Service(
        name="credentials",
        routes=(routes(Wiring(context.transactor, context.settings, context.clock, achievements)),),
        policies=(policy(achievements),),
    )


def policy(achievements: AchievementCache) -> Policy:
    async def handle(recorded: Recorded) -> Sequence[Reaction]:
        event, tenant = _TRIGGERS.read(recorded), recorded.tenant
        if may_flag(event):
            catalog = await achievements.latest(tenant)
        else:
            catalog = await achievements.up_to(tenant, recorded.position)
        return (react(event, recorded.position, catalog),)

    types = tuple(("progress", tag) for tag in _TRIGGERS.classes)
    return Policy("credentials", types, handle)


ROOM = Room("credentials", services=(service,))
