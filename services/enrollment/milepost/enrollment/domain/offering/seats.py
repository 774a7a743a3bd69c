"""The seats of an offering that has a cap: taken, offered, given up, passed on to who waits.

Seats held, those on offer among them, are never more than there are; nobody overtakes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from milepost.contracts.offerings import Mode, OfferingOpened, SeatOffered, SeatReleased, SeatTaken
from milepost.enrollment.domain.offering.offering import Offering, OfferingFull
from milepost.enrollment.events import OfferingEvent, WaitlistJoined, WaitlistLeft
from milepost.events.event import Conflicting


@dataclass
class OfferExpired(Conflicting):
    """The seat was held until then, and has been passed on."""

    enrollment: str
    expired_at: datetime | None


def seats_held(state: Offering) -> int:
    return len(state.seated) + len(state.offered)


def full(state: Offering, opened: OfferingOpened) -> OfferingFull | None:
    """Why there is neither a seat nor a place in the waitlist, if so."""
    # A seat may be free although somebody waits: one that was given up after the closing.
    if opened.seats is None or opened.waitlist:
        return None
    free = seats_held(state) < opened.seats and not state.waiting
    return None if free else OfferingFull(opened.offering, opened.seats)


def allocate_place(
    state: Offering,
    opened: OfferingOpened,
    *,
    enrollment: str,
    learner: str,
    mode: Mode,
    stay: int,
    occurred_at: datetime,
) -> SeatTaken | WaitlistJoined | None:
    """A seat, else the last place in the waitlist; nothing to take without a cap.

    Raises `OfferingFull`.
    """
    if opened.seats is None:
        return None
    if refusal := full(state, opened):
        raise refusal
    free = seats_held(state) < opened.seats and not state.waiting
    taken = SeatTaken if free else WaitlistJoined
    return taken(
        enrollment=enrollment, learner=learner, mode=mode, stay=stay, occurred_at=occurred_at
    )


def give_up_place(
    state: Offering,
    *,
    enrollment: str,
    occurred_at: datetime,
    now: datetime | None = None,
) -> list[OfferingEvent]:
    """Leave the waitlist, or the seat (held or on offer), which goes to the first who waits.

    `now`: when it is decided. An offer lasts from then, however late the leaving is reported.
    """
    if enrollment in state.waiting:
        return [WaitlistLeft(enrollment=enrollment, occurred_at=occurred_at)]
    if enrollment not in state.seated and enrollment not in state.offered:
        return []
    released = SeatReleased(enrollment=enrollment, occurred_at=occurred_at)
    return [released, *pass_on(state, seats_held(state) - 1, occurred_at, now or occurred_at)]


def expire_offer(
    state: Offering, *, enrollment: str, stay: int, occurred_at: datetime
) -> list[OfferingEvent]:
    """The seat goes to the next who waits, unless the offer was answered meanwhile."""
    offer = state.offered.get(enrollment)
    if offer is None or offer.stay != stay or occurred_at < offer.expires:
        return []
    released = SeatReleased(enrollment=enrollment, expired=True, stay=stay, occurred_at=occurred_at)
    return [released, *pass_on(state, seats_held(state) - 1, occurred_at, occurred_at)]


def accept_offer(state: Offering, *, enrollment: str, occurred_at: datetime) -> list[OfferingEvent]:
    """Raises `OfferExpired`, also when it has been passed on already."""
    offer = state.offered.get(enrollment)
    if offer is None or occurred_at >= offer.expires:
        raise OfferExpired(enrollment, None if offer is None else offer.expires)
    return [
        SeatTaken(
            enrollment=enrollment,
            learner=offer.learner,
            mode=offer.mode,
            stay=offer.stay,
            occurred_at=occurred_at,
        )
    ]


def pass_on(
    state: Offering, holding: int, occurred_at: datetime, now: datetime
) -> Sequence[SeatTaken | SeatOffered]:
    """What is free beside those who hold a seat, for the first who wait."""
    opened = state.opened
    if opened is None or opened.seats is None or state.closed_at is not None or state.canceled:
        return ()
    if opened.ends is not None and now >= opened.ends:
        return ()
    free = max(opened.seats - holding, 0)
    return [
        _allocation(opened, one, occurred_at, now) for one in islice(state.waiting.values(), free)
    ]


def _allocation(
    opened: OfferingOpened, first: WaitlistJoined, occurred_at: datetime, now: datetime
) -> SeatTaken | SeatOffered:
    # Who joined after a withdrawal that is reported late is seated when they joined.
    at = max(occurred_at, first.occurred_at)
    allocated = SeatTaken(
        enrollment=first.enrollment,
        learner=first.learner,
        mode=first.mode,
        waited=True,
        stay=first.stay,
        occurred_at=at,
    )
    if opened.offer_hours is None:
        return allocated
    return SeatOffered(
        enrollment=allocated.enrollment,
        learner=allocated.learner,
        mode=allocated.mode,
        stay=allocated.stay,
        expires=max(at, now) + timedelta(hours=opened.offer_hours),
        occurred_at=at,
    )
