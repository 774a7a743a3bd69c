"""Wiring of the progress service, nothing else."""

from collections.abc import Sequence

from milepost.contracts.enrollments import EnrollmentTransferred, LearnerEnrolled
from milepost.events.codec import Codec
from milepost.events.log import Log, Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.progress.api.routes import routes
from milepost.progress.api.wiring import Wiring
from milepost.progress.domain.state import PROGRESS
from milepost.progress.handover import Handover
from milepost.progress.jobs import app as jobs
from milepost.progress.offering_starts import OfferingStarts
from milepost.progress.plan_cache import PlanCache
from milepost.progress.policies import ToCarry, Trigger, react
from milepost.progress.projections.lesson_times import LESSON_TIMES
from milepost.progress.queries.lesson_times import LessonTimes
from milepost.progress.report_buffer import ReportBuffer
from milepost.web.learner_rows import learner_rows
from milepost.web.room import Context, Room, Service

_triggers = Codec[Trigger](Trigger)
_to_carry = Codec[ToCarry](ToCarry)


def service(context: Context) -> Service:
    log = context.transactor.log
    plans, times = PlanCache(log), LessonTimes(context.pool)
    buffer = ReportBuffer(context.transactor, plans, context.settings.report_merge_seconds)
    wiring = Wiring(context.transactor, context.settings, context.clock, plans, times, buffer)
    return Service(
        name="progress",
        routes=(routes(wiring),),
        policies=(policy(log, plans),),
        workers=(buffer.run,),
    )


def policy(log: Log, plans: PlanCache) -> Policy:
    starts = OfferingStarts(log, plans)
    handover = Handover(log, plans, starts)

    async def handle(recorded: Recorded) -> Sequence[Reaction]:
        tenant = recorded.tenant
        if recorded.type in _to_carry.classes:
            return await handover.reactions(tenant, _to_carry.read(recorded))
        event = _triggers.read(recorded)
        match event:
            case LearnerEnrolled():
                return react(event, await starts.of(tenant, event))
            case EnrollmentTransferred():
                return react(event, continues_as=await handover.continues_as(tenant, event))
            case _:
                return react(event)

    types = (
        *(("enrollment", tag) for tag in _triggers.classes),
        *(("progress", tag) for tag in _to_carry.classes),
    )
    return Policy("progress", types, handle)


READ_MODELS = (LESSON_TIMES,)
ROOM = Room(
    "progress",
    services=(service, jobs.service),
    read_models=READ_MODELS,
    personal_data=(
        learner_rows(READ_MODELS, "What others' time left is estimated from."),
        jobs.personal_data,
    ),
    categories=(PROGRESS,),
)
