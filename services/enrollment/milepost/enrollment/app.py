"""Wiring of the enrollment service, nothing else."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from milepost.contracts.offerings import OfferingCanceled
from milepost.contracts.progress import CourseCompleted, LearningBegan
from milepost.enrollment.api.routes import routes
from milepost.enrollment.api.wiring import Wiring
from milepost.enrollment.commands.offering_members import members
from milepost.enrollment.policies import Heard, react, react_to_cancellation
from milepost.enrollment.timers import timers
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import tag_of
from milepost.events.log import Log, Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.events.policies.timers import utc_now
from milepost.events.streams import key_of
from milepost.web.app import Service
from milepost.web.settings import Settings

_HEARD: Codec[Heard] = Codec(Heard)
_CANCELED: Codec[OfferingCanceled] = Codec(OfferingCanceled)
_OF_PROGRESS = {tag_of(LearningBegan), tag_of(CourseCompleted)}


def service(
    transactor: Transactor, settings: Settings, *, clock: Callable[[], datetime] = utc_now
) -> Service:
    return Service(
        "enrollment",
        (routes(Wiring(transactor, settings, clock)),),
        policies(transactor.log),
        timers(transactor),
    )


def policies(log: Log) -> tuple[Policy, ...]:
    heard = tuple(
        ("progress" if tag in _OF_PROGRESS else "enrollment", tag) for tag in _HEARD.classes
    )
    canceled = (("enrollment", tag_of(OfferingCanceled)),)
    return (
        Policy("enrollment", heard, _react),
        Policy("enrollment-cancellation", canceled, _cancellation(log)),
    )


async def _react(recorded: Recorded) -> Sequence[Reaction]:
    return react(_HEARD.decode(recorded.type, recorded.data, recorded.occurred_at))


def _cancellation(log: Log) -> Callable[[Recorded], Awaitable[Sequence[Reaction]]]:
    async def hear(recorded: Recorded) -> Sequence[Reaction]:
        event = _CANCELED.decode(recorded.type, recorded.data, recorded.occurred_at)
        before = recorded.position
        return react_to_cancellation(
            event, await members(log, recorded.tenant, key_of(recorded.stream), before)
        )

    return hear
