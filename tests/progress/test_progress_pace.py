"""What is due, whether the pace is kept, how much is done, and how long it takes yet."""

import pytest
from tests.progress.given import (
    after,
    completed,
    lesson,
    live,
    minute,
    now,
    opened,
    page,
    plan,
    progressed,
    scored,
)

from milepost.contracts.courses import LatePolicy
from milepost.contracts.progress import DeadlinesReset, ProgressClosed
from milepost.contracts.rules.learning.pace import Pace
from milepost.contracts.rules.learning.percent import percent
from milepost.progress.queries.time_left import FEWEST_LEARNERS, LessonTime, TimeLeft

DAY = 24 * 60
WEEKS = plan(
    lesson("w1", due_day=7),
    lesson("w2a", due_day=14),
    page("w2b", due_day=14, weight=1),
    page("reading", due_day=1),
    lesson("w3", due_day=21),
)


def told(days, *done, rules=WEEKS, events=()):
    reports = [completed(name, at=at) for at, name in enumerate(done, 1)]
    return now(after(live(rules, reports), events), rules, at=days * DAY)


PACES = [
    (1, (), "on_track", (), 7),
    (1, ("w1",), "ahead", (), 14),
    (7, (), "on_track", (), 7),
    (8, (), "behind", ("w1",), 14),
    (8, ("w1",), "on_track", (), 14),
    (8, ("w1", "w2a"), "on_track", (), 14),
    (8, ("w1", "w2a", "w2b"), "ahead", (), 21),
    (8, ("w3",), "behind", ("w1",), 14),
    (15, ("w1",), "behind", ("w2a", "w2b"), 21),
    (22, ("w1", "w2a"), "behind", ("w2b", "w3"), None),
    (22, ("w1", "w2a", "w2b", "w3"), "on_track", (), None),
]


@pytest.mark.parametrize(("days", "done", "status", "overdue", "due"), PACES)
def test_the_pace_is_that_of_what_was_due(days, done, status, overdue, due):
    expected = None if due is None else minute(due * DAY)
    assert told(days, *done).pace == Pace(status=status, overdue=overdue, next_due_at=expected)


def test_without_due_dates_there_is_no_pace():
    assert told(8, rules=plan(lesson("a"), page("x", due_day=2))).pace.status == "unknown"


def test_a_lesson_says_when_it_is_due_and_that_it_is_overdue():
    lessons = {one.id: one for one in told(8, "w1").lessons}
    assert lessons["w1"].due_at == minute(7 * DAY)
    assert [one.id for one in lessons.values() if one.overdue] == ["reading"]


def test_deadlines_that_are_reset_count_anew():
    reset = DeadlinesReset(enrollment="e-1", starts=minute(6 * DAY), occurred_at=minute(6 * DAY))
    view = told(8, events=[reset])
    assert view.pace == Pace(status="on_track", next_due_at=minute(13 * DAY))


def test_for_who_has_left_the_clock_has_stopped():
    left = ProgressClosed(enrollment="e-1", reason="no_time", occurred_at=minute(6 * DAY))
    assert told(30, events=[left]).pace.status == "on_track"


def test_who_has_completed_the_course_is_behind_with_nothing():
    rules = plan(lesson("a", due_day=1), page("x", weight=1, due_day=2), lesson("b", due_day=3))
    assert told(9, "a", "b", rules=rules).pace == Pace(status="on_track")


@pytest.mark.parametrize(
    ("done", "total", "expected"),
    [
        (0, 3, 0.0),
        (1, 3, 33.3),
        (3, 3, 100.0),
        (0, 0, 100.0),
        (1_999, 2_000, 99.9),
        (1, 2_001, 0.1),
        (999, 1_000, 99.9),
        (0, 2_000, 0.0),
    ],
)
def test_a_hundred_percent_is_all_and_none_is_nothing(done, total, expected):
    assert percent(done, total) == expected


def test_all_but_one_of_two_thousand_lessons_is_not_all():
    rules = plan(*(lesson(f"l{n}") for n in range(2_000)))
    done = [completed(f"l{n}", at=1) for n in range(1_999)]
    view = now(live(rules, done[:1_000], done[1_000:]), rules)
    assert (view.percent_done, view.percent_required_done, view.completed_at) == (99.9, 99.9, None)


def test_what_nothing_is_asked_of_is_no_part_of_what_is_required():
    view = now(opened(), plan(lesson("forum", move_on="NotApplicable")))
    assert (view.percent_done, view.percent_required_done) == (0.0, 100.0)


def seconds(median, learners=FEWEST_LEARNERS):
    return LessonTime(learners, median)


def test_the_time_left_is_what_others_needed_less_what_was_spent():
    rules = plan(lesson("a"), lesson("b"), lesson("c"), page("x"))
    state = live(rules, [completed("a"), progressed("b", seconds_spent=100)])
    times = {"a": seconds(900), "b": seconds(300, 40), "c": seconds(60), "x": seconds(5_000)}
    view = now(state, rules, times=times)
    assert view.time_left == TimeLeft(seconds=260, based_on=5, lessons=2, lessons_without=0)
    assert view.seconds_spent == 100


def test_who_needs_longer_than_others_is_not_credited_for_it():
    rules = plan(lesson("a"), lesson("b"))
    state = live(rules, [progressed("a", seconds_spent=900)])
    assert now(state, rules, times={"a": seconds(60), "b": seconds(60)}).time_left.seconds == 60


def test_a_few_learners_are_no_estimate():
    rules = plan(lesson("a"), lesson("b"))
    few = seconds(60, FEWEST_LEARNERS - 1)
    unknown = TimeLeft(seconds=None, based_on=0, lessons=2, lessons_without=2)
    assert now(opened(), rules, times={"a": few}).time_left == unknown
    half = now(opened(), rules, times={"a": few, "b": seconds(30)}).time_left
    assert half == TimeLeft(seconds=30, based_on=5, lessons=2, lessons_without=1)


def test_nothing_is_left_of_what_is_done():
    rules = plan(lesson("a"), page("x"))
    left = now(live(rules, [completed("a")]), rules).time_left
    assert left == TimeLeft(seconds=0, based_on=0, lessons=0, lessons_without=0)


def test_each_lesson_says_where_to_resume():
    rules = plan(lesson("a"), lesson("b"), lesson("c"))
    reports = [progressed("a", at=5, resume_at="0:42"), progressed("b", at=3, resume_at="#p3")]
    view = now(live(rules, reports), rules)
    assert [one.resume_position for one in view.lessons] == ["0:42", "#p3", None]


def test_a_course_without_a_grade_is_completed_without_one():
    rules = plan(lesson("a"))
    view = told(1, "a", rules=rules)
    assert (view.completed_at, view.final_grade, view.next) == (minute(1), None, None)
    assert view.grade.secured is None


def test_a_score_that_came_late_is_told_as_it_counts():
    late = LatePolicy(percent_per_day=50)
    rules = plan(lesson("quiz", weight=1, due_day=1, late=late), passing=0.5)
    view = now(live(rules, [scored("quiz", 0.8, at=1.5 * DAY)]), rules, at=2 * DAY)
    assert (view.lessons[0].score, view.grade.so_far) == (0.4, 0.4)
