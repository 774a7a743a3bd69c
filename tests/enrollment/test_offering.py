import pytest
from tests.enrollment.given import course, minute, offering, opened, published

from milepost.contracts.courses import CourseDrafted, CourseRetired
from milepost.contracts.offerings import OfferingClosed
from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed
from milepost.enrollment.domain.course.course import (
    AlreadyRetired,
    UnknownCourse,
    UnknownCourseVersion,
)
from milepost.enrollment.domain.offering.offering import (
    OfferingAlreadyOpen,
    OfferingInvalid,
    UnknownOffering,
)
from milepost.enrollment.domain.offering.terms import Terms, close_offering, open_offering

CLOSED = OfferingClosed(offering="spring", occurred_at=minute(9))
RETIRED = CourseRetired(course="DATA-101", occurred_at=minute(9))


def opening(at=0, **facts):
    terms = Terms(**{"course": "DATA-101", **facts})
    return {"terms": terms, "offering": "spring", "occurred_at": minute(at)}


def test_an_offering_opens_a_published_version():
    happened = open_offering(offering(), course(published()), **opening(version=1, seats=30))
    assert happened == [opened(seats=30)]


def test_without_a_version_it_is_the_latest():
    [event] = open_offering(offering(), course(published(1), published(2)), **opening())
    assert event == opened(version=2)


def test_opening_again_with_the_same_facts_does_nothing():
    run = offering(opened(seats=3))
    again = opening(version=1, seats=3, at=5)
    assert open_offering(run, course(published()), **again) == []


def test_opening_again_without_a_version_keeps_the_version_it_has():
    run = offering(opened(version=1))
    assert open_offering(run, course(published(1), published(2)), **opening()) == []


def test_opening_again_with_other_facts_is_refused():
    with pytest.raises(OfferingAlreadyOpen):
        open_offering(offering(opened(seats=3)), course(published()), **opening(seats=4))


def test_an_unknown_course_has_no_offering():
    with pytest.raises(UnknownCourse):
        open_offering(offering(), course(), **opening())


@pytest.mark.parametrize("version", [0, 2, -1])
def test_an_unknown_version_is_not_offered(version):
    with pytest.raises(UnknownCourseVersion) as refused:
        open_offering(offering(), course(published()), **opening(version=version))
    assert refused.value.facts == {"course": "DATA-101", "version": version, "latest": 1}


def test_a_draft_is_not_offered():
    drafted = CourseDrafted(course="DATA-101", title="Data", occurred_at=minute(0))
    with pytest.raises(UnknownCourseVersion):
        open_offering(offering(), course(drafted), **opening())


def test_a_retired_course_is_not_offered():
    with pytest.raises(AlreadyRetired):
        open_offering(offering(), course(published(), RETIRED), **opening())


@pytest.mark.parametrize(
    ("facts", "path", "condition"),
    [
        ({"seats": 0}, "$.seats", "not_positive"),
        (
            {"window_opens": minute(2), "window_closes": minute(2)},
            "$.window_closes",
            "not_after_window_opens",
        ),
        ({"starts": minute(3), "ends": minute(2)}, "$.ends", "not_after_starts"),
        ({"window_opens": minute(5), "ends": minute(5)}, "$.window_opens", "not_before_ends"),
    ],
)
def test_an_offering_makes_sense(facts, path, condition):
    with pytest.raises(OfferingInvalid) as refused:
        open_offering(offering(), course(published()), **opening(**facts))
    assert [(fault.path, fault.condition) for fault in refused.value.faults] == [(path, condition)]


def test_an_offering_is_closed_once():
    run = offering(opened())
    assert close_offering(run, offering="spring", occurred_at=minute(9)) == [CLOSED]
    run = offering(opened(), CLOSED)
    assert close_offering(run, offering="spring", occurred_at=minute(10)) == []


def test_an_unknown_offering_is_not_closed():
    with pytest.raises(UnknownOffering):
        close_offering(offering(), offering="spring", occurred_at=minute(9))


DATA_100 = CoursePassed(course="DATA-100", min_grade=0.5)
SAFETY = AchievementHeld(achievement="safety")


def test_an_offering_takes_over_the_prerequisites_of_its_version():
    catalog = course(published(1), published(2, prerequisites=(DATA_100,)))
    assert open_offering(offering(), catalog, **opening()) == [
        opened(version=2, prerequisites=(DATA_100,))
    ]
    assert open_offering(offering(), catalog, **opening(version=1)) == [opened(version=1)]


@pytest.mark.parametrize("own", [(SAFETY,), ()])
def test_an_offering_may_state_prerequisites_of_its_own_or_none(own):
    catalog = course(published(1, prerequisites=(DATA_100,)))
    [event] = open_offering(offering(), catalog, **opening(prerequisites=own))
    assert event == opened(prerequisites=own)


def test_opening_again_without_prerequisites_keeps_those_taken_over():
    catalog = course(published(1, prerequisites=(DATA_100,)), published(2))
    run = offering(opened(prerequisites=(DATA_100,)))
    assert open_offering(run, catalog, **opening()) == []


def test_what_an_offering_asks_for_can_be_had_and_is_asked_once():
    wanted = (CoursePassed(course="DATA-100", min_grade=2.0), DATA_100, SAFETY)
    with pytest.raises(OfferingInvalid) as refused:
        open_offering(offering(), course(published()), **opening(prerequisites=wanted))
    assert [(one.path, one.condition) for one in refused.value.faults] == [
        ("$.prerequisites[0].min_grade", "not_between_0_and_1"),
        ("$.prerequisites[1]", "duplicate"),
    ]
