"""What progress does when somebody is enrolled, interrupted or leaves. Pure."""

from collections.abc import Sequence
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
from milepost.events.policies.policy import Reaction
from milepost.progress.domain.decisions import close, open_progress, resume, suspend
from milepost.progress.domain.state import PROGRESS

Left: TypeAlias = (
    EnrollmentWithdrawn | EnrollmentTransferred | EnrollmentExpired | EnrollmentCanceled
)
Trigger: TypeAlias = LearnerEnrolled | EnrollmentSuspended | EnrollmentReinstated | Left


def react(event: Trigger, starts: datetime | None = None) -> Sequence[Reaction]:
    """`starts`: from when the due days of who is enrolled count; None: from the enrollment."""
    stream, at = PROGRESS.of(event.enrollment), event.occurred_at
    match event:
        case LearnerEnrolled():
            opening = partial(
                open_progress,
                enrollment=event.enrollment,
                learner=event.learner,
                offering=event.offering,
                course=event.course,
                version=event.version,
                at=at,
                starts=starts,
            )
            new = PROGRESS.of(event.enrollment, likely_new=True)
            return (Reaction(new, opening),)
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
            return (Reaction(stream, partial(close, at=at, reason=event.reason)),)
        case _:
            assert_never(event)
