"""Whatever happens in whatever order: seats are never oversold and nobody jumps the queue."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.enrollment.given import given, minute, opened

from milepost.contracts.enrollments import LearnerEnrolled
from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import OfferingClosed, SeatTaken
from milepost.enrollment.domain.enrollment.admission import enroll
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import withdraw
from milepost.enrollment.domain.enrollment.lifecycle import complete
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.offering.terms import close_offering
from milepost.enrollment.events import WaitlistJoined, WaitlistLeft
from milepost.enrollment.policies import react
from milepost.events.event import Conflicting, Unknown

LEARNERS = st.sampled_from([f"learner-{number}" for number in range(12)])
MINUTES = st.integers(0, 60)


def stored(category, event):
    """As it comes back from the log."""
    tag, data = category.codec.encode(event)
    return category.codec.decode(tag, data, event.occurred_at)


class Seats(RuleBasedStateMachine):
    """Promotions reach their enrollments late, by policy, as they do between processes."""

    @initialize(seats=st.integers(1, 4), waitlist=st.booleans())
    def open_it(self, seats, waitlist):
        self.seats = seats
        self.events = [opened(seats=seats, waitlist=waitlist)]
        self.enrollments = {}
        self.queue = []
        self.undelivered = []
        self.run = given(OFFERING, *self.events)

    def of(self, learner):
        return given(ENROLLMENT, *self.enrollments.get(learner, []))

    def happened(self, offered, entered, learner):
        for event in offered:
            self.note(event)
            self.run = OFFERING.evolve(self.run, event)
        self.events += offered
        self.enrollments.setdefault(learner, []).extend(entered)

    def note(self, event):
        match event:
            case WaitlistJoined():
                self.queue.append(event.enrollment)
            case WaitlistLeft():
                self.queue.remove(event.enrollment)
            case SeatTaken(waited=True):
                assert not any(isinstance(one, OfferingClosed) for one in self.events)
                assert event.enrollment == self.queue.pop(0)
                self.undelivered.append(event)
            case SeatTaken():
                assert not self.queue

    @rule(learner=LEARNERS, at=MINUTES)
    def somebody_enrolls(self, learner, at):
        at = minute(at)
        try:
            decided = enroll(
                self.run, self.of(learner), offering="spring", learner=learner, occurred_at=at
            )
        except Conflicting:
            return
        self.happened(*decided, learner)

    @rule(learner=LEARNERS, at=MINUTES)
    def somebody_withdraws(self, learner, at):
        own = enrollment_id("spring", learner)
        at = minute(at)
        try:
            decided = withdraw(
                self.run, self.of(learner), enrollment=own, reason="no_time", occurred_at=at
            )
        except (Conflicting, Unknown):
            return
        self.happened(*decided, learner)

    @rule(learner=LEARNERS, at=MINUTES)
    def somebody_completes(self, learner, at):
        if self.of(learner).state == "enrolled":
            done = complete(self.of(learner), grade=1.0, occurred_at=minute(at))
            self.happened([], done, learner)

    @precondition(lambda self: self.undelivered)
    @rule(twice=st.booleans())
    def the_policy_hears_of_a_seat(self, twice):
        event = self.undelivered.pop(0)
        for _ in range(1 + twice):
            [reaction] = react(event)
            self.happened([], reaction.decide(self.of(event.learner)), event.learner)

    @rule(at=st.integers(50, 60))
    def the_offering_closes(self, at):
        closing = close_offering(self.run, offering="spring", occurred_at=minute(at))
        self.happened(closing, [], "nobody")

    @invariant()
    def seats_are_never_oversold(self):
        assert len(self.run.seated) <= self.seats

    @invariant()
    def who_waits_is_in_line(self):
        assert list(self.run.waiting) == self.queue
        assert [self.run.place(one) for one in self.queue] == list(range(1, len(self.queue) + 1))

    @invariant()
    def no_seat_is_left_empty_while_somebody_waits(self):
        if self.run.waiting and self.run.closed_at is None:
            assert len(self.run.seated) == self.seats

    @invariant()
    def nobody_is_enrolled_twice_in_one_stay(self):
        for events in self.enrollments.values():
            stays = [event.stay for event in events if isinstance(event, LearnerEnrolled)]
            assert len(set(stays)) == len(stays)

    @invariant()
    def replay_equals_live(self):
        assert given(OFFERING, *(stored(OFFERING, event) for event in self.events)) == self.run
        for learner, events in self.enrollments.items():
            replayed = given(ENROLLMENT, *(stored(ENROLLMENT, event) for event in events))
            assert replayed == self.of(learner)

    @invariant()
    def the_seated_are_the_enrolled_once_all_were_told(self):
        if self.undelivered:
            return
        inside = {
            enrollment_id("spring", learner)
            for learner in self.enrollments
            if self.of(learner).state in {"enrolled", "completed"}
        }
        assert inside == self.run.seated

    def teardown(self):
        while getattr(self, "undelivered", None):
            self.the_policy_hears_of_a_seat(twice=True)
        if hasattr(self, "run"):
            self.the_seated_are_the_enrolled_once_all_were_told()


TestSeats = Seats.TestCase
TestSeats.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_five_thousand_wait_for_one_hundred_seats_in_order():
    run = given(OFFERING, opened(seats=100))
    learners = [f"l{number}" for number in range(5_000)]
    for learner in learners:
        offered, _ = enroll(
            run,
            given(ENROLLMENT),
            offering="spring",
            learner=learner,
            occurred_at=minute(1),
        )
        for event in offered:
            run = OFFERING.evolve(run, event)
    ids = [enrollment_id("spring", learner) for learner in learners]
    assert run.seated == set(ids[:100])
    assert list(run.waiting) == ids[100:]
    assert run.place(ids[100]) == 1
    assert run.place(ids[-1]) == 4_900
