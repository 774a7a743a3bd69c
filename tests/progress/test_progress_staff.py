"""What staff decide: waivers, revised scores, deadlines; and what the learner may reset."""

from datetime import timedelta

import pytest
from tests.progress.given import (
    OPENED,
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

from milepost.contracts.courses import LatePolicy
from milepost.contracts.progress import (
    CourseCompleted,
    CourseGradeChanged,
    DeadlinesReset,
    LessonFailed,
    LessonPassed,
    LessonWaived,
    LessonWaiverWithdrawn,
    ProgressClosed,
    ScoreRevised,
)
from milepost.contracts.rules.learning.scores import counting
from milepost.progress.domain.decisions import close
from milepost.progress.domain.reports import LessonLocked, NotEnrolled, UnknownLesson
from milepost.progress.domain.staff_decisions import (
    NoDeadlineResetLeft,
    NotWaived,
    UnknownAttempt,
    reset_deadlines,
    revise_score,
    waive,
    withdraw_waiver,
)
from milepost.progress.domain.state import PROGRESS

DAY = 24 * 60
NOW = minute(90 * DAY)
TENTH = LatePolicy(percent_per_day=10)


def waived(state, rules, name, at=NOW):
    return waive(state, rules, lesson=name, reason="illness", at=at)


def withdrawn(state, rules, name, at=NOW):
    return withdraw_waiver(state, rules, lesson=name, reason="mistake", at=at)


def revised(state, rules, score, attempt=1, name="quiz"):
    return revise_score(
        state, rules, lesson=name, attempt=attempt, score=score, reason="regraded", at=NOW
    )


def kinds(events):
    return [type(event) for event in events]


def changes(events):
    return [
        (e.because, e.before, e.grade, e.passing)
        for e in events
        if isinstance(e, CourseGradeChanged)
    ]


@pytest.mark.parametrize(
    "move_on", ["Completed", "Passed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable"]
)
def test_a_waived_lesson_is_satisfied_whatever_it_demands(move_on):
    rules = plan(lesson("a"), lesson("b", move_on=move_on, mastery_score=0.5))
    state = live(rules, [completed("a")])
    before = kinds([state.course]) if state.course else []
    events = waived(state, rules, "b")
    assert events[0] == LessonWaived(
        enrollment="e-1", lesson="b", reason="illness", occurred_at=NOW
    )
    completion = [CourseCompleted] if move_on != "NotApplicable" else []
    assert kinds(events[1:]) == completion
    assert before == ([] if completion else [CourseCompleted])


def test_a_waived_lesson_unlocks_what_comes_after_it_and_a_withdrawn_one_locks_it_again():
    rules = plan(lesson("a"), lesson("b", prerequisites=("a",)))
    state = after(opened(), waived(opened(), rules, "a", at=minute(1)))
    _, answers = decided(state, rules, completed("b", at=2))
    assert answers == ["accepted"]
    state = after(state, withdrawn(state, rules, "a", at=minute(2)))
    _, [answer] = decided(state, rules, completed("b", at=3))
    assert isinstance(answer, LessonLocked)


@pytest.mark.parametrize(
    ("scores", "drop", "waives", "grade"),
    [
        ({"a": 0.4, "b": 0.8}, 0, "a", 0.8),
        ({"a": 0.4, "b": 0.8}, 0, "b", 0.4),
        ({"b": 0.8, "c": 0.6}, 0, "a", 0.65),  # weights 1, 1, 3
        ({"a": 0.4, "b": 0.8}, 1, "b", 0.4),  # never so many dropped that none is left
        ({"a": 0.2, "b": 0.8, "c": 0.6}, 1, "b", 0.6),
    ],
)
def test_a_waived_lesson_is_left_out_of_the_grade(scores, drop, waives, grade):
    weights = {"a": 1, "b": 1, "c": 3}
    names = sorted({*scores, waives})
    rules = plan(*(page(name, weight=weights[name]) for name in names), passing=0.1, drop=drop)
    state = live(rules, [scored(name, score) for name, score in scores.items()])
    assert state.course is not None
    events = waived(state, rules, waives)
    [(because, before, changed, passing)] = changes(events)
    assert (because, before, changed, passing) == ("lesson_waived", state.grade, grade, True)
    back = withdrawn(after(state, events), rules, waives)
    assert changes(back) == [("waiver_withdrawn", grade, before, True)]


def test_where_all_that_is_graded_is_waived_there_is_no_grade_and_the_course_is_completed():
    rules = plan(lesson("quiz", weight=1), passing=0.9)
    _, completion = waived(opened(), rules, "quiz")
    assert isinstance(completion, CourseCompleted)
    assert (completion.grade, completion.occurred_at) == (None, NOW)


def test_a_waiver_withdrawn_after_completion_changes_the_grade_and_takes_nothing_away():
    rules = plan(lesson("a"), lesson("quiz", weight=1), passing=0.5)
    state = live(rules, [completed("a")])
    state = after(state, waived(state, rules, "quiz"))
    events = withdrawn(state, rules, "quiz")
    assert kinds(events) == [LessonWaiverWithdrawn, CourseGradeChanged]
    assert changes(events) == [("waiver_withdrawn", None, 0.0, False)]
    assert after(state, events).course is not None


def test_what_is_so_already_is_not_decided_again():
    rules = plan(lesson("quiz", weight=1, mastery_score=0.5))
    state = live(rules, [scored("quiz", 0.4)])
    assert revised(state, rules, 0.4) == []
    state = after(state, waived(state, rules, "quiz"))
    assert waived(state, rules, "quiz") == []


def test_decisions_on_what_is_not_there_are_refused():
    rules, state = (
        plan(lesson("quiz"), lesson("a")),
        live(plan(lesson("quiz")), [scored("quiz", 1)]),
    )
    nobody = PROGRESS.initial()
    with pytest.raises(NotWaived):
        withdrawn(state, rules, "quiz")
    for decide in (waived, withdrawn):
        with pytest.raises(UnknownLesson):
            decide(state, rules, "nowhere")
        with pytest.raises(NotEnrolled):
            decide(nobody, rules, "quiz")
    with pytest.raises(UnknownLesson):
        revised(state, rules, 0.5, name="nowhere")
    for name, attempt in (("quiz", 2), ("quiz", 0), ("a", 1)):
        with pytest.raises(UnknownAttempt):
            revised(state, rules, 0.5, attempt, name)
    with pytest.raises(NotEnrolled):
        revised(nobody, rules, 0.5)
    with pytest.raises(NotEnrolled):
        reset_deadlines(nobody, rules, at=NOW, reason="illness")


@pytest.mark.parametrize(
    ("counts", "allowed", "revision", "grade", "number"),
    [
        ("best", None, (1, 0.9), 0.9, 1),
        ("best", None, (2, 0.1), 0.6, 3),
        ("best", None, (3, 0.2), 0.8, 2),
        ("best", 1, (2, 1.0), 0.5, 1),
        ("last", None, (3, 0.2), 0.2, 3),
        ("last", None, (1, 1.0), 0.6, 3),
        ("last", 2, (2, 0.3), 0.3, 2),
        ("first", None, (1, 0.7), 0.7, 1),
        ("first", None, (2, 1.0), 0.5, 1),
    ],
)
def test_the_attempt_that_counts_is_chosen_by_revised_scores(
    counts, allowed, revision, grade, number
):
    rule = page("quiz", weight=1, counts=counts, attempts_allowed=allowed)
    rules = plan(rule, passing=0.01)
    given = [scored("quiz", s, at=at) for at, s in ((1, 0.5), (2, 0.8), (3, 0.6))]
    state = live(plan(page("quiz", weight=1, counts=counts), passing=0.01), given)
    attempt, score = revision
    events = revised(state, rules, score, attempt)
    state = after(state, events)
    counted = counting(state.lessons["quiz"], rule, state.starts)
    assert (counted.score, counted.number) == (grade, number)
    assert state.grade == grade


@pytest.mark.parametrize(
    ("score", "verdicts"), [(0.5, [LessonPassed]), (0.4, []), (0.3, []), (0.6, [LessonPassed])]
)
def test_a_revised_score_is_judged_by_the_mastery_score(score, verdicts):
    rules = plan(lesson("quiz", move_on="Passed", mastery_score=0.5))
    state = live(rules, [scored("quiz", 0.45)])
    events = revised(state, rules, score)
    assert events[0] == ScoreRevised(
        enrollment="e-1",
        lesson="quiz",
        attempt=1,
        score=score,
        before=0.45,
        reason="regraded",
        occurred_at=NOW,
    )
    completion = [CourseCompleted] if verdicts else []
    assert kinds(events[1:]) == [*verdicts, *completion]
    fallen = revised(after(state, events), rules, 0.1)
    assert kinds(fallen[1:]) == ([LessonFailed, CourseGradeChanged] if verdicts else [])


def test_a_revision_stays_with_its_attempt_whatever_arrives_later():
    rules = plan(page("quiz", weight=1, counts="last"), passing=0.1)
    first, second = scored("quiz", 0.5, at=5), scored("quiz", 0.3, at=2)
    alone = live(rules, [first])
    state, _ = reported(after(alone, revised(alone, rules, 0.9)), rules, second, first)
    assert [(one.number, one.score) for one in state.lessons["quiz"].attempts] == [
        (2, 0.3),
        (1, 0.9),
    ]
    assert state.grade == 0.9


def test_staff_decide_also_when_progress_is_closed():
    rules = plan(lesson("quiz", weight=1, mastery_score=0.5, move_on="Passed"), passing=0.5)
    state = live(rules, [scored("quiz", 0.2)])
    state = after(state, close(state, at=minute(9), reason="left"))
    events = revised(state, rules, 0.5)
    assert kinds(events) == [ScoreRevised, LessonPassed, CourseCompleted]


LATE = plan(
    lesson("quiz", weight=1, due_day=7, late=TENTH, mastery_score=0.6, move_on="Passed"),
    lesson("end", due_day=30, required=False),
    passing=0.6,
    resets=1,
)


def test_a_reset_gives_back_what_being_late_has_cost():
    state = live(LATE, [scored("quiz", 0.8, at=12 * DAY)])
    assert (state.passed, state.course) == (set(), None)
    events = reset_deadlines(state, LATE, at=minute(12 * DAY))
    reset, passed, course = events
    assert reset == DeadlinesReset(
        enrollment="e-1", starts=minute(12 * DAY), occurred_at=minute(12 * DAY)
    )
    assert isinstance(passed, LessonPassed)
    assert isinstance(course, CourseCompleted)
    assert (passed.score, course.grade) == (0.8, 0.8)


def test_a_reset_after_completion_changes_the_grade():
    rules = plan(page("quiz", weight=1, due_day=7, late=TENTH), passing=0.1)
    state = live(rules, [scored("quiz", 0.8, at=12 * DAY)])
    events = reset_deadlines(state, rules, at=NOW, reason="illness")
    assert changes(events) == [("deadlines_reset", 0.4, 0.8, True)]


def test_learners_reset_their_deadlines_as_often_as_the_course_allows_and_staff_always():
    missed = opened()
    state = after(missed, reset_deadlines(missed, LATE, at=minute(8 * DAY)))
    assert reset_deadlines(state, LATE, at=minute(15 * DAY)) == []  # due at this very moment
    with pytest.raises(NoDeadlineResetLeft) as refused:
        reset_deadlines(state, LATE, at=minute(16 * DAY))
    assert refused.value.deadline_resets == 1
    [reset] = reset_deadlines(state, LATE, at=minute(16 * DAY), reason="illness")
    assert isinstance(reset, DeadlinesReset)
    again = after(state, [reset])
    assert (again.resets, again.starts) == (1, minute(16 * DAY))


@pytest.mark.parametrize(
    ("rules", "reports", "days", "resets"),
    [
        (plan(lesson("a")), [], 99, False),
        (LATE, [], 7, False),
        (LATE, [], 8, True),
        (LATE, [scored("quiz", 0.8, at=7 * DAY)], 8, False),
        (LATE, [scored("quiz", 0.5, at=7 * DAY)], 8, True),
        (LATE, [scored("quiz", 0.8, at=8 * DAY)], 9, True),
        (LATE, [scored("quiz", 0.8, at=7 * DAY)], 31, True),  # the end is overdue
    ],
)
def test_where_nothing_was_missed_a_learners_reset_is_not_spent(rules, reports, days, resets):
    state = live(rules, reports)
    events = reset_deadlines(state, rules, at=OPENED + timedelta(days=days))
    assert bool(events) is resets


def test_nothing_is_reset_before_the_start_nor_by_a_learner_who_has_left():
    future = after(opened(), [DeadlinesReset(enrollment="e-1", starts=NOW, occurred_at=NOW)])
    assert reset_deadlines(future, LATE, at=minute(8 * DAY), reason="illness") == []
    left = ProgressClosed(
        enrollment="e-1", reason="transferred", continues_as="e-2", occurred_at=minute(9)
    )
    with pytest.raises(NotEnrolled) as refused:
        reset_deadlines(after(opened(), [left]), LATE, at=NOW)
    assert refused.value.continues_as == "e-2"
