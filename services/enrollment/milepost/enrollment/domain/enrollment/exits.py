"""Out of an offering: withdraw, expire, be canceled, or go on in another one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentExpired,
    EnrollmentExtended,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerWaitlisted,
)
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.times import not_before
from milepost.enrollment.domain.enrollment.admission import (
    AdmissionRequest,
    entry_of,
    may_enter,
    overloaded,
)
from milepost.enrollment.domain.enrollment.enrollment import Enrollment, Entry
from milepost.enrollment.domain.enrollment.refusals import (
    ModeNotOffered,
    NotEnrolled,
    UnknownEnrollment,
    entry_if_allowed,
    require_allowed,
    standing_in_the_way,
)
from milepost.enrollment.domain.enrollment.seating import seat
from milepost.enrollment.domain.learner_load import Load, commit, free
from milepost.enrollment.domain.offering.offering import Offering, OfferingFull, running
from milepost.enrollment.domain.offering.seats import give_up_place
from milepost.enrollment.events import EnrollmentEvent, LearnerEvent, OfferingEvent
from milepost.events.event import Conflicting, Invalid


@dataclass
class SameOffering(Invalid):
    """A transfer leads to another offering.

    Decided before the streams are asked for, since those differ.
    """

    offering: str


@dataclass
class NotALaterRun(Conflicting):
    """A deferral leads to a run of the same course with a later `starts`; a transfer to any."""

    offering: str
    to: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is a code; `deferred`: only to a later run of the same course.

    `skew`: how far the clock that said `occurred_at` may be behind.
    """

    enrollment: str
    to: str
    reason: str
    occurred_at: datetime
    deferred: bool = False
    skew: timedelta = timedelta(0)


class Moved(NamedTuple):
    """What a transfer writes: on both offerings, both enrollments and the learner."""

    left: list[OfferingEvent]
    ended: list[EnrollmentEvent]
    reached: list[OfferingEvent]
    entered: list[EnrollmentEvent]
    learner: list[LearnerEvent]


def withdraw(
    run: Offering,
    state: Enrollment,
    *,
    enrollment: str,
    reason: str,
    occurred_at: datetime,
    now: datetime | None = None,
) -> tuple[list[OfferingEvent], list[EnrollmentEvent]]:
    """Leave the offering or its waitlist; a seat goes to the first who waits. `reason` is a code.

    `now`, if that is later: when it is decided. Raises the state's refusal, `NotEnrolled`.
    """
    if state.entry is None or state.entered_at is None:
        raise UnknownEnrollment(enrollment)
    if occurred_at < state.entered_at:
        raise NotEnrolled(enrollment, state.entered_at)
    entry = require_allowed(state, "withdraw", enrollment)
    withdrawn = EnrollmentWithdrawn(
        enrollment=enrollment,
        learner=entry.learner,
        offering=entry.offering,
        course=entry.course,
        reason=reason,
        occurred_at=occurred_at,
    )
    given_up = give_up_place(run, enrollment=enrollment, occurred_at=occurred_at, now=now)
    return given_up, [withdrawn]


def transfer(  # noqa: PLR0917 - the streams that it is decided on, in their order
    move: Transfer,
    run: Offering,
    state: Enrollment,
    other_run: Offering,
    other: Enrollment,
    load: Load | None = None,
) -> Moved:
    """Leave one offering and enter another, or neither. Windows, approval and invitations of the
    other do not count: somebody decided it. Who has a seat gets a seat.

    Raises the state's refusal, also that of an enrollment there, what `running` raises,
    `NotALaterRun`, `ModeNotOffered`, `ParallelLimitReached`, `OfferingFull`.
    """
    entry = require_allowed(state, "transfer", move.enrollment)
    move = _dated(move, state, other)
    opened = running(other_run, offering=move.to, occurred_at=move.occurred_at)
    _check_run(move, entry, run, opened)
    request = AdmissionRequest(
        offering=move.to, learner=entry.learner, mode=entry.mode, occurred_at=move.occurred_at
    )
    if not may_enter(other, move.occurred_at):
        raise standing_in_the_way(other)
    for refusal in overloaded(opened, load, request, leaving=move.enrollment):
        raise refusal
    new_entry = entry_of(request, other_run, opened, other)
    reached, entered = seat(other_run, opened, new_entry)
    if _seated(state) and isinstance(entered[0], LearnerWaitlisted):
        raise OfferingFull(move.to, opened.seats or 0)
    return Moved(
        give_up_place(run, enrollment=move.enrollment, occurred_at=move.occurred_at),
        [_transferred(move, entry, request.enrollment)],
        reached,
        entered,
        _carried(entry, new_entry, load),
    )


def expire_offered(state: Enrollment, *, stay: int, occurred_at: datetime) -> list[EnrollmentEvent]:
    """The offer was passed on before it was accepted."""
    entry = entry_if_allowed(state, "expire")
    if entry is None or state.state != "offered" or entry.stay != stay:
        return []
    return [_expired(entry, "offer_expired", occurred_at)]


def run_out(
    state: Enrollment, *, expires: datetime | None, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """The offering is over: at `expires`, which may have been moved since they came."""
    entry = entry_if_allowed(state, "expire")
    if entry is None or entry.expires is None or expires is None:
        return []
    if expires <= occurred_at:
        return [_expired(entry, "offering_ended", occurred_at)]
    if expires == entry.expires:
        return []
    return [
        EnrollmentExtended(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            expires=expires,
            occurred_at=occurred_at,
        )
    ]


def cancel(state: Enrollment, *, reason: str, occurred_at: datetime) -> list[EnrollmentEvent]:
    """The offering does not take place."""
    entry = entry_if_allowed(state, "cancel")
    if entry is None:
        return []
    return [
        EnrollmentCanceled(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            course=entry.course,
            reason=reason,
            counted=entry.counted,
            stay=entry.stay,
            occurred_at=occurred_at,
        )
    ]


def _dated(move: Transfer, state: Enrollment, other: Enrollment) -> Transfer:
    """Not before they had come here, nor before they had gone there."""
    at, gone = move.occurred_at, None if other.ended is None else other.ended.occurred_at
    for edge in (state.entered_at, gone):
        if edge is not None:
            at = not_before(at, edge, move.skew)
    return move if at is move.occurred_at else replace(move, occurred_at=at)


def _check_run(move: Transfer, entry: Entry, run: Offering, other: OfferingOpened) -> None:
    if entry.mode not in other.modes:
        raise ModeNotOffered(move.to, entry.mode, other.modes)
    here = run.opened
    if not move.deferred or here is None:
        return
    later = here.starts is not None and other.starts is not None and here.starts < other.starts
    if here.course != other.course or not later:
        raise NotALaterRun(entry.offering, move.to)


def _seated(state: Enrollment) -> bool:
    return state.state in ("offered", "enrolled", "active")


def _transferred(move: Transfer, entry: Entry, to: str) -> EnrollmentTransferred:
    return EnrollmentTransferred(
        enrollment=move.enrollment,
        learner=entry.learner,
        offering=entry.offering,
        course=entry.course,
        reason=move.reason,
        to=to,
        to_offering=move.to,
        deferred=move.deferred,
        occurred_at=move.occurred_at,
    )


def _carried(entry: Entry, reached: LearnerEnrolled, load: Load | None) -> list[LearnerEvent]:
    if load is None:
        return []
    left = free(
        load,
        learner=entry.learner,
        enrollment=entry.enrollment,
        stay=entry.stay,
        occurred_at=reached.occurred_at,
    )
    if not reached.counted:
        return left
    return left + commit(
        load,
        learner=reached.learner,
        enrollment=reached.enrollment,
        offering=reached.offering,
        stay=reached.stay,
        occurred_at=reached.occurred_at,
    )


def _expired(entry: Entry, reason: str, occurred_at: datetime) -> EnrollmentExpired:
    return EnrollmentExpired(
        enrollment=entry.enrollment,
        learner=entry.learner,
        offering=entry.offering,
        course=entry.course,
        reason=reason,
        counted=entry.counted,
        stay=entry.stay,
        occurred_at=occurred_at,
    )
