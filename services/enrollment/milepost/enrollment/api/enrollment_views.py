"""An enrollment as it is answered, and who may see or change it."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from milepost.contracts.enrollments import (
    EnrollmentRequested,
    EnrollmentState,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
)
from milepost.contracts.offerings import Mode
from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.enrollment.domain.enrollment.enrollment import Enrollment, Entry
from milepost.enrollment.domain.enrollment.refusals import UnknownEnrollment
from milepost.enrollment.domain.offering.offering import Offering
from milepost.events.commands.transact import Transactor
from milepost.events.event import name_of
from milepost.events.log import Recorded
from milepost.web.auth.own_offerings import has_access
from milepost.web.auth.tokens import Caller


class EnrollmentStateView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`place` in the waitlist, from 1, while waiting; `offer_expires` while a seat is offered."""

    # What OpenAPI has called it from the start.
    __schema_name__: ClassVar = "EnrollmentState"

    enrollment: str
    offering: str
    learner: str
    mode: Mode
    state: EnrollmentState
    place: int | None
    offer_expires: datetime | None = None


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """`occurred_at`: in the world; `recorded_at`: when the log took it, at `position`."""

    event: str
    occurred_at: datetime
    recorded_at: datetime
    position: int


class EnrollmentView(msgspec.Struct, frozen=True, kw_only=True):
    """`grade` is 0 to 1, once completed; reasons are codes.

    reason          of a suspension, or of the end
    expires         when it ends unless it is completed
    missing         prerequisites that a request still lacks
    transferred_to  the enrollment that goes on
    stay            the learner's first stay in this offering, or the second, …
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: Mode
    state: EnrollmentState
    place: int | None
    grade: float | None
    withdrawal_reason: str | None
    reason: str | None
    offer_expires: datetime | None
    expires: datetime | None
    missing: tuple[Prerequisite, ...]
    transferred_to: str | None
    stay: int
    history: tuple[Happened, ...]


async def own_entry(
    transactor: Transactor,
    caller: Caller,
    enrollment: str,
    state: Enrollment,
    roles: tuple[str, ...],
) -> Entry:
    """Raises `UnknownEnrollment`, also to who asks for what is somebody else's."""
    entry = state.entry
    offering, learner = (entry.offering, entry.learner) if entry else ("", None)
    # Also asked of what is not there: it shall not be answered sooner.
    allowed = await has_access(transactor, caller, roles, offering=offering, learner=learner)
    if entry is None or not allowed:
        raise UnknownEnrollment(enrollment)
    return entry


def state_of(run: Offering, state: Enrollment) -> EnrollmentStateView:
    entry = state.entry
    assert entry is not None
    assert state.state is not None
    return EnrollmentStateView(
        enrollment=entry.enrollment,
        offering=entry.offering,
        learner=entry.learner,
        mode=entry.mode,
        state=state.state,
        place=run.place(entry.enrollment) if state.state == "waitlisted" else None,
        offer_expires=state.offer_expires,
    )


def view_of(run: Offering, state: Enrollment, recorded: Sequence[Recorded]) -> EnrollmentView:
    here, entry, ended = state_of(run, state), state.entry, state.ended
    assert entry is not None
    return EnrollmentView(
        enrollment=entry.enrollment,
        learner=entry.learner,
        offering=entry.offering,
        course=entry.course,
        version=entry.version,
        mode=entry.mode,
        state=here.state,
        place=here.place,
        grade=state.grade,
        withdrawal_reason=ended.reason if isinstance(ended, EnrollmentWithdrawn) else None,
        reason=state.reason,
        offer_expires=state.offer_expires,
        expires=entry.expires,
        missing=entry.missing if isinstance(entry, EnrollmentRequested) else (),
        transferred_to=ended.to if isinstance(ended, EnrollmentTransferred) else None,
        stay=entry.stay,
        history=tuple(
            Happened(
                event=name_of(one.type),
                occurred_at=one.occurred_at,
                recorded_at=one.recorded_at,
                position=one.position,
            )
            for one in recorded
        ),
    )
