"""Wiring of the enrollment service, nothing else."""

from collections.abc import Awaitable, Callable, Sequence

from milepost.contracts.offerings import INSTRUCTORS, OfferingCanceled
from milepost.enrollment.api.routes import routes
from milepost.enrollment.api.wiring import Wiring
from milepost.enrollment.bulk import app as bulk
from milepost.enrollment.commands.offering_members import members
from milepost.enrollment.domain.course.course import COURSE
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.invitation import INVITATION
from milepost.enrollment.domain.learner_load import LEARNER
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.program import PROGRAM
from milepost.enrollment.pages.bulk import app as bulk_pages
from milepost.enrollment.pages.learners import app as learner_pages
from milepost.enrollment.policies import LearningTrigger, Trigger, react, react_to_cancellation
from milepost.enrollment.timers import timers
from milepost.enrollment.vault import app as vault
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Log, Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.events.streams import key_of
from milepost.web.room import Context, Room, Service

_TRIGGERS: Codec[Trigger] = Codec(Trigger)
_CANCELED: Codec[OfferingCanceled] = Codec(OfferingCanceled)
_OF_PROGRESS = Codec[LearningTrigger](LearningTrigger).classes.keys()


def service(context: Context) -> Service:
    transactor = context.transactor
    return Service(
        name="enrollment",
        routes=(routes(Wiring(transactor, context.settings, context.clock)),),
        policies=policies(transactor.log),
        timers=timers(transactor),
    )


def policies(log: Log) -> tuple[Policy, ...]:
    types = tuple(
        ("progress" if tag in _OF_PROGRESS else "enrollment", tag) for tag in _TRIGGERS.classes
    )
    canceled = (("enrollment", tag_of(OfferingCanceled)),)
    return (
        Policy("enrollment", types, _react),
        Policy("enrollment-cancellation", canceled, _cancellation(log)),
    )


async def _react(recorded: Recorded) -> Sequence[Reaction]:
    return react(_TRIGGERS.read(recorded))


def _cancellation(log: Log) -> Callable[[Recorded], Awaitable[Sequence[Reaction]]]:
    async def handle(recorded: Recorded) -> Sequence[Reaction]:
        event = _CANCELED.read(recorded)
        before = recorded.position
        return react_to_cancellation(
            event, await members(log, recorded.tenant, key_of(recorded.stream), before)
        )

    return handle


ROOM = Room(
    "enrollment",
    services=(service, vault.service, bulk.service, bulk_pages.service, learner_pages.service),
    personal_data=(bulk.personal_data,),
    personal_name=vault.personal_name,
    categories=(COURSE, PROGRAM, OFFERING, INSTRUCTORS, ENROLLMENT, INVITATION, LEARNER),
)
