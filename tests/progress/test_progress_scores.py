"""Attempts: which one counts, how many are allowed, what they complete and pass."""

import math

import msgspec
import pytest
from tests.progress.given import (
    after,
    completed,
    decided,
    lesson,
    live,
    minute,
    opened,
    page,
    plan,
    reported,
    scored,
)

from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    LearningBegan,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonStarted,
)
from milepost.contracts.rules.learning.scores import scores
from milepost.progress.domain.reports import AttemptsExhausted, Report, Scored, digest_of


def quiz(**rule):
    return plan(page("quiz", kind="quiz", weight=1, **rule), passing=2)


def kinds(events):
    return [type(event) for event in events]


def test_a_score_is_an_attempt_and_completes_the_lesson():
    one = scored("quiz", 0.7, id="a")
    events, _ = decided(opened(), quiz(), one)
    assert kinds(events) == [LearningBegan, LessonStarted, AttemptScored, LessonCompleted]
    facts = {"report": "a", "digest": digest_of(one), "occurred_at": minute(1)}
    assert events[2] == AttemptScored(
        enrollment="e-1", lesson="quiz", attempt=1, score=0.7, **facts
    )


def test_a_raw_score_is_scaled_by_its_maximum():
    events, _ = decided(opened(), quiz(), scored("quiz", raw=7, maximum=10))
    assert (events[2].score, events[2].raw, events[2].maximum) == (0.7, 7, 10)


@pytest.mark.parametrize(
    "faulty",
    [
        {},
        {"raw": 3},
        {"maximum": 3},
        {"raw": 3, "maximum": 0},
        {"raw": 4, "maximum": 3},
        {"score": -0.1},
        {"score": 1.1},
        {"score": math.nan},
    ],
)
def test_a_score_that_cannot_be_is_no_report(faulty):
    with pytest.raises(ValueError, match=r"score|maximum"):
        scored("quiz", **faulty)


def test_a_score_that_cannot_be_names_its_place_in_the_json():
    body = b'[{"type":"scored","id":"a","lesson":"q","occurred_at":"2026-02-01T10:00:00Z"}]'
    with pytest.raises(msgspec.ValidationError, match=r"raw and maximum - at `\$\[0\]`"):
        msgspec.json.decode(body, type=list[Report])


def test_a_score_does_not_complete_a_lesson_whose_rule_tells_the_two_apart():
    rules = quiz(move_on="CompletedAndPassed", mastery_score=0.5)
    events, _ = decided(opened(), rules, scored("quiz", 0.7))
    assert kinds(events) == [LearningBegan, LessonStarted, AttemptScored, LessonPassed]


def test_attempts_are_numbered_as_they_arrive_and_kept_as_they_happened():
    state = live(quiz(), [scored("quiz", 0.7, at=5)], [scored("quiz", 0.3, at=2)])
    attempts = state.lessons["quiz"].attempts
    assert [(one.number, one.score) for one in attempts] == [(2, 0.3), (1, 0.7)]
    assert state.lessons["quiz"].completed_at == minute(2)


@pytest.mark.parametrize(("counts", "score"), [("best", 0.9), ("first", 0.2), ("last", 0.5)])
def test_the_rule_says_which_attempt_counts(counts, score):
    rules = quiz(counts=counts)
    state = live(
        rules,
        [scored("quiz", 0.9, at=2)],
        [scored("quiz", 0.5, at=3)],
        [scored("quiz", 0.2, at=1)],
    )
    assert scores(state.lessons, rules, state.starts) == {"quiz": score}


def test_attempts_beyond_those_allowed_are_refused():
    rules = quiz(attempts_allowed=2)
    state = live(rules, [scored("quiz", 0.1, at=1), scored("quiz", 0.2, at=2)])
    events, answers = decided(state, rules, scored("quiz", 1.0, at=3))
    assert (events, answers) == ([], [AttemptsExhausted("quiz", 2)])


def test_a_late_attempt_that_happened_earlier_takes_the_place_of_a_later_one():
    rules = quiz(attempts_allowed=1)
    state = live(rules, [scored("quiz", 0.9, at=5)], [scored("quiz", 0.3, at=1)])
    assert scores(state.lessons, rules, state.starts) == {"quiz": 0.3}


def test_a_lesson_with_a_mastery_score_is_passed_or_failed_when_the_verdict_changes():
    rules = quiz(mastery_score=0.5)
    state = opened()
    verdicts = []
    for at, score in enumerate([0.2, 0.3, 0.5, 0.1, 0.9], 1):
        events, _ = decided(state, rules, scored("quiz", score, at=at))
        state = after(state, events)
        verdicts.append([type(e) for e in events if isinstance(e, LessonPassed | LessonFailed)])
    assert verdicts == [[LessonFailed], [], [LessonPassed], [], []]


def test_the_verdict_follows_the_last_attempt_when_that_one_counts():
    rules = quiz(mastery_score=0.5, counts="last")
    state = live(rules, [scored("quiz", 0.9, at=1)], [scored("quiz", 0.1, at=2)])
    assert state.lessons["quiz"].passed is False
    assert state.passed == set()


def test_without_a_mastery_score_there_is_no_verdict():
    events, _ = decided(opened(), quiz(), scored("quiz", 0.0))
    assert not [event for event in events if isinstance(event, LessonPassed | LessonFailed)]


def course(**rule):
    return plan(
        lesson("intro"),
        page("essay", kind="assignment", weight=1),
        page("exam", kind="exam", weight=3),
        **rule,
    )


def completion(events):
    return [event for event in events if isinstance(event, CourseCompleted)]


def test_the_course_is_completed_when_required_lessons_are_done_and_the_grade_suffices():
    rules = course(passing=0.5)
    events, _ = decided(
        opened(),
        rules,
        scored("exam", 0.8, at=1),
        scored("essay", 0.4, at=2),
        completed("intro", at=3),
    )
    assert completion(events) == [
        CourseCompleted(
            enrollment="e-1",
            learner="ada",
            offering="rust-2026",
            course="rust",
            version=3,
            grade=0.7,
            occurred_at=minute(3),
        )
    ]


def test_a_missing_score_counts_nought():
    state = live(course(passing=0.5), [completed("intro"), scored("essay", 1.0)])
    assert state.course is None
    state, _ = reported(state, course(passing=0.5), scored("exam", 1 / 3, at=2))
    assert state.course.grade == 0.5


def test_a_required_lesson_that_is_not_done_holds_the_course_back():
    state = live(course(), [scored("exam", 1.0), scored("essay", 1.0)])
    assert state.course is None


def test_the_course_is_completed_once_and_a_worse_score_does_not_take_it_back():
    rules = plan(page("exam", weight=1, counts="last"), passing=0.5)
    state = live(rules, [scored("exam", 0.8, at=1)])
    events, _ = decided(state, rules, scored("exam", 0.9, at=2), scored("exam", 0.1, at=3))
    assert completion(events) == []
    assert state.course.grade == 0.8
    assert after(state, events).course == state.course


def test_completion_is_dated_by_the_last_fact_it_needed_not_by_the_last_to_arrive():
    state = live(course(passing=0.5), [scored("exam", 0.8, at=9)], [completed("intro", at=2)])
    assert state.course.occurred_at == minute(9)


def test_a_required_lesson_that_asks_for_nothing_does_not_hold_the_course_back():
    rules = plan(lesson("forum", move_on="NotApplicable"), lesson("intro"))
    assert live(rules, [completed("intro")]).course is not None


@pytest.mark.parametrize(
    ("move_on", "reports", "done"),
    [
        ("Completed", ["completed"], True),
        ("Passed", ["completed"], False),
        ("Passed", ["passed"], True),
        ("Passed", ["failed"], False),
        ("CompletedAndPassed", ["passed"], False),
        ("CompletedAndPassed", ["completed", "passed"], True),
        ("CompletedOrPassed", ["passed"], True),
        ("CompletedOrPassed", ["completed"], True),
        ("CompletedOrPassed", ["failed"], False),
    ],
)
def test_move_on_says_what_satisfies_a_required_lesson(move_on, reports, done):
    rules = plan(lesson("quiz", move_on=move_on, mastery_score=0.5))
    made = {
        "completed": completed("quiz"),
        "passed": scored("quiz", 0.5),
        "failed": scored("quiz", 0.4),
    }
    state = live(rules, [made[name] for name in reports])
    assert (state.course is not None) is done


def test_a_scored_report_knows_its_scaled_score():
    one = Scored(id="a", lesson="q", occurred_at=minute(1), raw=1, maximum=4)
    assert one.scaled == 0.25
