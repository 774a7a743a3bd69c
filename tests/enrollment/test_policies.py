from tests.enrollment.given import enrolled, given, id_of, minute, seat, waitlisted

from milepost.contracts.offerings import SeatTaken
from milepost.contracts.progress import CourseCompleted, LearningBegan
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.policies import react

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


def reacts(event, *history):
    [reaction] = react(event)
    assert reaction.stream.name == f"enrollment-{id_of('ana')}"
    return reaction.decide(given(ENROLLMENT, *history))


def test_the_first_lesson_activates_the_enrollment():
    [event] = reacts(BEGAN, enrolled("ana"))
    assert (type(event).__name__, event.occurred_at) == ("EnrollmentActivated", minute(2))


def test_the_completed_course_completes_the_enrollment():
    [event] = reacts(COMPLETED, enrolled("ana"))
    assert (event.grade, event.occurred_at) == (0.75, minute(8))


def test_a_seat_passed_on_enrolls_who_waited():
    passed_on = seat("ana", minute(6), waited=True)
    assert reacts(passed_on, waitlisted("ana")) == [enrolled("ana", minute(6))]


def test_a_seat_that_nobody_waited_for_is_not_answered():
    assert react(SeatTaken(enrollment="e", learner="ana", occurred_at=minute(3))) == ()


def test_a_policy_that_hears_twice_decides_once():
    for event, history in ((BEGAN, ()), (COMPLETED, ())):
        once = reacts(event, enrolled("ana"), *history)
        assert reacts(event, enrolled("ana"), *once) == []
