"""Which lesson is next, why, and which of several."""

import pytest
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
    scored,
    started,
)

from milepost.progress.domain.decisions import close
from milepost.progress.domain.state import evolve
from milepost.progress.queries.next_lesson import Next

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
