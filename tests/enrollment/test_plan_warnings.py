"""What a plan says and hardly anybody means, each with its path; what is meant is left alone."""

import pytest
from tests.enrollment.given import lesson

from milepost.contracts.courses import LatePolicy, PassingRule
from milepost.enrollment.domain.course.plan_warnings import plan_warnings

PASSING = PassingRule(passing_grade=0.5)
ANY_GRADE = PassingRule()
HARSH = LatePolicy(percent_per_day=60)
FAIR = LatePolicy(percent_per_day=60, grace_hours=1)
QUIZ = {"kind": "quiz", "weight": 1.0}
MASTERED = {**QUIZ, "move_on": "Passed", "mastery_score": 0.5}
LATE = {"due_day": 0, "late": HARSH}
RULE = "$.passing_rule.passing_grade"


def warned(*lessons, rule=PASSING, late=None):
    return [(one.path, one.condition) for one in plan_warnings(lessons, rule, late)]


FINE = {
    "pages": ([lesson("a")], ANY_GRADE),
    "a_passing_grade": ([lesson("a"), lesson("q", **QUIZ)], PASSING),
    "mastery_instead": ([lesson("q", **MASTERED)], ANY_GRADE),
    "a_test_that_must_be_passed": (
        [lesson("q", kind="quiz", move_on="Passed", mastery_score=0.5)],
        ANY_GRADE,
    ),
    "all_optional_but_graded": ([lesson("q", required=False, **QUIZ)], PASSING),
    "behind_the_optional": (
        [lesson("a", required=False), lesson("b", prerequisites=("a",))],
        ANY_GRADE,
    ),
    "due_at_once_with_grace": ([lesson("q", due_day=0, late=FAIR, **MASTERED)], PASSING),
    "due_later": ([lesson("q", due_day=1, late=HARSH, **MASTERED)], PASSING),
    "harsh_but_never_due": ([lesson("q", late=HARSH, **MASTERED)], PASSING),
    "dropped": (
        [lesson("q", **QUIZ), lesson("r", **QUIZ, **LATE)],
        PassingRule(passing_grade=1.0, drop_lowest=1),
    ),
}


@pytest.mark.parametrize(("lessons", "rule"), FINE.values(), ids=FINE)
def test_what_is_meant_is_not_warned_of(lessons, rule):
    assert warned(*lessons, rule=rule) == []


def test_a_score_of_nought_passes_where_there_is_no_passing_grade():
    found = [(RULE, "weights_without_passing_grade")]
    assert warned(lesson("exam", kind="quiz", weight=1.0), rule=ANY_GRADE) == found
    mixed = [lesson("q", **MASTERED), lesson("r", **QUIZ)]
    assert warned(*mixed, rule=ANY_GRADE) == found, "of the second every score passes"
    optional = lesson("q", required=False, **MASTERED)
    assert (RULE, "weights_without_passing_grade") in warned(optional, rule=ANY_GRADE)


def test_the_first_lesson_completes_the_course_where_nothing_is_required():
    three = [lesson(name, required=False) for name in "abc"]
    assert warned(*three, rule=ANY_GRADE) == [("$.lessons", "nothing_required")]
    idle = [lesson("a", move_on="NotApplicable"), lesson("b", required=False)]
    assert warned(*idle, rule=ANY_GRADE) == [("$.lessons", "only_not_applicable")]


@pytest.mark.parametrize("kind", ["quiz", "assignment", "exam"])
def test_a_graded_kind_has_a_weight_or_is_to_be_mastered(kind):
    found = warned(lesson("a"), lesson("q", kind=kind), rule=ANY_GRADE)
    assert found == [("$.lessons[1].weight", "graded_kind_without_weight")]
    assert warned(lesson("a"), lesson("q", kind=kind, mastery_score=0.5), rule=ANY_GRADE) == []


def test_a_lesson_behind_one_that_nobody_can_pass_stays_locked_and_so_does_all_behind_it():
    """Due on the first day, 60 % off from then on: 0.4 is the most there is."""
    found = warned(
        lesson("q", **MASTERED, **LATE),
        lesson("b", prerequisites=("q",)),
        lesson("c", prerequisites=("b",)),
        lesson("d", **QUIZ),
    )
    assert found == [
        ("$.lessons[0].mastery_score", "mastery_score_out_of_reach"),
        ("$.lessons[1].prerequisites", "unreachable_lesson"),
        ("$.lessons[2].prerequisites", "unreachable_lesson"),
    ]


def test_a_passing_grade_is_not_above_the_best_scores_that_can_be_had():
    late = lesson("q", kind="quiz", weight=1.0, due_day=0)
    assert warned(late, late=HARSH) == [(RULE, "passing_grade_out_of_reach")]
    assert warned(late, late=LatePolicy(percent_per_day=60, floor=0.5)) == []
    half = [lesson("a", **QUIZ), lesson("q", **QUIZ, **LATE)]
    assert warned(*half, rule=PassingRule(passing_grade=0.7)) == []
    assert warned(*half, rule=PassingRule(passing_grade=0.71)) == [
        (RULE, "passing_grade_out_of_reach")
    ]
    locked = [lesson("q", **MASTERED, **LATE), lesson("b", prerequisites=("q",), **QUIZ)]
    assert (RULE, "passing_grade_out_of_reach") in warned(*locked)


def test_thousands_of_lessons_one_behind_the_other_are_looked_through():
    chain = [lesson("l0")] + [lesson(f"l{n}", prerequisites=(f"l{n - 1}",)) for n in range(1, 2000)]
    assert warned(*chain, rule=ANY_GRADE) == []
