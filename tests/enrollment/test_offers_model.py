"""Seats, offers and waitlist against a plain list of names, whatever happens and however late.

The reference knows no events, no streams and no policies; the clock moves, and the policies are
told in order, but when they like.
"""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.enrollment.given import given, minute, opened

from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import SeatOffered, SeatReleased, SeatTaken
from milepost.enrollment.domain.enrollment.admission import enroll
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import withdraw
from milepost.enrollment.domain.enrollment.seating import accept, turn_down
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.offering.seats import expire_offer
from milepost.enrollment.domain.offering.terms import Changes, change_offering, close_offering
from milepost.enrollment.policies import react
from milepost.events.event import Conflicting, Unknown

LEARNERS = st.sampled_from([f"learner-{number}" for number in range(8)])
HOURS = 2


class Plain:
    """Who is inside, who has an offer until when, who stands in line."""

    def __init__(self, seats, hours):
        self.seats, self.hours, self.closed = seats, hours, False
        self.inside, self.offers, self.line = [], {}, []

    def names(self):
        return {*self.inside, *self.offers, *self.line}

    def full(self):
        return len(self.inside) + len(self.offers) >= self.seats

    def fill(self, now):
        while self.line and not self.full() and not self.closed:
            first = self.line.pop(0)
            if self.hours is None:
                self.inside.append(first)
            else:
                self.offers[first] = now + timedelta(hours=self.hours)

    def come(self, name):
        if name not in self.names() and not self.closed:
            (self.line if self.full() or self.line else self.inside).append(name)

    def leave(self, name, now):
        if name in self.line:
            self.line.remove(name)
        elif name in self.names():
            self.offers.pop(name, None)
            self.inside = [one for one in self.inside if one != name]
            self.fill(now)

    def accept(self, name, now):
        if self.offers.get(name, now) > now:
            del self.offers[name]
            self.inside.append(name)

    def lapse(self, now):
        for name in [one for one, until in self.offers.items() if until <= now]:
            self.leave(name, now)


class Offers(RuleBasedStateMachine):
    @initialize(seats=st.integers(1, 3), hours=st.sampled_from([None, HOURS, HOURS]))
    def open_it(self, seats, hours):
        self.now = minute(0)
        self.plain = Plain(seats, hours)
        self.events = [opened(seats=seats, offer_hours=hours)]
        self.run = given(OFFERING, *self.events)
        self.enrollments, self.untold, self.timers = {}, [], []

    def of(self, learner):
        return given(ENROLLMENT, *self.enrollments.get(learner, []))

    def happened(self, offered, entered=(), learner=None):
        for event in offered:
            held = self.held()
            self.run = OFFERING.evolve(self.run, event)
            self.events.append(event)
            self.untold.append(event)
            if isinstance(event, SeatOffered):
                self.timers.append(event)
            if isinstance(event, SeatTaken | SeatOffered):
                assert self.held() <= max(held, self.plain.seats), "fewer seats evict nobody"
        if entered:
            self.enrollments.setdefault(learner, []).extend(entered)

    def held(self):
        return len(self.run.seated) + len(self.run.offered)

    def lapsed_untold(self, learner):
        own = enrollment_id("spring", learner)
        return any(isinstance(e, SeatReleased) and e.enrollment == own for e in self.untold)

    @rule(learner=LEARNERS)
    def somebody_enrolls(self, learner):
        if self.lapsed_untold(learner):
            return  # an answer of the state before they are told; nothing happens
        self.now += timedelta(minutes=1)
        self.plain.come(learner)
        try:
            decided = enroll(
                self.run, self.of(learner), offering="spring", learner=learner, occurred_at=self.now
            )
        except Conflicting:
            return
        offered, entered = decided
        self.happened(offered, entered, learner)

    @rule(learner=LEARNERS, step=st.sampled_from([withdraw, accept, turn_down]))
    def somebody_answers(self, learner, step):
        own = enrollment_id("spring", learner)
        reason = {"reason": "no_time"} if step is withdraw else {}
        was_offered = own in self.run.offered
        try:
            decided = step(
                self.run, self.of(learner), enrollment=own, occurred_at=self.now, **reason
            )
        except (Conflicting, Unknown):
            assert step is not accept or self.plain.offers.get(learner, self.now) <= self.now
            return
        offered, entered = decided
        self.happened(offered, entered, learner)
        if step is accept:
            self.plain.accept(learner, self.now)
        elif step is withdraw or was_offered:
            self.plain.leave(learner, self.now)

    @rule(minutes=st.integers(1, 200))
    def time_passes_and_the_timer_goes_off(self, minutes):
        self.now += timedelta(minutes=minutes)
        due = [one for one in self.timers if one.expires <= self.now]
        self.timers = [one for one in self.timers if one.expires > self.now]
        for event in due + due:  # once more does no harm
            who = {"enrollment": event.enrollment, "stay": event.stay}
            self.happened(expire_offer(self.run, **who, occurred_at=self.now))
        self.plain.lapse(self.now)

    @rule(minutes=st.integers(1, 200))
    def time_passes_and_the_timer_is_late(self, minutes):
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.untold)
    @rule(count=st.integers(1, 10), twice=st.booleans())
    def the_policy_hears(self, count, twice):
        for event in self.untold[:count]:
            for _ in range(1 + twice):
                self.tell(event)
        del self.untold[:count]

    def tell(self, event):
        if not isinstance(event, SeatTaken | SeatOffered | SeatReleased):
            return
        for reaction in react(event):
            [learner] = [
                one
                for one in self.enrollments
                if ENROLLMENT.of(enrollment_id("spring", one)).name == reaction.stream.name
            ]
            self.happened([], reaction.decide(self.of(learner)), learner)

    @rule(seats=st.integers(1, 4))
    def the_seats_change(self, seats):
        if self.plain.closed:
            return
        self.plain.seats = seats
        changed = change_offering(
            self.run, Changes(seats=seats), offering="spring", occurred_at=self.now
        )
        self.happened(changed)
        if changed:
            self.plain.fill(self.now)

    @precondition(lambda self: len(self.events) > 15)
    @rule()
    def the_offering_closes(self):
        self.happened(close_offering(self.run, offering="spring", occurred_at=self.now))
        self.plain.closed = True

    @invariant()
    def the_offering_says_what_the_plain_list_says(self):
        def ids(names):
            return [enrollment_id("spring", one) for one in names]

        assert self.run.seated == set(ids(self.plain.inside))
        assert list(self.run.waiting) == ids(self.plain.line)
        held = {one: event.expires for one, event in self.run.offered.items()}
        assert held == {enrollment_id("spring", k): v for k, v in self.plain.offers.items()}

    @invariant()
    def replay_equals_live(self):
        assert given(OFFERING, *self.events) == self.run

    def teardown(self):
        """Once everybody was told, the enrollments say it too."""
        for event in getattr(self, "untold", []):
            self.tell(event)
        for learner in getattr(self, "enrollments", {}):
            state = self.of(learner).state
            assert (state == "enrolled") == (learner in self.plain.inside)
            assert (state == "offered") == (learner in self.plain.offers)
            assert (state == "waitlisted") == (learner in self.plain.line)


TestOffers = Offers.TestCase
TestOffers.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
