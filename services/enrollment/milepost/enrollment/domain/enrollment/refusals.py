"""What is possible in an enrollment's state, and the name of what is in the way.

Each state has its own refusal: it says why, and what a client can act on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from milepost.contracts.enrollments import EnrollmentState, EnrollmentTransferred
from milepost.contracts.offerings import Mode
from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.enrollment.domain.enrollment.enrollment import Enrollment, Entry, of
from milepost.enrollment.domain.enrollment.state_machine import (
    SystemCommand,
    UserCommand,
    allows,
)
from milepost.events.event import Conflicting, Refused, Unknown


@dataclass
class UnknownEnrollment(Unknown):
    enrollment: str


@dataclass
class NotEnrolled(Conflicting):
    """It happened before the enrollment, or the wait for it, began."""

    enrollment: str
    entered_at: datetime


@dataclass
class PrerequisitesMissing(Conflicting):
    """The learner has not passed, or does not hold, what has to come first."""

    offering: str
    missing: tuple[Prerequisite, ...]


@dataclass
class ApprovalPending(Conflicting):
    enrollment: str


@dataclass
class StillWaiting(Conflicting):
    """There is no seat for this learner yet."""

    enrollment: str


@dataclass
class SeatOnOffer(Conflicting):
    """A seat is held for the learner: accept it, or turn it down."""

    enrollment: str
    expires: datetime


@dataclass
class AlreadyEnrolled(Conflicting):
    enrollment: str


@dataclass
class AlreadySuspended(Conflicting):
    enrollment: str
    reason: str | None


@dataclass
class AlreadyCompleted(Conflicting):
    enrollment: str


@dataclass
class AlreadyDeclined(Conflicting):
    enrollment: str
    reason: str | None


@dataclass
class AlreadyWithdrawn(Conflicting):
    enrollment: str
    withdrawn_at: datetime


@dataclass
class AlreadyExpired(Conflicting):
    enrollment: str
    expired_at: datetime


@dataclass
class AlreadyTransferred(Conflicting):
    """It goes on as the enrollment `to`."""

    enrollment: str
    to: str


@dataclass
class AlreadyCanceled(Conflicting):
    enrollment: str
    reason: str | None


@dataclass
class ModeNotOffered(Conflicting):
    offering: str
    mode: Mode
    offered: tuple[Mode, ...]


@dataclass
class ModeDiffers(Conflicting):
    """Enrolling again changes no mode: POST /enrollment/enrollments/{enrollment}/mode does."""

    enrollment: str
    mode: Mode
    wanted: Mode


def require_allowed(state: Enrollment, command: UserCommand, enrollment: str) -> Entry:
    """The entry, if the table allows the command; else raises what the state is."""
    if state.entry is None:
        raise UnknownEnrollment(enrollment)
    if not allows(state.state, command):
        raise standing_in_the_way(state)
    return state.entry


def entry_if_allowed(state: Enrollment, command: SystemCommand) -> Entry | None:
    """The entry, if the table has something follow."""
    return state.entry if allows(state.state, command) else None


def standing_in_the_way(state: Enrollment) -> Refused:
    assert state.state is not None
    return _REFUSALS[state.state](state, of(state))


def _prerequisites_missing(_: Enrollment, entry: Entry) -> Refused:
    missing: tuple[Prerequisite, ...] = getattr(entry, "missing", ())
    return PrerequisitesMissing(entry.offering, missing)


def _seat_on_offer(state: Enrollment, entry: Entry) -> Refused:
    assert state.offer_expires is not None
    return SeatOnOffer(entry.enrollment, state.offer_expires)


def _already_transferred(state: Enrollment, entry: Entry) -> Refused:
    return AlreadyTransferred(entry.enrollment, cast("EnrollmentTransferred", state.ended).to)


def _ended_at(state: Enrollment) -> datetime:
    assert state.ended is not None
    return state.ended.occurred_at


_REFUSALS: Mapping[EnrollmentState, Callable[[Enrollment, Entry], Refused]] = {
    "requested": _prerequisites_missing,
    "pending_approval": lambda _, entry: ApprovalPending(entry.enrollment),
    "waitlisted": lambda _, entry: StillWaiting(entry.enrollment),
    "offered": _seat_on_offer,
    "enrolled": lambda _, entry: AlreadyEnrolled(entry.enrollment),
    "active": lambda _, entry: AlreadyEnrolled(entry.enrollment),
    "suspended": lambda state, entry: AlreadySuspended(entry.enrollment, state.reason),
    "completed": lambda _, entry: AlreadyCompleted(entry.enrollment),
    "declined": lambda state, entry: AlreadyDeclined(entry.enrollment, state.reason),
    "withdrawn": lambda state, entry: AlreadyWithdrawn(entry.enrollment, _ended_at(state)),
    "expired": lambda state, entry: AlreadyExpired(entry.enrollment, _ended_at(state)),
    "transferred": _already_transferred,
    "canceled": lambda state, entry: AlreadyCanceled(entry.enrollment, state.reason),
}
