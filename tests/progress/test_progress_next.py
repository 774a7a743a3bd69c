"""Which lesson is next, why, and which of several."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.progress.given import (
    completed,
    lesson,
    live,
    minute,
    now,
    opened,
    page,
    plan,
    progressed,
    reported,
    scored,
    started,
)

from milepost.contracts.rules.learning.next_lesson import Next
from milepost.progress.domain.decisions import close
from milepost.progress.domain.draft import draft_of
from milepost.progress.domain.state import evolve

TO_PASS = {"move_on": "Passed", "mastery_score": 0.5}
LOOPS, TYPES = "https://skills.example/loops", "https://skills.example/types"


def graded(name, **rule):
    return page(name, weight=1, **rule)


# Why: the lessons, the grade that is asked for, what has happened, and what is next.
REASONS = {
    "begun before what is due sooner and unlocks more": (
        [lesson("a", due_day=1), lesson("b"), lesson("c", prerequisites=("a",))],
        0.0,
        [started("b")],
        Next("b", "started"),
    ),
    "of what is begun, what is due soonest": (
        [lesson("a", due_day=9), lesson("b", due_day=2)],
        0.0,
        [started("a"), started("b")],
        Next("b", "started"),
    ),
    "required before what is not, in the plan's order": (
        [page("x"), lesson("a"), lesson("b")],
        0.0,
        [started("x")],
        Next("a", "required"),
    ),
    "due soonest": (
        [lesson("a"), lesson("b", due_day=9), lesson("c", due_day=2)],
        0.0,
        [],
        Next("c", "due_soonest"),
    ),
    "due on the same day, what unlocks most": (
        [
            *(lesson(name, due_day=2) for name in "ab"),
            *(page(name, prerequisites=("b",)) for name in "xy"),
            page("z", prerequisites=("a",)),
        ],
        0.0,
        [],
        Next("b", "unlocks_most"),
    ),
    "equal in all, the plan's order": (
        [lesson("a", due_day=2), lesson("b", due_day=2)],
        0.0,
        [],
        Next("a", "required"),
    ),
    "failed after what is new": (
        [lesson("q", **TO_PASS), lesson("a")],
        0.0,
        [scored("q", 0.1)],
        Next("a", "required"),
    ),
    "failed, when nothing is new": (
        [lesson("q", **TO_PASS), page("x")],
        0.0,
        [scored("q", 0.1)],
        Next("q", "failed"),
    ),
    "failed before what is new, where it is due sooner": (
        [lesson("q", due_day=1, **TO_PASS), lesson("a", due_day=2)],
        0.0,
        [scored("q", 0.1)],
        Next("q", "due_soonest"),
    ),
    "failed for good is not offered": (
        [lesson("q", attempts_allowed=1, **TO_PASS), page("x")],
        0.0,
        [scored("q", 0.1)],
        Next("x", "optional"),
    ),
    "passed with the last try, and yet to be completed": (
        [lesson("q", attempts_allowed=1, **TO_PASS | {"move_on": "CompletedAndPassed"})],
        0.0,
        [scored("q", 0.9)],
        Next("q", "started"),
    ),
    "not required, but it locks what is": (
        [page("x"), page("key"), lesson("a", prerequisites=("key",))],
        0.0,
        [],
        Next("key", "unlocks_most"),
    ),
    "to raise the grade, what was failed": (
        [graded("p"), graded("q", mastery_score=0.5)],
        0.9,
        [scored("p", 0.1), scored("q", 0.4)],
        Next("q", "failed"),
    ),
    "to raise the grade, the weakest skill": (
        [
            graded("p", skills=(LOOPS,)),
            graded("q", skills=(TYPES,)),
            graded("r", skills=(LOOPS, TYPES)),
            graded("s"),
        ],
        0.9,
        [scored("p", 0.6), scored("q", 0.4), scored("r", 0.6)],
        Next("q", "weakest_skill"),
    ),
    "to raise the grade, what raises it most": (
        [graded("p"), page("q", weight=3), graded("r")],
        0.9,
        [scored("p", 0.2), scored("q", 0.6), scored("r", 0.1)],
        Next("q", "grade"),
    ),
    "to raise the grade, what is due soonest": (
        [graded("p", due_day=9), graded("q", due_day=3)],
        0.9,
        [],
        Next("q", "due_soonest"),
    ),
    "to raise the grade, what unlocks a lesson with a weight": (
        [page("x"), page("key"), graded("p", prerequisites=("key",))],
        0.9,
        [],
        Next("key", "unlocks_most"),
    ),
    "a grade that suffices asks for nothing more": (
        [graded("q"), page("x")],
        0.5,
        [scored("q", 0.6)],
        Next("x", "optional"),
    ),
    "what cannot be raised is not offered": (
        [graded("p", counts="first"), graded("q")],
        0.9,
        [scored("p", 0.1), scored("q", 1.0)],
        None,
    ),
    "of the rest, what is begun": (
        [page("x"), page("y")],
        0.0,
        [progressed("y", progress=0.5)],
        Next("y", "started"),
    ),
    "the rest, even where nothing is asked of it": (
        [lesson("forum", move_on="NotApplicable")],
        0.0,
        [],
        Next("forum", "optional"),
    ),
    "all is done": ([lesson("a"), page("x")], 0.0, [completed("a"), completed("x")], None),
}


@pytest.mark.parametrize(("lessons", "passing", "done", "expected"), REASONS.values(), ids=REASONS)
def test_the_next_lesson_has_a_reason(lessons, passing, done, expected):
    rules = plan(*lessons, passing=passing)
    assert now(live(rules, done), rules).next == expected


def test_nothing_is_next_for_who_has_left():
    rules = plan(lesson("a"))
    left = evolve(opened(), *close(opened(), at=minute(1), reason="no_time"))
    assert now(left, rules).next is None


@st.composite
def lessons(draw, number):
    move_on = draw(st.sampled_from(["Completed", "Passed", "CompletedAndPassed", "NotApplicable"]))
    before = [f"l{n}" for n in range(number)]
    return lesson(
        f"l{number}",
        required=draw(st.booleans()),
        weight=draw(st.integers(0, 2)),
        move_on=move_on,
        mastery_score=0.5 if "Passed" in move_on else None,
        attempts_allowed=draw(st.sampled_from([None, 1, 2])),
        counts=draw(st.sampled_from(["best", "last", "first"])),
        due_day=draw(st.sampled_from([None, 1, 2])),
        skills=draw(st.sampled_from([(), (LOOPS,), (TYPES,)])),
        prerequisites=tuple(draw(st.lists(st.sampled_from(before), unique=True))) if before else (),
    )


@st.composite
def courses(draw):
    made = [draw(lessons(number)) for number in range(draw(st.integers(1, 5)))]
    tries = st.lists(st.tuples(st.sampled_from(made), st.integers(0, 4)), max_size=8)
    return plan(*made, passing=draw(st.sampled_from([0.0, 0.5, 0.9]))), draw(tries)


@settings(max_examples=150, deadline=None)
@given(courses())
def test_who_always_does_what_is_next_completes_the_course_if_anybody_can(course):
    rules, tries = course
    minutes = count(1)
    state = live(rules, *([scored(one.id, try_ / 4, at=next(minutes))] for one, try_ in tries))
    possible, told = could_be_completed(state, rules), now(state, rules)
    for _ in range(2 * len(rules.lessons)):
        if told.next is None:
            break
        state, answers = reported(state, rules, *at_its_best(told.next.lesson, next(minutes)))
        assert answers[0] == "accepted"
        told = now(state, rules)
    assert told.next is None
    assert (told.completed_at is not None) == possible


def at_its_best(name, at):
    return completed(name, at=at), scored(name, 1.0, at=at)


def could_be_completed(state, rules):
    """Everything is done, several times over: full scores never harm."""
    then = draft_of(state)
    for at in range(100, 100 + len(rules.lessons)):
        for name in rules.lessons:
            then, _ = reported(then, rules, *at_its_best(name, at))
    return then.course is not None
