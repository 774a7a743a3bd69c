"""A grade falls, a completion is revoked: what rested on it is flagged, and a person decides."""

import pytest
from tests.credentials.scenes import (
    LEARNER,
    achievement,
    awarded,
    catalog,
    changed,
    day,
    given,
    hear,
    held,
    passed,
    result,
    revoked,
)

from milepost.contracts.achievements import AllOf, AnyOf, NOf
from milepost.contracts.records import CredentialFlagged, CredentialFlagLifted
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.define import define
from milepost.credentials.domain.records.awards import award_by_hand
from milepost.credentials.domain.records.credential import Flag
from milepost.credentials.domain.records.flags import lift_flag
from milepost.credentials.domain.records.life import revoke
from milepost.credentials.domain.refusals import AlreadyRevoked, NotFlagged, NotHeld

KNOWN = catalog(
    badge=passed("AAA", 0.6),
    distinction=passed("AAA", 0.9),
    program=AllOf(criteria=(held("badge"), passed("BBB"))),
    title=held("program"),
    any=AnyOf(criteria=(held("distinction"), passed("BBB"))),
)
PASSED = [result(grade=0.95), result("BBB", position=2)]


def flags(events):
    return [
        (event.achievement, event.reason)
        for event in events
        if isinstance(event, CredentialFlagged)
    ]


def lifts(events):
    return [
        (event.achievement, event.reason)
        for event in events
        if isinstance(event, CredentialFlagLifted)
    ]


def flagged(record):
    return {name: one.flag.reason for name, one in record.active.items() if one.flag}


def credential(record, name):
    return record.active[name].credential


def by_hand(record, known, name):
    return award_by_hand(
        record, known, LEARNER, name, reason="prior_learning", awarded_by="ivy", at=day(9)
    )


def stands(record, name="badge", on=20):
    return lift_flag(record, KNOWN, LEARNER, credential(record, name), reason="appeal", at=day(on))


def test_a_grade_that_falls_flags_what_it_earned_and_all_that_rests_on_it():
    before = given(*hear(KNOWN, *PASSED))
    noted, *events = hear(KNOWN, changed(0.5, 3, on=5), before=before)
    assert noted == changed(0.5, 3, on=5)
    fell = dict.fromkeys(("badge", "distinction", "program", "title"), "grade_fell")
    assert dict(flags(events)) == fell, "`any` holds by BBB as well"
    flag = Flag(reason="grade_fell", at=day(5), position=3)
    record = given(*hear(KNOWN, *PASSED, changed(0.5, 3, on=5)))
    assert record.active.keys() == before.active.keys(), "nothing is taken"
    assert flagged(record) == fell
    assert {one.flag for one in record.active.values()} == {flag, None}


def test_what_still_holds_is_not_flagged():
    events = hear(KNOWN, *PASSED, changed(0.7, 3))
    assert flags(events) == [("distinction", "grade_fell")]


def test_flags_are_lifted_when_the_criteria_hold_again():
    fallen = [*PASSED, changed(0.5, 3), changed(0.7, 4)]
    last = hear(KNOWN, changed(0.7, 4), before=given(*hear(KNOWN, *fallen[:3])))
    assert dict(lifts(last)) == dict.fromkeys(("badge", "program", "title"), "holds_again")
    assert flagged(given(*hear(KNOWN, *fallen))) == {"distinction": "grade_fell"}


@pytest.mark.parametrize(
    "facts",
    [
        [result(grade=0.95), revoked(3)],
        [result(grade=0.95), changed(0.3, 2, passing=False), revoked(3)],
    ],
    ids=["from_passing", "from_fallen"],
)
def test_a_completion_that_is_revoked_flags_what_rested_on_it(facts):
    record = given(*hear(KNOWN, *facts))
    flags = flagged(record)
    assert flags.pop("any"), "it rests on the distinction"
    assert flags == dict.fromkeys(("badge", "distinction"), "completion_revoked")


def test_another_enrollment_in_the_course_bears_what_the_first_no_longer_does():
    other = result(grade=0.9, run="b", position=2)
    assert flags(hear(KNOWN, result(grade=0.95), other, changed(0.1, 3), revoked(4))) == []


def test_what_is_awarded_on_the_strength_of_a_flagged_credential_is_flagged_as_well():
    """So that it does not matter which was heard first."""
    late = hear(KNOWN, PASSED[0], changed(0.5, 3, on=5), PASSED[1])
    early = hear(KNOWN, *PASSED, changed(0.5, 3, on=5))
    assert sorted(awarded(late)) == sorted(awarded(early))
    assert flagged(given(*late)) == flagged(given(*early))


def test_a_person_lets_a_credential_stand_and_with_it_what_rests_on_it():
    record = given(*hear(KNOWN, *PASSED, changed(0.5, 3)))
    events = stands(record)
    assert lifts(events) == [
        ("badge", "appeal"),
        ("program", "holds_again"),
        ("title", "holds_again"),
    ]
    after = given(*hear(KNOWN, *PASSED, changed(0.5, 3)), *events)
    assert flagged(after) == {"distinction": "grade_fell"}
    assert hear(KNOWN, changed(0.4, 4), before=after) == [changed(0.4, 4)], "already judged"


def test_what_was_let_stand_is_flagged_when_it_falls_once_more_or_is_revoked():
    events = hear(KNOWN, *PASSED, changed(0.5, 3))
    stood = given(*events, *stands(given(*events)))
    again = hear(KNOWN, changed(0.7, 4), changed(0.5, 5), before=stood)
    assert ("badge", "grade_fell") in flags(again)
    taken = hear(KNOWN, revoked(6), before=stood)
    assert dict(flags(taken))["badge"] == "completion_revoked"
    assert dict(flags(taken))["title"] == "completion_revoked"


def test_what_a_person_awarded_is_never_flagged_but_what_rests_on_it_may_be():
    known = catalog(badge=passed("AAA", 0.6), pair=AllOf(criteria=(held("badge"), passed("AAA"))))
    events = by_hand(given(), known, "badge")
    events += hear(known, result(), changed(0.1, 2, passing=False), before=given(*events))
    assert flags(events) == [("pair", "grade_fell")]


def test_a_credential_is_judged_by_the_criteria_it_was_awarded_by():
    def defined(*criteria):
        state = None
        for tree in criteria:
            (event,) = define(
                state, "badge", achievement("badge", tree).definition, catalog_of(()), day(0)
            )
            state = ACHIEVEMENT.evolve(state, event)
        assert state
        return catalog_of([state])

    easy, hard = passed("AAA", 0.6), passed("AAA", 0.9)
    earned = given(*hear(defined(easy), result(grade=0.8)))
    assert flags(hear(defined(easy, hard), changed(0.7, 2), before=earned)) == []
    assert flags(hear(defined(easy, hard), changed(0.5, 2), before=earned)) != []


def test_some_of_many_may_fall_while_enough_are_left():
    known = catalog(two=NOf(n=2, criteria=(passed("AAA", 0.6), passed("BBB"), passed("CCC"))))
    rest = [result("BBB", position=2), result("CCC", position=3)]
    assert flags(hear(known, result(), *rest, changed(0.1, 4))) == []
    assert flags(hear(known, result(), rest[0], changed(0.1, 4))) == [("two", "grade_fell")]


def test_revoking_a_flagged_credential_leaves_what_rests_on_it_flagged():
    events = hear(KNOWN, *PASSED, changed(0.5, 3))
    record = given(*events)
    events += revoke(record, LEARNER, credential(record, "badge"), "grade_fell", day(9))
    assert flagged(given(*events)).keys() == {"distinction", "program", "title"}
    again = by_hand(given(*events), KNOWN, "badge")
    assert dict(lifts(again)) == dict.fromkeys(("program", "title"), "holds_again")


def test_after_a_revocation_a_grade_that_moves_earns_nothing_that_was_revoked():
    """Only what held no more, and holds again since, is new evidence."""
    events = hear(KNOWN, result(grade=0.7))
    record = given(*events)
    events += revoke(record, LEARNER, credential(record, "badge"), "misconduct", day(1))
    better = hear(KNOWN, changed(0.8, 2), changed(0.65, 3), before=given(*events))
    assert awarded(better) == []
    anew = hear(KNOWN, changed(0.5, 4), changed(0.7, 5), before=given(*events, *better))
    assert awarded(anew) == ["badge"]


def test_letting_stand_what_is_not_flagged_or_not_there_is_refused():
    record = given(*hear(KNOWN, *PASSED))
    with pytest.raises(NotFlagged):
        stands(record)
    with pytest.raises(NotHeld):
        lift_flag(record, KNOWN, LEARNER, "none", reason="appeal", at=day(9))
    badge = credential(record, "badge")
    gone = revoke(record, LEARNER, badge, "misconduct", day(9))
    with pytest.raises(AlreadyRevoked):
        lift_flag(given(*hear(KNOWN, *PASSED), *gone), KNOWN, LEARNER, badge, reason="r", at=day(9))
