"""A course is taken over as a file tells it: whole, once, and never against what is here."""

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.enrollment.given import course, lesson, minute, published
from tests.enrollment.plans import histories

from milepost.contracts.courses import CourseDrafted, CourseRetired
from milepost.enrollment.domain.course.course import PlanInvalid
from milepost.enrollment.domain.course.history_import import CourseDiffers, History, import_history

FIRST = published(1, occurred_at=minute(1))
SECOND = published(2, title="Data II", occurred_at=minute(2))
RETIRED = CourseRetired(course="DATA-101", occurred_at=minute(9))
DRAFTED = CourseDrafted(course="DATA-101", title="Data", occurred_at=minute(0))


def history_of(*versions, **facts):
    title = versions[-1].title if versions else "Data"
    return History(**{"course": "DATA-101", "title": title, "versions": versions, **facts})


def imported(state, history):
    return import_history(
        state, history, course="DATA-101", latest=minute(60), occurred_at=minute(30)
    )


def refused(condition, state, history):
    with pytest.raises(condition) as refusal:
        imported(state, history)
    return [(fault.path, fault.condition) for fault in refusal.value.faults]


def test_a_course_that_nobody_knows_gets_all_its_versions_as_they_were_published():
    assert imported(course(), history_of(FIRST, SECOND)) == [FIRST, SECOND]
    assert imported(course(), history_of(FIRST, retired_at=minute(9))) == [FIRST, RETIRED]


def test_a_draft_is_taken_over_as_a_draft():
    assert imported(course(), history_of()) == [replace(DRAFTED, occurred_at=minute(30))]
    renamed = imported(course(DRAFTED), history_of(title="Other"))
    assert renamed == [CourseDrafted(course="DATA-101", title="Other", occurred_at=minute(30))]
    assert imported(course(DRAFTED), history_of()) == []


def test_only_what_is_not_here_yet_is_written():
    assert imported(course(DRAFTED, FIRST), history_of(FIRST, SECOND)) == [SECOND]
    assert imported(course(FIRST), history_of(FIRST, retired_at=minute(9))) == [RETIRED]


@drawn(histories())
def test_taking_over_again_writes_nothing(versions):
    written = imported(course(), history_of(*versions))
    assert written == list(versions)
    assert imported(course(*written), history_of(*versions)) == []


@pytest.mark.parametrize("history", [history_of(), history_of(FIRST), history_of(title="Once")])
def test_an_older_file_of_the_same_course_writes_nothing(history):
    assert imported(course(FIRST, SECOND), history) == []


def test_every_place_where_the_course_differs_here_is_told():
    heavier = (lesson(weight=2.0), *FIRST.lessons[1:])
    other = replace(FIRST, title="Dato", lessons=heavier, occurred_at=minute(3))
    assert refused(CourseDiffers, course(FIRST), history_of(other)) == [
        ("$.versions[0].published_at", "differs"),
        ("$.versions[0].title", "differs"),
        ("$.versions[0].lessons[0].weight", "differs"),
    ]


def test_lessons_that_the_file_lacks_differ_in_one_place():
    fewer = replace(published(1), lessons=FIRST.lessons[1:], occurred_at=FIRST.occurred_at)
    more = replace(FIRST, lessons=(*FIRST.lessons, lesson("b"), lesson("c")))
    assert refused(CourseDiffers, course(more), history_of(fewer)) == [
        ("$.versions[0].lessons", "differs")
    ]


def test_a_retired_course_gets_no_further_version():
    state = course(FIRST, RETIRED)
    assert refused(CourseDiffers, state, history_of(FIRST, SECOND)) == [
        ("$.retired_at", "already_retired")
    ]
    assert imported(state, history_of(FIRST)) == []
    assert imported(state, history_of(FIRST, retired_at=minute(9))) == []


def test_a_course_is_retired_once_and_not_before_versions_that_are_here():
    again = history_of(FIRST, retired_at=minute(10))
    assert refused(CourseDiffers, course(FIRST, RETIRED), again) == [("$.retired_at", "differs")]
    since = history_of(FIRST, retired_at=minute(9))
    assert refused(CourseDiffers, course(FIRST, SECOND), since) == [
        ("$.retired_at", "published_since")
    ]


def test_all_that_makes_no_sense_in_the_file_is_told_at_once():
    gap = published(3, lessons=(), occurred_at=minute(61))
    history = history_of(FIRST, replace(FIRST, version=2), gap, retired_at=minute(61))
    history = replace(history, course="DATA-102", title="Other")
    assert refused(PlanInvalid, course(), history) == [
        ("$.course", "not_the_one_addressed"),
        ("$.title", "not_that_of_the_latest_version"),
        ("$.retired_at", "in_the_future"),
        ("$.versions[1]", "same_as_the_version_before"),
        ("$.versions[2].published_at", "in_the_future"),
        ("$.versions[2].lessons", "empty"),
        ("$.versions[2].passing_rule.passing_grade", "no_lesson_has_weight"),
    ]


def test_times_do_not_run_backwards():
    earlier = replace(SECOND, occurred_at=minute(0))
    third = published(3, occurred_at=minute(0))
    assert refused(PlanInvalid, course(), history_of(FIRST, earlier, third)) == [
        ("$.versions[1].published_at", "before_the_version_before")
    ]
    assert refused(PlanInvalid, course(), history_of(FIRST, SECOND, retired_at=minute(1))) == [
        ("$.retired_at", "before_the_latest_version")
    ]
    at_once = replace(SECOND, occurred_at=minute(1))
    assert imported(course(), history_of(FIRST, at_once, retired_at=minute(1)))[:2] == [
        FIRST,
        at_once,
    ]


def test_times_that_are_here_already_are_not_judged_again():
    earlier, third = replace(SECOND, occurred_at=minute(0)), published(3, occurred_at=minute(3))
    here = (FIRST, earlier)
    assert imported(course(*here), history_of(*here, third)) == [third]
    early = CourseRetired(course="DATA-101", occurred_at=minute(0))
    assert imported(course(FIRST, early), history_of(FIRST, retired_at=minute(0))) == []


def test_versions_are_numbered_from_one_without_gaps():
    assert refused(PlanInvalid, course(), history_of(FIRST, replace(SECOND, version=3))) == [
        ("$.versions[1].version", "not_the_next")
    ]


def test_what_is_here_already_is_not_judged_again():
    odd = published(1, lessons=(lesson("a", weight=-1.0),), occurred_at=minute(1))
    assert imported(course(odd), history_of(odd, SECOND)) == [SECOND]
    assert refused(PlanInvalid, course(), history_of(odd, SECOND))[0] == (
        "$.versions[0].lessons[0].weight",
        "negative",
    )


@drawn(histories(), st.integers(0, 4))
def test_an_older_and_a_newer_file_end_the_same_in_either_order(versions, known):
    older = history_of(*versions[: max(1, min(known, len(versions)))])
    newer = history_of(*versions, retired_at=minute(9))
    first = imported(course(), older)
    one = [*first, *imported(course(*first), newer)]
    other = imported(course(), newer)
    assert one == other
    assert imported(course(*other), older) == []
