"""Criteria say whether they hold, since which event, and what is missing."""

from tests.credentials.scenes import catalog, day, explained, given, held, note, passed, result

from milepost.contracts.achievements import AllOf, AnyOf, NOf
from milepost.credentials.domain.achievements.condition import evidence_of

TWO = given(result("AAA", 0.8, position=5, on=2), result("BBB", 0.5, position=9, on=1))


def test_a_passed_course_holds_since_its_completion():
    condition = explained(passed("AAA", 0.6), TWO)
    assert (condition.holds, condition.position, condition.since) == (True, 5, day(2))
    assert (condition.grade, condition.min_grade) == (0.8, 0.6)


def test_a_grade_too_low_is_shown_beside_the_one_needed():
    condition = explained(passed("BBB", 0.6), TWO)
    assert (condition.holds, condition.grade, condition.min_grade) == (False, 0.5, 0.6)
    assert condition.since is None


def test_exactly_the_minimum_grade_suffices():
    assert explained(passed("BBB", 0.5), TWO).holds


def test_a_course_without_a_result_does_not_hold():
    condition = explained(passed("CCC", 0.0), TWO)
    assert (condition.holds, condition.grade) == (False, None)


def test_all_of_holds_since_the_last_to_happen():
    condition = explained(AllOf(criteria=(passed("AAA"), passed("BBB"))), TWO)
    assert (condition.holds, condition.since, condition.position) == (True, day(2), 5)


def test_all_of_says_which_part_is_missing():
    condition = explained(AllOf(criteria=(passed("AAA"), passed("CCC"))), TWO)
    assert not condition.holds
    assert [part.holds for part in condition.conditions] == [True, False]
    assert evidence_of(condition) == ()


def test_any_of_holds_since_the_first_to_happen():
    condition = explained(AnyOf(criteria=(passed("AAA"), passed("CCC"), passed("BBB"))), TWO)
    assert (condition.holds, condition.since, condition.position) == (True, day(1), 9)


def test_n_of_holds_since_the_nth_to_happen():
    parts = (passed("AAA"), passed("CCC"), passed("BBB"))
    assert explained(NOf(n=2, criteria=parts), TWO).since == day(2)
    assert not explained(NOf(n=3, criteria=parts), TWO).holds


def test_evidence_is_every_event_that_counts_each_once():
    tree = AnyOf(criteria=(passed("AAA"), passed("BBB"), passed("AAA", 0.1)))
    assert [one.position for one in evidence_of(explained(tree, TWO))] == [5, 9]


def test_an_achievement_holds_while_its_credential_is_active():
    record = note(catalog(badge=passed("AAA")), result("AAA", position=5, on=2))
    condition = explained(held("badge"), record)
    assert (condition.holds, condition.position, condition.since) == (True, 5, day(2))
    assert condition.credential == record.active["badge"].credential
    assert not explained(held("other"), record).holds
