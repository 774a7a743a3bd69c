"""An award that persons approve of: one or two, each once, and never of their own."""

import pytest
from tests.credentials.scenes import (
    LEARNER,
    achievement,
    awarded,
    awards,
    catalog,
    day,
    given,
    note,
    passed,
    result,
)

from milepost.contracts.achievements import AllOf, Approved
from milepost.contracts.records import AwardApproved, CredentialAwarded, Evidence
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.records.approve import approve, withdraw_approval
from milepost.credentials.domain.records.awards import award_if_earned
from milepost.credentials.domain.records.life import revoke
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    ApprovalNotAsked,
    NotApproved,
    OwnAward,
    RetiredAchievement,
)

TWO = AllOf(criteria=(passed("AAA"), Approved(persons=2)))
KNOWN = catalog(badge=TWO, plain=passed("BBB"))
PASSED = note(KNOWN, result("AAA", position=5, on=1))


def approved(record, person, on, known=KNOWN, name="badge"):
    return approve(record, known, LEARNER, name, person=person, reason=None, at=day(on))


def after(record, events):
    return given(*events, before=record)


def test_the_second_person_completes_what_is_otherwise_earned():
    first = approved(PASSED, "ann", 2)
    assert [type(one) for one in first] == [AwardApproved]
    approval, award = approved(after(PASSED, first), "bob", 3)
    assert isinstance(approval, AwardApproved)
    assert isinstance(award, CredentialAwarded)
    assert (award.valid_from, award.awarded_by) == (day(3), "policy")
    assert award.evidence[1] == Evidence(approved_at=day(3))
    assert "ann" not in repr(award)


def test_approvals_may_come_before_the_course_is_passed():
    record = given()
    for person in ("ann", "bob"):
        record = after(record, approved(record, person, 1))
    assert award_if_earned(record, KNOWN, LEARNER, "badge", day(2)) == []
    done = note(KNOWN, result("AAA", position=5, on=4))
    for person in ("ann", "bob"):
        done = after(done, approved(done, person, 1))
    assert [one.valid_from for one in done.active.values()] == [day(4)]


def test_one_person_is_one_however_often():
    record = after(PASSED, approved(PASSED, "ann", 2))
    assert approved(record, "ann", 3) == []
    held = after(record, approved(record, "bob", 3))
    assert approved(held, "bob", 4) == []
    with pytest.raises(AlreadyHeld):
        approved(held, "cho", 4)


def test_an_approval_is_taken_back_before_the_award_only():
    record = after(PASSED, approved(PASSED, "ann", 2))
    back = withdraw_approval(record, LEARNER, "badge", person="ann", reason="r", at=day(3))
    record = after(record, back)
    assert awarded(approved(record, "bob", 4)) == []
    with pytest.raises(NotApproved):
        withdraw_approval(record, LEARNER, "badge", person="ann", reason="r", at=day(3))
    held = after(record, approved(record, "bob", 4))
    held = after(held, approved(held, "ann", 5))
    with pytest.raises(AlreadyHeld):
        withdraw_approval(held, LEARNER, "badge", person="bob", reason="r", at=day(6))


def test_what_cannot_be_approved_is_refused():
    with pytest.raises(OwnAward):
        approved(PASSED, LEARNER, 2)
    with pytest.raises(ApprovalNotAsked):
        approved(PASSED, "ann", 2, name="plain")
    retired = catalog_of([achievement("badge", TWO, retired=True)])
    with pytest.raises(RetiredAchievement):
        approved(PASSED, "ann", 2, retired)


def test_each_cycle_has_its_own_approvals():
    record = PASSED
    for on, person in enumerate(("ann", "bob"), 2):
        record = after(record, approved(record, person, on))
    credential = record.active["badge"].credential
    record = after(record, revoke(record, LEARNER, credential, "error", day(4)))
    assert awarded(approved(record, "ann", 5)) == []
    again = after(record, approved(record, "ann", 5))
    [award] = awards(approved(again, "cho", 6))
    assert award.evidence[1] == Evidence(approved_at=day(6))
