"""What progress does when somebody is enrolled, interrupted or leaves. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias, assert_never

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentExpired,
    EnrollmentReinstated,
    EnrollmentSuspended,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
)
from milepost.contracts.progress import LateWorkArrived, ProgressClosed
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.policies.policy import Reaction
from milepost.progress.domain.carry_over import HandedOver, carry_over
from milepost.progress.domain.decisions import close, open_progress, resume, suspend
from milepost.progress.domain.state import PROGRESS
from milepost.progress.events import ProgressEvent

Left: TypeAlias = (
    EnrollmentWithdrawn | EnrollmentTransferred | EnrollmentExpired | EnrollmentCanceled
)
Trigger: TypeAlias = LearnerEnrolled | EnrollmentSuspended | EnrollmentReinstated | Left
# Of progress itself: there is work that is to count in another run.
ToCarry: TypeAlias = ProgressClosed | LateWorkArrived


def react(
    event: Trigger, starts: datetime | None = None, continues_as: str | None = None
) -> Sequence[Reaction]:
    """`starts`: from when the due days of who is enrolled count; None: from the enrollment.
    `continues_as`: where who is transferred goes on in the same course; None: in another course.
    """
    stream, at = PROGRESS.of(event.enrollment), event.occurred_at
    match event:
        case LearnerEnrolled():
            new = PROGRESS.of(event.enrollment, likely_new=True)
            return (Reaction(new, opening(event, starts)),)
        case EnrollmentSuspended():
            return (Reaction(stream, partial(suspend, at=at, reason=event.reason)),)
        case EnrollmentReinstated():
            return (Reaction(stream, partial(resume, at=at)),)
        case (
            EnrollmentWithdrawn()
            | EnrollmentTransferred()
            | EnrollmentExpired()
            | EnrollmentCanceled()
        ):
            closing = partial(close, at=at, reason=event.reason, continues_as=continues_as)
            return (Reaction(stream, closing),)
        case _:
            assert_never(event)


def carry(
    event: ToCarry,
    enrolled: LearnerEnrolled,
    starts: datetime | None,
    handed: HandedOver,
    plans: Mapping[int, Plan],
) -> Sequence[Reaction]:
    """To the enrollment that goes on, which opens by this if it has not yet.

    Where it is too much for one command, each takes what those before have left.
    """
    taking = partial(
        carry_over,
        plans=plans,
        handed=handed,
        opening=opening(enrolled, starts),
        at=event.occurred_at,
    )
    return (Reaction(PROGRESS.of(enrolled.enrollment), taking),) * handed.parts


def opening(
    enrolled: LearnerEnrolled, starts: datetime | None
) -> Callable[[Progress], Sequence[ProgressEvent]]:
    return partial(
        open_progress,
        enrollment=enrolled.enrollment,
        learner=enrolled.learner,
        offering=enrolled.offering,
        course=enrolled.course,
        version=enrolled.version,
        at=enrolled.occurred_at,
        starts=starts,
    )
