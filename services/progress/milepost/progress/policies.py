"""What progress does when somebody is enrolled or withdraws. Pure."""

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias, assert_never

from milepost.enrollment.events import EnrollmentWithdrawn, LearnerEnrolled
from milepost.events.policy import Reaction
from milepost.progress.domain import close, open_progress
from milepost.progress.standing import PROGRESS

Heard: TypeAlias = LearnerEnrolled | EnrollmentWithdrawn


def react(event: Heard) -> Sequence[Reaction]:
    stream = PROGRESS.of(event.enrollment)
    match event:
        case LearnerEnrolled():
            opening = partial(
                open_progress,
                enrollment=event.enrollment,
                learner=event.learner,
                offering=event.offering,
                course=event.course,
                version=event.version,
                at=event.occurred_at,
            )
            return (Reaction(stream, opening),)
        case EnrollmentWithdrawn():
            closing = partial(close, at=event.occurred_at, reason=event.reason)
            return (Reaction(stream, closing),)
        case _:
            assert_never(event)
