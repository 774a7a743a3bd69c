"""What the enrollment service does when time has passed: offers expire, offerings end."""

from collections.abc import Sequence
from datetime import datetime

from milepost.contracts.enrollments import (
    EnrollmentCompletionRevoked,
    EnrollmentExtended,
    EnrollmentRequested,
    LearnerEnrolled,
    LearnerWaitlisted,
)
from milepost.contracts.offerings import SeatOffered
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.policies import react_to_end, react_to_silence
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.policies.policy import Reaction
from milepost.events.policies.timers import Timer
from milepost.events.streams import key_of

Stay = (
    EnrollmentRequested
    | LearnerWaitlisted
    | LearnerEnrolled
    | EnrollmentExtended
    | EnrollmentCompletionRevoked
)

_OFFERED = Codec[SeatOffered](SeatOffered)
_STAY = Codec[Stay](Stay)


def timers(transactor: Transactor) -> tuple[Timer, ...]:
    return (_seat_offers(), _enrollment_expiry(transactor))


def _seat_offers() -> Timer:
    def due(recorded: Recorded) -> datetime | None:
        return _OFFERED.read(recorded).expires

    async def react(recorded: Recorded, now: datetime) -> Sequence[Reaction]:
        return react_to_silence(key_of(recorded.stream), _OFFERED.read(recorded), now)

    return Timer("seat-offers", (("enrollment", tag_of(SeatOffered)),), due, react)


def _enrollment_expiry(transactor: Transactor) -> Timer:
    """Whoever comes in starts it; who came in when it ended earlier is extended, and starts it.

    So does who has not completed after all: the end may have come while they had.
    """

    def due(recorded: Recorded) -> datetime | None:
        return _STAY.read(recorded).expires

    async def react(recorded: Recorded, now: datetime) -> Sequence[Reaction]:
        stay = _STAY.read(recorded)
        _, run = await transactor.load(recorded.tenant, OFFERING.of(stay.offering))
        return react_to_end(stay.enrollment, run, now)

    types = tuple(("enrollment", tag) for tag in _STAY.classes)
    return Timer("enrollment-expiry", types, due, react)
