"""Wiring of the credentials service, nothing else."""

from collections.abc import Sequence

from milepost.contracts.progress import CourseCompleted
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.api.routes import routes
from milepost.credentials.api.wiring import Wiring
from milepost.credentials.policies import when_course_completed
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.web.room import Context, Room, Service


def service(context: Context) -> Service:
    achievements = AchievementCache(context.transactor.log)
    return Service(
        name="credentials",
        routes=(routes(Wiring(context.transactor, context.settings, context.clock, achievements)),),
        policies=(policy(achievements),),
    )


def policy(achievements: AchievementCache) -> Policy:
    completions = Codec[CourseCompleted](CourseCompleted)

    async def react(recorded: Recorded) -> Sequence[Reaction]:
        completed = completions.read(recorded)
        catalog = await achievements.up_to(recorded.tenant, recorded.position)
        return (when_course_completed(completed, recorded.position, catalog),)

    return Policy("credentials", (("progress", "course_completed"),), react)


ROOM = Room("credentials", services=(service,))
