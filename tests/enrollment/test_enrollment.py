from datetime import timedelta
from typing import Any

import pytest
from tests.enrollment.given import (
    enrolled,
    given,
    id_of,
    minute,
    offering,
    opened,
    seat,
    waitlisted,
    waits,
)

from milepost.contracts.enrollments import (
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentWithdrawn,
)
from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import OfferingClosed, SeatReleased
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest, admit, enroll
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import withdraw
from milepost.enrollment.domain.enrollment.lifecycle import activate, complete
from milepost.enrollment.domain.enrollment.refusals import (
    AlreadyCompleted,
    AlreadyWithdrawn,
    NotEnrolled,
    UnknownEnrollment,
)
from milepost.enrollment.domain.enrollment.seating import promote
from milepost.enrollment.domain.offering.offering import (
    OfferingAlreadyClosed,
    OfferingFull,
    UnknownOffering,
    WindowClosed,
    WindowNotOpen,
)
from milepost.enrollment.events import WaitlistLeft

CLOSED = OfferingClosed(offering="spring", occurred_at=minute(9))
WHO: dict[str, Any] = {"enrollment": id_of("ana"), "learner": "ana", "offering": "spring"}


def enrollment(*events):
    return given(ENROLLMENT, *events)


def withdrawn(learner="ana", at=5):
    return EnrollmentWithdrawn(
        enrollment=id_of(learner),
        learner=learner,
        offering="spring",
        course="DATA-101",
        reason="no_time",
        occurred_at=minute(at),
    )


def activated(at=2):
    return EnrollmentActivated(**WHO, occurred_at=minute(at))


def completed(at=8):
    return EnrollmentCompleted(**WHO, course="DATA-101", grade=0.8, occurred_at=minute(at))


def enrolls(run, state=None, learner="ana", at=1, **facts):
    return enroll(
        run,
        state or enrollment(),
        offering="spring",
        learner=learner,
        occurred_at=minute(at),
        **facts,
    )


def withdraws(run, state, learner="ana", at=5):
    return withdraw(run, state, enrollment=id_of(learner), reason="no_time", occurred_at=minute(at))


def test_the_id_of_an_enrollment_follows_from_offering_and_learner_forever():
    assert enrollment_id("spring", "ana") == "c59d4912-84ac-57e5-a0b8-498b8fb35aad"
    assert enrollment_id("spring", "ben") != enrollment_id("spring", "ana")


def test_without_a_cap_enrolling_does_not_write_the_offering():
    happened = enrolls(offering(opened()), mode="verified")
    assert happened == ([], [enrolled("ana", minute(1), mode="verified")])


def test_a_free_seat_is_taken():
    happened = enrolls(offering(opened(seats=2), seat("ben")))
    assert happened == ([seat("ana", minute(1))], [enrolled("ana", minute(1))])


def test_when_the_seats_are_taken_one_waits():
    run = offering(opened(seats=1), seat("ben"))
    happened = enrolls(run, mode="verified")
    assert happened == (
        [waits("ana", minute(1), mode="verified")],
        [waitlisted("ana", minute(1), mode="verified")],
    )


def test_when_the_seats_are_taken_and_there_is_no_waitlist_it_is_full():
    with pytest.raises(OfferingFull) as refused:
        enrolls(offering(opened(seats=1, waitlist=False), seat("ben")))
    assert refused.value.facts == {"offering": "spring", "seats": 1}


@pytest.mark.parametrize(
    "history",
    [
        [enrolled("ana")],
        [waitlisted("ana")],
        [enrolled("ana"), activated()],
        [enrolled("ana"), completed()],
    ],
)
def test_enrolling_again_does_nothing_even_after_the_offering_closed(history):
    run = offering(opened(seats=1), CLOSED)
    assert enrolls(run, enrollment(*history), at=20) == ([], [])


def test_who_withdrew_may_come_back_but_not_before_they_had_gone():
    state = enrollment(enrolled("ana"), withdrawn())
    happened = enrolls(offering(opened()), state, at=6)
    assert happened == ([], [enrolled("ana", minute(6), stay=2)])
    with pytest.raises(AlreadyWithdrawn) as refused:
        enrolls(offering(opened()), state, at=4)
    assert refused.value.facts == {"enrollment": id_of("ana"), "withdrawn_at": minute(5)}


SKEW = timedelta(minutes=5)


def admitted(run, state, at, now=None):
    asked: dict[str, Any] = {"offering": "spring", "learner": "ana", "occurred_at": minute(at)}
    request = AdmissionRequest(**asked, now=minute(at if now is None else now), skew=SKEW)
    return [one.occurred_at for one in admit(request, run, state).enrollment]


def test_a_clock_that_is_a_little_off_comes_back_at_the_earliest_when_they_had_gone():
    state = enrollment(enrolled("ana"), withdrawn(at=10))
    run = offering(opened())
    assert admitted(run, state, at=10) == admitted(run, state, at=5) == [minute(10)]
    with pytest.raises(AlreadyWithdrawn):
        admitted(run, state, at=4.9)


def test_a_window_that_is_open_now_is_open_to_a_clock_that_is_a_little_off():
    run = offering(opened(window_opens=minute(10), window_closes=minute(20)))
    assert admitted(run, enrollment(), at=6, now=11) == [minute(10)]
    assert admitted(run, enrollment(), at=22, now=19) == [minute(19)]
    with pytest.raises(WindowNotOpen):
        admitted(run, enrollment(), at=9, now=9)
    with pytest.raises(WindowNotOpen):
        admitted(run, enrollment(), at=4, now=11)
    with pytest.raises(WindowClosed):
        admitted(run, enrollment(), at=22, now=20)


def test_who_comes_back_goes_on_where_they_were():
    state = enrollment(enrolled("ana"), activated(), withdrawn(), enrolled("ana", stay=2))
    assert (state.state, state.reason) == ("active", None)


def test_a_seat_that_was_given_to_an_earlier_stay_is_not_for_the_later_one():
    state = enrollment(waitlisted("ana"), withdrawn(), waitlisted("ana", minute(6), stay=2))
    assert promote(state, stay=1, occurred_at=minute(7)) == []
    assert promote(state, stay=2, occurred_at=minute(7)) == [enrolled("ana", minute(7), stay=2)]


def test_an_unknown_offering_takes_nobody():
    with pytest.raises(UnknownOffering):
        enrolls(offering())


def test_the_window_opens_and_closes_at_the_time_it_happened():
    run = offering(opened(window_opens=minute(2), window_closes=minute(4)))
    with pytest.raises(WindowNotOpen) as early:
        enrolls(run, at=1)
    assert early.value.opens_at == minute(2)
    assert enrolls(run, at=2)[1]
    assert enrolls(run, at=3)[1]
    with pytest.raises(WindowClosed) as late:
        enrolls(run, at=4)
    assert late.value.closed_at == minute(4)


def test_without_a_window_one_enrolls_until_the_end():
    run = offering(opened(ends=minute(4)))
    assert enrolls(run, at=3)[1]
    with pytest.raises(WindowClosed):
        enrolls(run, at=4)


def test_a_closed_offering_takes_only_who_came_before():
    run = offering(opened(), CLOSED)
    with pytest.raises(OfferingAlreadyClosed):
        enrolls(run, at=9)
    assert enrolls(run, at=8)[1] == [enrolled("ana", minute(8))]


def test_nobody_overtakes_the_waitlist_when_a_seat_is_free():
    released = SeatReleased(enrollment=id_of("ben"), occurred_at=minute(10))
    run = offering(opened(seats=1), seat("ben"), waits("cleo"), CLOSED, released)
    assert enrolls(run, at=8)[0] == [waits("ana", minute(8))]


def test_a_withdrawal_frees_the_seat():
    run = offering(opened(seats=1), seat("ana"))
    happened = withdraws(run, enrollment(enrolled("ana")))
    assert happened == (
        [SeatReleased(enrollment=id_of("ana"), occurred_at=minute(5))],
        [withdrawn()],
    )


def test_a_freed_seat_goes_to_the_first_who_waits():
    run = offering(opened(seats=1), seat("ana"), waits("ben", mode="verified"), waits("cleo"))
    happened, _ = withdraws(run, enrollment(enrolled("ana")))
    assert happened == [
        SeatReleased(enrollment=id_of("ana"), occurred_at=minute(5)),
        seat("ben", minute(5), mode="verified", waited=True),
    ]


def test_nobody_is_seated_before_they_came():
    run = offering(opened(seats=1), seat("ana"), waits("ben", minute(7)))
    _, taken = withdraws(run, enrollment(enrolled("ana")), at=5)[0]
    assert taken.occurred_at == minute(7)


def test_a_seat_freed_after_the_closing_goes_to_nobody():
    run = offering(opened(seats=1), seat("ana"), waits("ben"), CLOSED)
    happened, _ = withdraws(run, enrollment(enrolled("ana")), at=10)
    assert happened == [SeatReleased(enrollment=id_of("ana"), occurred_at=minute(10))]


def test_who_waits_may_leave_the_waitlist():
    run = offering(opened(seats=1), seat("ben"), waits("ana"), waits("cleo"))
    happened = withdraws(run, enrollment(waitlisted("ana")))
    assert happened == (
        [WaitlistLeft(enrollment=id_of("ana"), occurred_at=minute(5))],
        [withdrawn()],
    )


def test_who_was_given_a_seat_but_not_yet_told_passes_it_on():
    run = offering(opened(seats=1), waits("ana"), waits("ben"), seat("ana", waited=True))
    happened, _ = withdraws(run, enrollment(waitlisted("ana")))
    assert happened[1] == seat("ben", minute(5), waited=True)


def test_without_a_cap_a_withdrawal_does_not_write_the_offering():
    assert withdraws(offering(opened()), enrollment(enrolled("ana"))) == ([], [withdrawn()])


def test_withdrawing_twice_is_refused():
    with pytest.raises(AlreadyWithdrawn):
        withdraws(offering(opened()), enrollment(enrolled("ana"), withdrawn()))


def test_withdrawing_after_completion_is_refused():
    with pytest.raises(AlreadyCompleted):
        withdraws(offering(opened()), enrollment(enrolled("ana"), completed()))


def test_an_unknown_enrollment_is_not_withdrawn():
    with pytest.raises(UnknownEnrollment):
        withdraws(offering(opened()), enrollment())


def test_promotion_enrolls_who_waited_with_what_they_asked_for():
    state = enrollment(waitlisted("ana", mode="verified"))
    assert promote(state, occurred_at=minute(6)) == [enrolled("ana", minute(6), mode="verified")]


@pytest.mark.parametrize(
    "history",
    [[], [enrolled("ana")], [waitlisted("ana"), withdrawn()], [enrolled("ana"), completed()]],
)
def test_nobody_else_is_promoted(history):
    assert promote(enrollment(*history), occurred_at=minute(6)) == []


def test_the_first_lesson_activates():
    state = enrollment(enrolled("ana"))
    assert activate(state, occurred_at=minute(2)) == [activated()]
    assert enrollment(enrolled("ana"), activated()).state == "active"


@pytest.mark.parametrize(
    "history", [[], [enrolled("ana"), activated()], [enrolled("ana"), withdrawn(at=1)]]
)
def test_nothing_else_activates(history):
    assert activate(enrollment(*history), occurred_at=minute(2)) == []


def test_a_first_lesson_before_the_withdrawal_is_noted_and_the_withdrawal_stays():
    state = enrollment(enrolled("ana"), withdrawn(at=5))
    assert activate(state, occurred_at=minute(5)) == [activated(5)]
    assert enrollment(enrolled("ana"), withdrawn(), activated()).state == "withdrawn"


def test_completion_is_noted_once():
    state = enrollment(enrolled("ana"), activated())
    assert complete(state, grade=0.8, occurred_at=minute(8)) == [completed()]
    again = enrollment(enrolled("ana"), completed())
    assert complete(again, grade=0.9, occurred_at=minute(9)) == []


def test_a_completion_after_the_withdrawal_does_not_count():
    state = enrollment(enrolled("ana"), withdrawn(at=5))
    assert complete(state, grade=0.8, occurred_at=minute(6)) == []


def test_a_completion_before_the_withdrawal_counts_though_it_is_reported_later():
    state = enrollment(enrolled("ana"), withdrawn(at=9))
    assert complete(state, grade=0.8, occurred_at=minute(8)) == [completed()]
    assert enrollment(enrolled("ana"), withdrawn(at=9), completed()).state == "completed"


def test_who_never_enrolled_completes_nothing():
    assert complete(enrollment(), grade=1.0, occurred_at=minute(8)) == []


def test_withdrawing_before_the_enrollment_began_is_refused():
    with pytest.raises(NotEnrolled) as refused:
        withdraws(offering(opened()), enrollment(enrolled("ana", at=minute(5))), at=4)
    assert refused.value.facts == {"enrollment": id_of("ana"), "entered_at": minute(5)}
