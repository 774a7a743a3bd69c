"""What is still needed for passing, by everything that can still be scored, retakes included."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.progress.given import (
    after,
    lesson,
    live,
    now,
    opened,
    page,
    plan,
    reported,
    scored,
)

from milepost.contracts.courses import LatePolicy
from milepost.contracts.progress import LessonWaived
from milepost.contracts.rules.learning.plan import grade_suffices
from milepost.progress.domain.course_grade import course_grade
from milepost.progress.domain.draft import draft_of

DAY = 24 * 60
MASTERY = {"mastery_score": 0.6}
PASSED = {"move_on": "Passed", **MASTERY}

# One quiz of a course that asks for 0.6: its rule, its scores, what is needed, and what is next.
ONE_QUIZ = [
    ({}, [], 0.6, "required"),
    ({}, [0.5], 0.6, "grade"),
    ({}, [0.6], 0.0, None),
    ({}, [0.5] * 7, 0.6, "grade"),
    ({"attempts_allowed": 3}, [0.5], 0.6, "grade"),
    ({"attempts_allowed": 3}, [0.5, 0.1], 0.6, "grade"),
    ({"attempts_allowed": 3}, [0.5, 0.1, 0.2], None, None),
    ({"counts": "last"}, [0.5], 0.6, "grade"),
    ({"counts": "last"}, [0.9, 0.5], 0.6, "grade"),
    ({"counts": "last", "attempts_allowed": 2}, [0.5, 0.5], None, None),
    ({"counts": "first"}, [], 0.6, "required"),
    ({"counts": "first"}, [0.5], None, None),
    ({"counts": "first", "attempts_allowed": 3}, [0.5], None, None),
    (MASTERY, [0.5], 0.6, "failed"),
    (PASSED, [0.5], 0.6, "failed"),
    (PASSED | {"attempts_allowed": 3}, [0.5], 0.6, "failed"),
    (PASSED | {"attempts_allowed": 1}, [0.5], None, None),
    (PASSED | {"counts": "last"}, [0.5], 0.6, "failed"),
    (PASSED | {"counts": "first"}, [0.5], None, None),
    ({"move_on": "CompletedOrPassed", **MASTERY}, [0.5], 0.6, "failed"),
    ({"move_on": "NotApplicable"}, [0.5], 0.6, "grade"),
    ({"required": False}, [0.5], 0.6, "grade"),
]


@pytest.mark.parametrize(("rule", "tries", "needed", "reason"), ONE_QUIZ)
def test_a_failed_quiz_says_what_is_needed_and_that_it_may_be_tried_again(
    rule, tries, needed, reason
):
    rules = plan(lesson("quiz", weight=1, **rule), passing=0.6)
    view = now(live(rules, [scored("quiz", one, at=at) for at, one in enumerate(tries, 1)]), rules)
    assert (view.next.reason if view.next else None) == reason
    assert view.grade.needed_average == needed
    assert view.grade.best_possible == (max([*tries, 0]) if needed is None else 1.0)


def test_a_retake_and_a_first_try_are_needed_together():
    rules = plan(lesson("q1", weight=1, attempts_allowed=3), lesson("q2", weight=1), passing=0.8)
    view = now(live(rules, [scored("q1", 0.5)]), rules)
    assert (view.grade.needed_average, view.grade.secured, view.next.lesson) == (0.8, 0.25, "q2")
    rules = plan(lesson("q1", weight=1, attempts_allowed=1), lesson("q2", weight=1), passing=0.8)
    assert now(live(rules, [scored("q1", 0.5)]), rules).grade.needed_average is None
    assert now(live(rules, [scored("q1", 0.7)]), rules).grade.needed_average == 0.9


def test_a_better_score_than_needed_is_kept():
    rules = plan(lesson("q1", weight=1), lesson("q2", weight=1), passing=0.6)
    assert now(live(rules, [scored("q1", 0.9)]), rules).grade.needed_average == 0.3


def test_what_is_waived_is_neither_needed_nor_counted():
    rules = plan(lesson("q1", weight=3), lesson("q2", weight=1), passing=0.6)
    waived = [LessonWaived(enrollment="e-1", lesson="q1", reason="illness")]
    grade = now(after(live(rules, [scored("q2", 0.5)]), waived), rules).grade
    assert (grade.so_far, grade.secured, grade.needed_average) == (0.5, 0.5, 0.6)
    alone = plan(lesson("q1", weight=3), passing=0.6)
    view = now(after(opened(), waived), alone)
    assert (view.grade.secured, view.grade.needed_average, view.next) == (None, None, None)
    assert (view.percent_done, view.lessons[0].waived, view.lessons[0].status) == (
        100.0,
        True,
        "done",
    )


def test_what_comes_late_has_to_be_better():
    late = LatePolicy(percent_per_day=10, floor=0.5)
    rules = plan(lesson("quiz", weight=1, due_day=2, late=late), passing=0.6)
    told = [now(opened(), rules, at=days * DAY).grade for days in (1, 2.5, 5.5, 9.5)]
    assert [one.needed_average for one in told] == [0.6, 0.666667, 1.0, None]
    assert [one.best_possible for one in told] == [1.0, 0.9, 0.6, 0.5]


def test_what_nobody_can_reach_any_more_is_not_counted_on():
    rules = plan(
        page("gate", move_on="Passed", attempts_allowed=1, **MASTERY),
        page("middle", prerequisites=("gate",)),
        lesson("exam", weight=1, prerequisites=("middle",)),
        page("quiz", weight=1),
        passing=0.6,
    )
    assert now(opened(), rules).grade.needed_average == 0.6
    grade = now(live(rules, [scored("gate", 0.2)]), rules).grade
    assert (grade.best_possible, grade.needed_average) == (0.5, None)


def test_where_nothing_has_a_weight_nothing_is_needed_or_told():
    grade = now(opened(), plan(lesson("intro"))).grade
    assert (grade.best_possible, grade.needed_average, grade.short) == (None, None, False)


QUIZZES = st.fixed_dictionaries(
    {
        "counts": st.sampled_from(["best", "last", "first"]),
        "attempts_allowed": st.sampled_from([None, 1, 2]),
    }
)
TRIES = st.lists(st.integers(0, 4), max_size=3)
GRID = 10


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(QUIZZES, TRIES, st.integers(1, 3)), min_size=1, max_size=3),
    st.integers(1, 10),
    st.integers(0, 1),
)
def test_no_lower_score_in_any_choice_of_further_tries_would_do(lessons, passing, drop):
    """Against all that the learner could do next, told to the domain itself."""
    rules = plan(
        *(
            page(f"l{n}", weight=1 if drop else weight, **rule)
            for n, (rule, _, weight) in enumerate(lessons)
        ),
        passing=passing / 10,
        drop=drop,
    )
    known = [
        scored(f"l{n}", one / 4, at=at)
        for n, (_, tries, _) in enumerate(lessons)
        for at, one in enumerate(tries, 1)
    ]
    state = live(rules, known)
    needed = now(state, rules).grade.needed_average
    enough = [step / GRID for step in range(GRID + 1) if could_pass(state, rules, step / GRID)]
    if needed is None:
        assert enough == []
    else:
        assert enough
        assert enough[0] - 1 / GRID < needed <= enough[0]
        assert could_pass(state, rules, needed)


def could_pass(state, rules, score):
    """With that score in one further try at some of the lessons."""
    for chosen in product((False, True), repeat=len(rules.lessons)):
        tries = [
            scored(name, score, at=30)
            for name, again in zip(rules.lessons, chosen, strict=True)
            if again
        ]
        then, _ = reported(draft_of(state), rules, *tries)
        if grade_suffices(rules, course_grade(then, rules)):
            return True
    return False
