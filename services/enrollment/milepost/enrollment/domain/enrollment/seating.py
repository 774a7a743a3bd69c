"""Into a seat: from a wait, an approval, an offer."""

from datetime import datetime

from milepost.contracts.enrollments import (
    EnrollmentApproved,
    EnrollmentDeclined,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.times import not_after
from milepost.enrollment.domain.enrollment.enrollment import Enrollment, Entry, entered_as
from milepost.enrollment.domain.enrollment.refusals import (
    StillWaiting,
    entry_if_allowed,
    require_allowed,
)
from milepost.enrollment.domain.offering.offering import Offering, running
from milepost.enrollment.domain.offering.seats import accept_offer, allocate_place, give_up_place
from milepost.enrollment.events import EnrollmentEvent, OfferingEvent, WaitlistJoined

Decided = tuple[list[OfferingEvent], list[EnrollmentEvent]]


def seat(run: Offering, opened: OfferingOpened, entry: LearnerEnrolled) -> Decided:
    """A seat, or the wait for one. Raises `OfferingFull`."""
    placed = allocate_place(
        run,
        opened,
        enrollment=entry.enrollment,
        learner=entry.learner,
        mode=entry.mode,
        stay=entry.stay,
        occurred_at=entry.occurred_at,
    )
    if placed is None:
        return [], [entry]
    if isinstance(placed, WaitlistJoined):
        return [placed], [entered_as(LearnerWaitlisted, entry, entry.occurred_at)]
    return [placed], [entry]


def approve(run: Offering, state: Enrollment, *, enrollment: str, occurred_at: datetime) -> Decided:
    """Into a seat, or to the end of the waitlist.

    Raises the state's refusal, what `running` raises, `OfferingFull`.
    """
    entry = require_allowed(state, "approve", enrollment)
    opened = running(run, offering=entry.offering, occurred_at=occurred_at)
    approved = EnrollmentApproved(
        enrollment=enrollment,
        learner=entry.learner,
        offering=entry.offering,
        occurred_at=occurred_at,
    )
    offered, entered = seat(run, opened, entered_as(LearnerEnrolled, entry, occurred_at))
    return offered, [approved, *entered]


def decline(
    state: Enrollment, *, enrollment: str, reason: str, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """`reason` is a code. Raises the state's refusal."""
    entry = require_allowed(state, "decline", enrollment)
    return [
        EnrollmentDeclined(
            enrollment=enrollment,
            learner=entry.learner,
            offering=entry.offering,
            reason=reason,
            counted=entry.counted,
            stay=entry.stay,
            occurred_at=occurred_at,
        )
    ]


def accept(
    run: Offering,
    state: Enrollment,
    *,
    enrollment: str,
    occurred_at: datetime,
    now: datetime | None = None,
) -> Decided:
    """Take the seat that is held. `now` is by the server's clock, the other may be ahead.

    Raises the state's refusal, `StillWaiting`, `OfferExpired`.
    """
    entry = _with_offer(run, require_allowed(state, "accept", enrollment), state)
    if offer := run.offered.get(enrollment):
        occurred_at = not_after(occurred_at, offer.expires, now)
    placed = accept_offer(run, enrollment=enrollment, occurred_at=occurred_at)
    return placed, [entered_as(LearnerEnrolled, entry, occurred_at)]


def turn_down(
    run: Offering, state: Enrollment, *, enrollment: str, occurred_at: datetime
) -> Decided:
    """The seat goes to the next who waits. Raises the state's refusal, `StillWaiting`."""
    entry = _with_offer(run, require_allowed(state, "turn_down", enrollment), state)
    withdrawn = EnrollmentWithdrawn(
        enrollment=enrollment,
        learner=entry.learner,
        offering=entry.offering,
        course=entry.course,
        reason="offer_declined",
        occurred_at=occurred_at,
    )
    return give_up_place(run, enrollment=enrollment, occurred_at=occurred_at), [withdrawn]


def offer(
    state: Enrollment, *, expires: datetime, stay: int, occurred_at: datetime
) -> list[EnrollmentEvent]:
    """The offering holds a seat for them; not for who left and came back since."""
    entry = entry_if_allowed(state, "offer")
    if entry is None or entry.stay != stay:
        return []
    return [
        LearnerOfferedSeat(
            enrollment=entry.enrollment,
            learner=entry.learner,
            offering=entry.offering,
            expires=expires,
            occurred_at=occurred_at,
        )
    ]


def promote(state: Enrollment, *, occurred_at: datetime, stay: int = 1) -> list[EnrollmentEvent]:
    """From the waitlist into the seat that the offering gave; whoever left meanwhile stays out."""
    entry = entry_if_allowed(state, "seat")
    if entry is None or entry.stay != stay:
        return []
    return [entered_as(LearnerEnrolled, entry, occurred_at)]


def _with_offer(run: Offering, entry: Entry, state: Enrollment) -> Entry:
    """The offering knows first: who waits may have an offer and not have been told."""
    if state.state == "waitlisted" and entry.enrollment not in run.offered:
        raise StillWaiting(entry.enrollment)
    return entry
