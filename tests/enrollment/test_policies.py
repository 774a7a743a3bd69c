from datetime import datetime
from typing import Any

import msgspec
from tests.enrollment.given import enrolled, given, id_of, minute, opened, seat, waitlisted

from milepost.contracts.enrollments import EnrollmentExpired
from milepost.contracts.offerings import SeatTaken
from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LearningBegan,
)
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import run_out, withdraw
from milepost.enrollment.domain.learner_load import LEARNER, commit
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.policies import react
from milepost.enrollment.timers import timers
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog

BEGAN = LearningBegan(enrollment=id_of("ana"), occurred_at=minute(2))
COMPLETED = CourseCompleted(
    enrollment=id_of("ana"),
    learner="ana",
    offering="spring",
    course="DATA-101",
    version=1,
    grade=0.75,
    occurred_at=minute(8),
)
OF_IT: dict[str, Any] = {"enrollment": id_of("ana"), "learner": "ana", "offering": "spring"}
RAISED = CourseGradeChanged(
    **OF_IT,
    course="DATA-101",
    version=1,
    grade=0.95,
    before=0.75,
    because="attempt",
    occurred_at=minute(9),
)
REVOKED = CourseCompletionRevoked(
    **OF_IT, course="DATA-101", version=1, reason="misconduct", occurred_at=minute(10)
)


def reacts(event, *history):
    [reaction] = react(event)
    assert reaction.stream.name == f"enrollment-{id_of('ana')}"
    return reaction.decide(given(ENROLLMENT, *history))


END: dict[str, Any] = {"expires": minute(90), "occurred_at": minute(95)}


def commits(enrollment):
    return commit(
        given(LEARNER),
        learner="ana",
        enrollment=enrollment,
        offering="spring",
        stay=1,
        occurred_at=minute(1),
    )


def test_the_first_lesson_activates_the_enrollment():
    [event] = reacts(BEGAN, enrolled("ana"))
    assert (type(event).__name__, event.occurred_at) == ("EnrollmentActivated", minute(2))


def test_the_completed_course_completes_the_enrollment():
    [event] = reacts(COMPLETED, enrolled("ana"))
    assert (event.grade, event.occurred_at) == (0.75, minute(8))


def test_the_grade_follows_what_progress_says_after_the_completion():
    done = [enrolled("ana"), *reacts(COMPLETED, enrolled("ana"))]
    [event] = reacts(RAISED, *done)
    assert (type(event).__name__, event.grade) == ("EnrollmentGradeChanged", 0.95)
    assert given(ENROLLMENT, *done, event).grade == 0.95
    assert reacts(RAISED, *done, event) == []
    assert reacts(RAISED, enrolled("ana")) == [], "not completed here: it had ended before"


def test_who_has_not_completed_after_all_goes_on_and_counts_again():
    """Above the limit, if need be: it was full again while they had completed."""
    came = enrolled("ana", counted=True, expires=minute(90))
    [done] = reacts(COMPLETED, came)
    [freed] = react(done)
    taken = freed.decide(given(LEARNER, *commits(id_of("ana")), *commits("another")))
    [back] = reacts(REVOKED, came, done)
    assert (back.state, back.reason, back.expires) == ("enrolled", "misconduct", minute(90))
    [again] = react(back)
    load = given(LEARNER, *commits(id_of("ana")), *commits("another"), *taken)
    committed = given(LEARNER, *commits("another"), *again.decide(load)).committed
    assert list(committed) == ["another", id_of("ana")]
    [redone] = reacts(COMPLETED, came, done, back)
    assert (redone.grade, redone.counted) == (0.75, True)


def test_who_goes_on_after_the_offering_has_ended_expires():
    """Its end came while they had completed, and went by."""
    came = enrolled("ana", expires=minute(90))
    [done] = reacts(COMPLETED, came)
    assert run_out(given(ENROLLMENT, came, done), **END) == []
    [back] = reacts(REVOKED, came, done)
    tag, data = ENROLLMENT.codec.encode(back)
    heard = msgspec.json.decode(data)
    [timer] = [one for one in timers(Transactor(MemoryLog())) if one.name == "enrollment-expiry"]
    assert ("enrollment", tag) in timer.types
    assert datetime.fromisoformat(heard["expires"]) == minute(90)
    [expired] = run_out(given(ENROLLMENT, came, done, back), **END)
    assert isinstance(expired, EnrollmentExpired)
    assert expired.reason == "offering_ended"


def test_who_had_left_before_it_was_revoked_has_left_and_counts_nowhere():
    came = enrolled("ana", counted=True)
    left = withdraw(
        given(OFFERING, opened()),
        given(ENROLLMENT, came),
        enrollment=id_of("ana"),
        reason="no_time",
        occurred_at=minute(8),
    )[1]
    [done] = reacts(COMPLETED, came, *left)
    [back] = reacts(REVOKED, came, *left, done)
    assert back.state == "withdrawn"
    assert react(back) == ()


def test_a_seat_passed_on_enrolls_who_waited():
    passed_on = seat("ana", minute(6), waited=True)
    assert reacts(passed_on, waitlisted("ana")) == [enrolled("ana", minute(6))]


def test_a_seat_that_nobody_waited_for_is_not_answered():
    assert react(SeatTaken(enrollment="e", learner="ana", occurred_at=minute(3))) == ()


def test_a_policy_that_hears_twice_decides_once():
    done = reacts(COMPLETED, enrolled("ana"))
    cases = ((BEGAN, ()), (COMPLETED, ()), (RAISED, done), (REVOKED, done))
    for event, history in cases:
        once = reacts(event, enrolled("ana"), *history)
        assert once
        assert reacts(event, enrolled("ana"), *history, *once) == []
