"""Wiring of the credentials service, nothing else."""

from collections.abc import Sequence

from milepost.credentials import credential_index
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.api.routes import routes
from milepost.credentials.api.wiring import Wiring
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.images import app as images
from milepost.credentials.images.store import Images
from milepost.credentials.issuers import app as issuers
from milepost.credentials.issuers.app import issuing
from milepost.credentials.issuers.issuer import ISSUER
from milepost.credentials.jobs import app as jobs
from milepost.credentials.learning import Learning
from milepost.credentials.pages.holding import app as holding_pages
from milepost.credentials.pages.issuing import app as issuing_pages
from milepost.credentials.policies import Scoring, Verdict, is_asked_for, may_flag, react
from milepost.credentials.public import app as public
from milepost.credentials.timers import timers
from milepost.credentials.verification.verifier import verifier_of
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.web.room import Context, Room, Service

_VERDICTS: Codec[Verdict] = Codec(Verdict)
_SCORING: Codec[Scoring] = Codec(Scoring)


def service(context: Context) -> Service:
    log = context.transactor.log
    achievements, learning = (
        AchievementCache(log, public_url=context.settings.public_origin),
        Learning(log),
    )
    return Service(
        name="credentials",
        routes=(routes(_wiring(context, achievements, learning)),),
        policies=(course_policy(achievements, learning), lesson_policy(achievements, learning)),
        timers=timers(achievements),
    )


def _wiring(context: Context, achievements: AchievementCache, learning: Learning) -> Wiring:
    settings = context.settings
    return Wiring(
        transactor=context.transactor,
        settings=settings,
        clock=context.clock,
        achievements=achievements,
        learning=learning,
        images=Images(context.pool),
        verifier=verifier_of(settings, issuing(context).own),
        trusted=frozenset(settings.verify_trusted.split()),
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


ROOM = Room(
    "credentials",
    services=(
        service,
        issuers.service,
        images.service,
        jobs.service,
        public.service,
        issuing_pages.service,
        holding_pages.service,
    ),
    personal_data=(
        credential_index.personal_data,
        jobs.personal_data,
    ),
    categories=(ACHIEVEMENT, RECORD, ISSUER),
)
