"""What a completed course earns, what a person may award, and what revoking leaves."""

from datetime import timedelta

import pytest
from tests.credentials.scenes import (
    LEARNER,
    achievement,
    awarded,
    awards,
    catalog,
    day,
    given,
    held,
    note_one,
    passed,
    result,
)

from milepost.contracts.achievements import AllOf, AnyOf
from milepost.contracts.records import Evidence
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.records.awards import (
    award_by_hand,
    award_if_earned,
)
from milepost.credentials.domain.records.life import dependents_of, revoke
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    AlreadyRevoked,
    NotHeld,
    RetiredAchievement,
    UnknownAchievement,
)

BADGE = catalog(badge=passed("AAA"))


def by_hand(record, known, name="badge", at=None):
    return award_by_hand(
        record, known, LEARNER, name, reason="prior_learning", awarded_by="p-1", at=at or day(0)
    )


def test_a_passed_course_earns_its_credential():
    noted, *more = note_one(given(), BADGE, result("AAA", position=7, on=3))
    assert noted == result("AAA", position=7, on=3)
    (award,) = awards(more)
    assert award.learner == LEARNER
    assert award.achievement == "badge"
    assert award.achievement_version == 1
    assert award.valid_from == award.occurred_at == day(3)
    assert award.valid_until is None
    assert award.evidence == (
        Evidence(position=7, course="AAA", offering="AAA-2026", enrollment="AAA-2026-7", grade=0.8),
    )


def test_a_credential_is_valid_for_as_many_days_as_its_achievement_says():
    known = catalog_of([achievement("badge", passed("AAA"), validity_days=30)])
    (award,) = awards(note_one(given(), known, result("AAA", on=3)))
    assert award.valid_until == day(3) + timedelta(days=30)


def test_a_grade_below_the_minimum_is_noted_and_earns_nothing():
    low = result("AAA", grade=0.39)
    assert note_one(given(), BADGE, low) == [low]


def test_a_course_that_no_achievement_names_is_noted():
    other = result("ZZZ")
    assert note_one(given(), BADGE, other) == [other]


def test_a_better_result_later_earns_what_the_first_did_not():
    record = given(result("AAA", grade=0.2, position=1))
    assert awarded(note_one(record, BADGE, result("AAA", position=2))) == ["badge"]


def test_a_worse_result_later_does_not_hide_the_better():
    both = catalog(badge=AllOf(criteria=(passed("AAA", 0.7), passed("BBB"))))
    record = given(result("AAA", grade=0.9, position=1), result("AAA", grade=0.5, position=2))
    assert awarded(note_one(record, both, result("BBB", position=3))) == ["badge"]


def test_the_same_completion_again_changes_nothing():
    record = given(*note_one(given(), BADGE, result("AAA", position=7)))
    assert note_one(record, BADGE, result("AAA", position=7)) == []


def test_another_completion_of_the_course_awards_nothing_twice():
    record = given(*note_one(given(), BADGE, result("AAA", position=7)))
    assert awarded(note_one(record, BADGE, result("AAA", 0.9, position=8))) == []


def test_awards_stack_to_any_depth_in_one_decision():
    steps = {f"step{n}": held(f"step{n - 1}") for n in range(2, 40)}
    known = catalog(step1=passed("AAA"), **steps)
    events = note_one(given(), known, result("AAA"))
    assert awarded(events) == [f"step{n}" for n in range(1, 40)]


def test_a_stacked_award_names_the_credential_that_earned_it():
    known = catalog(badge=passed("AAA"), program=held("badge"))
    badge, program = awards(note_one(given(), known, result("AAA", position=7)))
    assert program.evidence == (
        Evidence(position=7, achievement="badge", credential=badge.credential),
    )


def test_a_program_over_two_branches_is_awarded_once():
    known = catalog(
        left=passed("AAA"),
        right=passed("AAA"),
        program=AnyOf(criteria=(held("left"), held("right"))),
    )
    events = note_one(given(), known, result("AAA"))
    assert sorted(awarded(events)) == ["left", "program", "right"]


def test_a_late_result_is_valid_from_the_day_everything_was_there():
    known = catalog(badge=AllOf(criteria=(passed("AAA"), passed("BBB"))))
    record = given(result("BBB", position=1, on=20))
    (award,) = awards(note_one(record, known, result("AAA", position=2, on=10)))
    assert award.valid_from == award.occurred_at == day(20)


def test_a_retired_achievement_is_not_awarded_any_more():
    known = catalog_of([achievement("badge", passed("AAA"), retired=True)])
    assert awarded(note_one(given(), known, result("AAA"))) == []
    with pytest.raises(RetiredAchievement):
        by_hand(given(), known)
    with pytest.raises(RetiredAchievement):
        award_if_earned(given(), known, LEARNER, "badge", day(0))


def test_an_achievement_defined_later_is_awarded_on_evaluation():
    record = given(result("AAA", position=7, on=3))
    (award,) = awards(award_if_earned(record, BADGE, LEARNER, "badge", day(90)))
    assert award.valid_from == day(3)
    assert award.occurred_at == day(90)


def test_evaluation_awards_nothing_to_those_who_have_it_or_have_not_earned_it():
    record = given(*note_one(given(), BADGE, result("AAA")))
    assert award_if_earned(record, BADGE, LEARNER, "badge", day(1)) == []
    assert award_if_earned(given(), BADGE, LEARNER, "badge", day(1)) == []
    with pytest.raises(UnknownAchievement):
        award_if_earned(given(), BADGE, LEARNER, "nonsense", day(1))


def test_a_person_may_award_without_evidence():
    (award,) = awards(by_hand(given(), BADGE, at=day(5)))
    assert (award.awarded_by, award.reason) == ("p-1", "prior_learning")
    assert award.evidence == ()
    assert award.valid_from == day(5)


def test_an_award_by_hand_earns_what_rests_on_it():
    known = catalog(badge=passed("AAA"), program=held("badge"))
    badge, program = awards(by_hand(given(), known))
    assert program.achievement == "program"
    assert (program.awarded_by, program.reason) == ("policy", None)
    assert program.evidence == (Evidence(achievement="badge", credential=badge.credential),)


def test_awarding_by_hand_what_is_held_or_unknown_is_refused():
    record = given(*note_one(given(), BADGE, result("AAA")))
    with pytest.raises(AlreadyHeld) as refusal:
        by_hand(record, BADGE)
    assert refusal.value.facts["credential"] in record.credentials
    with pytest.raises(UnknownAchievement):
        by_hand(given(), BADGE, "nonsense")


def revoked():
    """A learner whose badge, earned at position 7, was taken away."""
    events = note_one(given(), BADGE, result("AAA", position=7))
    (award,) = awards(events)
    record = given(*events)
    return given(*events, *revoke(record, LEARNER, award.credential, "misconduct", day(9))), award


def test_a_revoked_credential_is_no_longer_held():
    record, award = revoked()
    assert "badge" not in record.active
    revocation = record.credentials[award.credential].revoked
    assert revocation
    assert (revocation.reason, revocation.at) == ("misconduct", day(9))


def test_revoking_twice_or_what_was_never_awarded_is_refused():
    record, award = revoked()
    with pytest.raises(AlreadyRevoked) as refusal:
        revoke(record, LEARNER, award.credential, "misconduct", day(10))
    assert refusal.value.revoked_at == day(9)
    with pytest.raises(NotHeld):
        revoke(given(), LEARNER, award.credential, "misconduct", day(10))


def test_after_a_revocation_the_same_evidence_earns_nothing_again():
    record, _ = revoked()
    worse = result("AAA", grade=0.5, position=8)
    assert awarded(note_one(record, BADGE, worse)) == []
    assert award_if_earned(record, BADGE, LEARNER, "badge", day(10)) == []


def test_after_a_revocation_new_evidence_earns_a_new_credential():
    record, award = revoked()
    better = result("AAA", grade=0.9, position=8, on=30)
    (again,) = awards(note_one(record, BADGE, better))
    assert again.credential != award.credential


def test_after_a_revocation_a_person_may_award_again():
    record, award = revoked()
    (again,) = awards(by_hand(record, BADGE, at=day(10)))
    assert again.credential != award.credential


def test_revoking_leaves_what_rests_on_the_credential_and_names_it():
    known = catalog(badge=passed("AAA"), program=held("badge"))
    events = note_one(given(), known, result("AAA"))
    badge, program = awards(events)
    record = given(*events)
    record = given(*events, *revoke(record, LEARNER, badge.credential, "misconduct", day(9)))
    assert "program" in record.active
    assert [one.credential for one in dependents_of(record, badge.credential)] == [
        program.credential
    ]
