"""Starting, going on with and completing lessons; opening and closing."""

from datetime import timedelta

import pytest
from tests.progress.given import (
    OPENED,
    completed,
    decided,
    lesson,
    live,
    minute,
    opened,
    page,
    plan,
    progressed,
    reported,
    scored,
    started,
)

from milepost.contracts.progress import (
    LearningBegan,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
    ProgressClosed,
    ProgressOpened,
)
from milepost.contracts.rules.learning.lesson_state import Bookmark
from milepost.contracts.rules.learning.progress import Progress
from milepost.progress.domain.decisions import close, open_progress
from milepost.progress.domain.reports import LessonLocked, NotEnrolled, UnknownLesson, digest_of
from milepost.progress.domain.state import evolve

PLAN = plan(page("intro"), page("loops"), lesson("exam", kind="exam", weight=1), passing=0.5)


def test_opening_pins_the_course_version():
    state = opened()
    assert state.opened == ProgressOpened(
        enrollment="e-1",
        learner="ada",
        offering="rust-2026",
        course="rust",
        version=3,
        occurred_at=OPENED,
    )


def test_opening_twice_changes_nothing():
    again = open_progress(
        opened(),
        enrollment="e-1",
        learner="ada",
        offering="rust-2026",
        course="rust",
        version=4,
        at=minute(1),
    )
    assert again == []


def test_closing_says_when_and_why():
    assert close(opened(), at=minute(9), reason="no_time") == [
        ProgressClosed(enrollment="e-1", reason="no_time", occurred_at=minute(9))
    ]


def test_closing_what_is_closed_or_was_never_open_changes_nothing():
    closed = evolve(opened(), *close(opened(), at=minute(9), reason="no_time"))
    assert close(closed, at=minute(10), reason="no_time") == []
    assert close(Progress(), at=minute(10), reason="no_time") == []


def test_the_first_report_on_a_lesson_starts_it():
    one = started("intro", id="a")
    events, answers = decided(opened(), PLAN, one)
    assert answers == ["accepted"]
    facts = {"enrollment": "e-1", "occurred_at": minute(1)}
    assert events == [
        LearningBegan(**facts),
        LessonStarted(lesson="intro", report="a", digest=digest_of(one), **facts),
    ]


def test_learning_begins_once():
    events, _ = decided(opened(), PLAN, started("intro"), started("loops"))
    assert [type(event) for event in events] == [LearningBegan, LessonStarted, LessonStarted]


def test_progress_on_a_new_lesson_starts_it_and_is_recorded():
    one = progressed("intro", id="a", progress=0.4, seconds_spent=30, clicks=2, resume_at="#p3")
    events, _ = decided(opened(), PLAN, one)
    assert [type(event) for event in events] == [LearningBegan, LessonStarted, LessonProgressed]
    assert events[2] == LessonProgressed(
        lesson="intro",
        report="a",
        digest=digest_of(one),
        progress=0.4,
        seconds_spent=30,
        clicks=2,
        resume_at="#p3",
        occurred_at=minute(1),
    )


def test_progress_that_adds_nothing_leaves_no_event():
    state = live(PLAN, [progressed("intro", at=1, progress=0.4, resume_at="#p3")])
    events, answers = decided(
        state, PLAN, progressed("intro", at=1, progress=0.2), started("intro", at=2)
    )
    assert (events, answers) == ([], ["accepted", "accepted"])


def test_an_older_bookmark_does_not_replace_a_newer_one():
    late = progressed("intro", at=2, progress=0.9, resume_at="#p2")
    state = live(PLAN, [progressed("intro", at=5, id="new", resume_at="#p9")], [late])
    assert state.lessons["intro"].bookmark == Bookmark(minute(5), "new", "#p9")
    assert state.lessons["intro"].progress == 0.9


def test_time_and_clicks_add_up():
    state = live(
        PLAN,
        [progressed("intro", seconds_spent=0.1, clicks=1), progressed("intro", seconds_spent=0.2)],
        [progressed("intro", clicks=4)],
    )
    assert state.lessons["intro"].milliseconds == 300
    assert state.lessons["intro"].clicks == 5


def test_completing_a_lesson_is_recorded_once():
    state, _ = reported(opened(), PLAN, completed("intro", at=2, id="a"))
    events, answers = decided(state, PLAN, completed("intro", at=3))
    assert (events, answers) == ([], ["accepted"])
    assert state.lessons["intro"].completed_at == minute(2)


def test_completing_a_new_lesson_starts_and_completes_it():
    events, _ = decided(opened(), PLAN, completed("intro", id="a"))
    assert [type(event) for event in events] == [LearningBegan, LessonStarted, LessonCompleted]


def test_an_earlier_completion_that_comes_to_light_late_is_the_one_that_stands():
    state = live(PLAN, [completed("intro", at=9)])
    late = completed("intro", at=4, id="late")
    events, _ = decided(state, PLAN, late)
    facts = {"report": "late", "digest": digest_of(late), "occurred_at": minute(4)}
    assert events == [LessonProgressed(lesson="intro", completed=True, **facts)]
    state = evolve(state, events[0])
    assert state.lessons["intro"].completed_at == minute(4)
    assert state.lessons["intro"].started_at == minute(4)


def test_an_earlier_start_that_comes_to_light_late_is_the_one_that_stands():
    state = live(PLAN, [started("intro", at=9)], [started("intro", at=4)])
    assert state.lessons["intro"].started_at == minute(4)
    state, _ = reported(state, PLAN, progressed("intro", at=3))
    assert state.lessons["intro"].started_at == minute(3)


def test_a_known_id_is_a_duplicate_and_changes_nothing():
    one = progressed("intro", clicks=3)
    state = live(PLAN, [one])
    assert decided(state, PLAN, one, one) == ([], ["duplicate", "duplicate"])


def test_an_id_that_comes_twice_in_a_call_is_a_duplicate():
    one = progressed("intro", clicks=3)
    _, answers = decided(opened(), PLAN, one, one)
    assert answers == ["accepted", "duplicate"]


def test_a_lesson_that_the_plan_does_not_have_is_unknown_and_hinders_no_other():
    events, answers = decided(opened(), PLAN, started("nowhere"), started("intro"))
    assert answers == [UnknownLesson("nowhere"), "accepted"]
    assert [type(event) for event in events] == [LearningBegan, LessonStarted]


def test_what_happened_before_the_enrollment_or_after_its_end_is_refused():
    state = evolve(opened(), *close(opened(), at=minute(9), reason="no_time"))
    reports = [started("intro", at=-1), started("intro", at=10)]
    refusal = NotEnrolled(OPENED, minute(9))
    assert decided(state, PLAN, *reports) == ([], [refusal, refusal])


def test_what_happened_before_the_end_and_arrives_after_it_is_accepted():
    state = evolve(opened(), *close(opened(), at=minute(9), reason="no_time"))
    _, answers = decided(state, PLAN, started("intro", at=0), completed("intro", at=9))
    assert answers == ["accepted", "accepted"]


def test_nothing_can_be_reported_before_progress_is_opened():
    with pytest.raises(NotEnrolled):
        decided(Progress(), PLAN, started("intro"))


LOCKED = plan(page("intro"), page("loops", prerequisites=("intro",)))


def test_a_lesson_is_locked_until_its_prerequisites_are_done():
    events, answers = decided(opened(), LOCKED, started("intro", at=1), started("loops", at=2))
    assert answers == ["accepted", LessonLocked("loops", ("intro",))]
    assert [type(event) for event in events] == [LearningBegan, LessonStarted]


def test_a_lesson_is_unlocked_by_an_earlier_report_of_the_same_call():
    _, answers = decided(opened(), LOCKED, started("loops", at=2), completed("intro", at=1))
    assert answers == ["accepted", "accepted"]


def test_a_refused_report_is_accepted_when_sent_again_after_the_lesson_is_unlocked():
    one = completed("loops", at=2)
    state, first = reported(opened(), LOCKED, one)
    state, _ = reported(state, LOCKED, completed("intro", at=3))
    state, second = reported(state, LOCKED, one)
    assert (first, second) == ([LessonLocked("loops", ("intro",))], ["accepted"])


def test_a_lesson_that_was_started_stays_open_when_its_prerequisite_is_failed_again():
    rules = plan(
        page("quiz", move_on="Passed", mastery_score=0.5, counts="last"),
        page("loops", prerequisites=("quiz",)),
    )
    state = live(rules, [scored("quiz", 0.9, at=1), started("loops", at=2)])
    state, _ = reported(state, rules, scored("quiz", 0.1, at=3))
    _, answers = reported(state, rules, completed("loops", at=4))
    assert state.lessons["quiz"].passed is False
    assert answers == ["accepted"]


def test_a_moment_in_another_time_zone_is_the_same_moment():
    one = started("intro", at=5)
    shifted = one.occurred_at.astimezone(tz=None) + timedelta(0)
    state = live(PLAN, [started("intro", occurred_at=shifted)])
    assert state.lessons["intro"].started_at == minute(5)
