"""What enrollment does when learning is reported, and when its own offerings give or take."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias, assert_never

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentState,
)
from milepost.contracts.offerings import OfferingCanceled, SeatOffered, SeatReleased, SeatTaken
from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LearningBegan,
)
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import cancel, expire_offered, run_out
from milepost.enrollment.domain.enrollment.lifecycle import (
    activate,
    change_grade,
    complete,
    revoke_completion,
)
from milepost.enrollment.domain.enrollment.seating import offer, promote
from milepost.enrollment.domain.learner_load import LEARNER, commit, free
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.enrollment.domain.offering.seats import expire_offer, give_up_place
from milepost.events.event import Event
from milepost.events.policies.policy import Reaction

LearningTrigger: TypeAlias = (
    LearningBegan | CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
)
EnrollmentTrigger: TypeAlias = LearningTrigger | SeatTaken | SeatOffered | SeatReleased
Ended: TypeAlias = EnrollmentCompleted | EnrollmentDeclined | EnrollmentExpired | EnrollmentCanceled
Trigger: TypeAlias = EnrollmentTrigger | Ended | EnrollmentCompletionRevoked
GOING_ON = frozenset[EnrollmentState](("enrolled", "active", "suspended"))


def react(event: Trigger) -> Sequence[Reaction]:
    """The decisions that an event asks for, or none."""
    match event:
        case (
            EnrollmentCompleted()
            | EnrollmentDeclined()
            | EnrollmentExpired()
            | EnrollmentCanceled()
        ):
            return _release_holdings(event)
        case EnrollmentCompletionRevoked():
            return _commit_again(event)
        case _:
            decide = _decision_for(event)
            return () if decide is None else (Reaction(ENROLLMENT.of(event.enrollment), decide),)


def react_to_cancellation(
    event: OfferingCanceled, enrollments: Iterable[str]
) -> Sequence[Reaction]:
    """Everybody who is in, waits or has asked is let go for the reason given."""
    decide = partial(cancel, reason=event.reason, occurred_at=event.occurred_at)
    return tuple(Reaction(ENROLLMENT.of(enrollment), decide) for enrollment in enrollments)


def react_to_silence(offering: str, event: SeatOffered, now: datetime) -> Sequence[Reaction]:
    """The offer has expired: the next who waits is offered the seat."""
    decide = partial(expire_offer, enrollment=event.enrollment, stay=event.stay, occurred_at=now)
    return (Reaction(OFFERING.of(offering), decide),)


def react_to_end(enrollment: str, run: Offering, now: datetime) -> Sequence[Reaction]:
    """The offering is over, unless it was prolonged meanwhile."""
    decide = partial(run_out, expires=run.expires, occurred_at=now)
    return (Reaction(ENROLLMENT.of(enrollment), decide),)


def _decision_for(event: EnrollmentTrigger) -> Callable[[Any], Sequence[Event]] | None:
    at = event.occurred_at
    match event:
        case SeatTaken():
            return partial(promote, stay=event.stay, occurred_at=at) if event.waited else None
        case SeatOffered():
            return partial(offer, expires=event.expires, stay=event.stay, occurred_at=at)
        case SeatReleased():
            stay = event.stay
            return partial(expire_offered, stay=stay, occurred_at=at) if event.expired else None
        case _:
            return _decision_on_learning(event)


def _decision_on_learning(event: LearningTrigger) -> Callable[[Any], Sequence[Event]]:
    at = event.occurred_at
    match event:
        case LearningBegan():
            return partial(activate, occurred_at=at)
        case CourseCompleted():
            return partial(complete, grade=event.grade, occurred_at=at)
        case CourseGradeChanged():
            return partial(change_grade, grade=event.grade, occurred_at=at)
        case CourseCompletionRevoked():
            return partial(revoke_completion, reason=event.reason, occurred_at=at)
        case _:
            assert_never(event)


def _release_holdings(event: Ended) -> Sequence[Reaction]:
    """What the enrollment held elsewhere. A run that is over leaves no seat behind."""
    at, reactions = event.occurred_at, []
    if event.counted:
        decide = partial(
            free,
            learner=event.learner,
            enrollment=event.enrollment,
            stay=event.stay,
            occurred_at=at,
        )
        reactions.append(Reaction(LEARNER.of(event.learner), decide))
    if isinstance(event, EnrollmentExpired) and event.reason == "offering_ended":
        leave = partial(give_up_place, enrollment=event.enrollment, occurred_at=at)
        reactions.append(Reaction(OFFERING.of(event.offering), leave))
    return tuple(reactions)


def _commit_again(event: EnrollmentCompletionRevoked) -> Sequence[Reaction]:
    """Who goes on counts towards their limit again, be it above it: nobody is put out for that."""
    if not event.counted or event.state not in GOING_ON:
        return ()
    decide = partial(
        commit,
        learner=event.learner,
        enrollment=event.enrollment,
        offering=event.offering,
        stay=event.stay,
        occurred_at=event.occurred_at,
    )
    return (Reaction(LEARNER.of(event.learner), decide),)
