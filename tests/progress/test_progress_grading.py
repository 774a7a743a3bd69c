"""The weighted grade."""

from tests.progress.given import page, plan

from milepost.contracts.rules.learning.plan import grade


def weights(*given_weights, **rule):
    rules = (page(f"l{n}", weight=weight) for n, weight in enumerate(given_weights))
    return plan(*rules, **rule)


def by_place(*given_scores):
    return {f"l{n}": score for n, score in enumerate(given_scores) if score is not None}


def test_the_grade_is_weighted_and_a_missing_score_is_nought():
    assert grade(weights(1, 3, 4), by_place(1.0, 0.5)) == 0.3125


def test_lessons_without_weight_do_not_count():
    assert grade(weights(1, 0), by_place(0.5, 0.0)) == 0.5


def test_where_nothing_has_a_weight_there_is_no_grade():
    assert grade(weights(0, 0), {}) is None


def test_what_is_waived_is_left_out_of_the_grade():
    assert grade(weights(1, 3), by_place(0.5), waived={"l1"}) == 0.5
    assert grade(weights(1, 3), by_place(0.5), waived={"l0", "l1"}) is None


def test_no_more_is_dropped_than_leaves_one_that_is_not_waived():
    assert grade(weights(1, 1, drop=1), by_place(0.2, 0.6), waived={"l1"}) == 0.2


def test_the_grade_is_rounded_so_that_a_border_case_is_what_it_looks_like():
    assert grade(weights(*[10] * 10), by_place(*[0.1] * 10)) == 0.1
    assert grade(weights(1, 1, 1), by_place(0.7, 0.1, 0.1)) == 0.3


def test_the_lowest_scores_are_dropped_missing_ones_first():
    assert grade(weights(1, 1, 1, drop=1), by_place(0.9, 0.5, 0.4)) == 0.7
    assert grade(weights(1, 1, 1, drop=1), by_place(0.9, 0.5)) == 0.7


def test_of_equally_low_scores_the_one_that_weighs_most_is_dropped():
    assert grade(weights(1, 9, 1, drop=1), by_place(0.0, 0.0, 1.0)) == 0.5


def test_one_score_is_kept_however_many_would_be_dropped():
    assert grade(weights(1, 1, drop=5), by_place(0.2, 0.6)) == 0.6
