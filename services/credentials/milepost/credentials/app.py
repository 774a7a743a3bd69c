"""Wiring of the credentials service, nothing else."""

from collections.abc import Sequence

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.api.routes import routes
from milepost.credentials.api.wiring import Wiring
from milepost.credentials.issuers import app as issuers
from milepost.credentials.issuers.addresses import public_url
from milepost.credentials.issuers.app import issuing
from milepost.credentials.learning import Learning
from milepost.credentials.policies import Scoring, Verdict, is_asked_for, may_flag, react
from milepost.credentials.public import app as public
from milepost.credentials.timers import timers
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.web.room import Context, Room, Service

_VERDICTS: Codec[Verdict] = Codec(Verdict)
_SCORING: Codec[Scoring] = Codec(Scoring)


def service(context: Context) -> Service:
    log = context.transactor.log
    achievements, learning = AchievementCache(log, public_url(context.settings)), Learning(log)
    return Service(
        name="credentials",
        routes=(routes(Wiring(context.transactor, context.settings, context.clock, achievements)),),
        policies=(course_policy(achievements, learning), lesson_policy(achievements, learning)),
        timers=timers(achievements),
    )


def course_policy(achievements: AchievementCache, learning: Learning) -> Policy:
    """Hears of completions, and of what becomes of them."""

    async def handle(recorded: Recorded) -> Sequence[Reaction]:
        event, tenant = _VERDICTS.read(recorded), recorded.tenant
        if may_flag(event):
            catalog = await achievements.latest(tenant)
        else:
            catalog = await achievements.up_to(tenant, recorded.position)
        lessons = catalog.lessons.get(event.course, ())
        return react(await learning.verdict(recorded, event, lessons), catalog)

    types = tuple(("progress", tag) for tag in _VERDICTS.classes)
    return Policy("credentials", types, handle)


def lesson_policy(achievements: AchievementCache, learning: Learning) -> Policy:
    """Hears of every score, and answers where criteria ask for the lesson.

    A policy of its own: completions do not wait behind scores, of which there are many more.
    """

    async def handle(recorded: Recorded) -> Sequence[Reaction]:
        event, tenant = _SCORING.read(recorded), recorded.tenant
        if not is_asked_for(event, await achievements.up_to(tenant, recorded.position)):
            return ()
        catalog = await achievements.latest(tenant)
        enrollment, upto = event.enrollment, recorded.position
        return react(await learning.lessons(tenant, enrollment, upto, catalog.lessons), catalog)

    types = tuple(("progress", tag) for tag in _SCORING.classes)
    return Policy("credentials-lessons", types, handle)


def pages(context: Context) -> Service:
    made = issuing(context)

    async def picture(tenant: str, digest: str) -> bytes | None:  # noqa: ARG001
        return None

    return public.service(
        context,
        find=made.register.find,
        sign=made.signer.credential,
        picture=picture,
        base=made.addresses.base,
    )


ROOM = Room(
    "credentials", services=(service, issuers.service, pages), schema="milepost.credentials"
)
