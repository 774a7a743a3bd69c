"""A credential's life: each step in its place, never before the one that it follows."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.credentials.scenes import (
    LEARNER,
    achievement,
    awarded,
    changed,
    day,
    given,
    hear,
    held,
    passed,
    result,
)

from milepost.contracts.records import (
    CredentialAwarded,
    CredentialExpired,
    CredentialRenewed,
    CredentialRevoked,
)
from milepost.contracts.rules.validity import Validity, ValidityEvent, evolve_validity
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.records.awards import award_by_hand, award_if_earned
from milepost.credentials.domain.records.credential import status
from milepost.credentials.domain.records.life import (
    accept,
    decline,
    end_embargo,
    expire,
    reinstate,
    release,
    revoke,
    suspend,
)
from milepost.credentials.domain.records.renewal import renew, supersede
from milepost.credentials.domain.records.sharing import is_unseen
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    AlreadyRevoked,
    AlreadySuspended,
    CredentialEnded,
    CredentialWithheld,
    NeverExpires,
    NotHeld,
    NotSuspended,
    NotWithheld,
    NotYetAwarded,
    StepOutOfOrder,
)
from milepost.events.event import Refused

YEAR = 365


def known(validity_days=None, **facts):
    """`aid` by a course, `stack` by `aid`."""
    aid = achievement("aid", passed("AAA"), validity_days)
    aid = replace(aid, definition=replace(aid.definition, **facts))
    return catalog_of((aid, achievement("stack", held("aid"))))


def first(events):
    return next(one for one in events if isinstance(one, CredentialAwarded)).credential


def ended(events):
    return [one for one in events if isinstance(one, CredentialExpired)]


def record_after(catalog, *more, on=0):
    events = hear(catalog, result("AAA", 0.8, 1, on))
    return given(*events, *more), first(events)


def step(record, events):
    return given(*events, before=record)


def test_what_is_withheld_does_not_count_and_its_learner_does_not_see_it():
    catalog = known(held_for_release=True)
    record, aid = record_after(catalog)
    assert status(record.credentials[aid], day(0)) == "withheld"
    assert awarded(hear(catalog, result("AAA", 0.8, 1))) == ["aid"]
    for refused in (accept, decline):
        with pytest.raises(NotHeld):
            refused(record, LEARNER, aid, day(1))
    released = release(record, catalog, LEARNER, aid, day(2))
    assert awarded(released) == ["stack"]
    record = step(record, released)
    assert set(record.held(day(2))) == {"aid", "stack"}
    with pytest.raises(NotWithheld):
        release(record, catalog, LEARNER, aid, day(3))


def test_an_embargo_ends_by_the_clock_and_its_event_awards_what_waited():
    catalog = known(embargo_until=day(10))
    record, aid = record_after(catalog)
    with pytest.raises(CredentialWithheld):
        release(record, catalog, LEARNER, aid, day(9))
    assert end_embargo(record, catalog, LEARNER, aid, day(9)) == []
    assert set(record.held(day(10))) == {"aid"}
    ended = end_embargo(record, catalog, LEARNER, aid, day(12))
    assert [one.occurred_at for one in ended] == [day(10), day(10)]
    record = step(record, ended)
    assert end_embargo(record, catalog, LEARNER, aid, day(13)) == []
    late = hear(catalog, result("AAA", 0.8, 1, on=11))
    assert first(late)
    [awarded_late] = [one for one in late if isinstance(one, CredentialAwarded)][:1]
    assert awarded_late.embargo_until is None


@pytest.mark.parametrize(
    ("held_back", "unseen_later"),
    [({"held_for_release": True}, True), ({"embargo_until": day(10)}, True), ({}, False)],
)
def test_what_was_revoked_before_it_went_out_never_goes_out(held_back, unseen_later):
    record, aid = record_after(known(**held_back))
    record = step(record, revoke(record, LEARNER, aid, "issued_in_error", day(5)))
    assert status(record.credentials[aid], day(20)) == "revoked"
    assert is_unseen(record.credentials[aid], day(20)) is unseen_later
    with pytest.raises(NotHeld if unseen_later else AlreadyRevoked):
        accept(record, LEARNER, aid, day(20))


def test_what_is_declined_is_awarded_again_by_a_person_only():
    catalog = known()
    record, aid = record_after(catalog)
    record = step(record, decline(record, LEARNER, aid, day(1)))
    assert decline(record, LEARNER, aid, day(2)) == []
    assert "aid" not in record.held(day(2))
    assert hear(catalog, result("AAA", 0.9, 9, on=3), before=record)[1:] == []
    assert award_if_earned(record, catalog, LEARNER, "aid", day(4)) == []
    with pytest.raises(CredentialEnded):
        revoke(record, LEARNER, aid, "misconduct", day(4))
    again = award_by_hand(
        record, catalog, LEARNER, "aid", reason="asked", awarded_by="ivy", at=day(5)
    )
    assert awarded(again) == ["aid"]
    assert isinstance(again[0], CredentialAwarded)
    assert again[0].renews is None


def test_a_suspension_takes_nothing_for_good():
    catalog = known()
    record, aid = record_after(catalog)
    with pytest.raises(NotSuspended):
        reinstate(record, catalog, LEARNER, aid, reason="cleared", at=day(1))
    record = step(record, suspend(record, LEARNER, aid, "under_review", day(1)))
    with pytest.raises(AlreadySuspended):
        suspend(record, LEARNER, aid, "under_review", day(2))
    assert "aid" not in record.held(day(2))
    assert award_if_earned(record, catalog, LEARNER, "aid", day(2)) == []
    record = step(record, reinstate(record, catalog, LEARNER, aid, reason="cleared", at=day(3)))
    assert set(record.held(day(3))) == {"aid", "stack"}


@pytest.mark.parametrize(
    ("again_on", "back_on", "kind"),
    [
        (350, 360, CredentialRenewed),
        (400, 410, CredentialAwarded),
    ],
)
def test_what_was_earned_during_a_suspension_counts_after_it(again_on, back_on, kind):
    catalog = known(YEAR, renewal_days=30)
    record, aid = record_after(catalog)
    record = step(record, suspend(record, LEARNER, aid, "under_review", day(1)))
    later = hear(catalog, result("AAA", 0.9, 9, on=again_on), before=record)
    assert len(later) == 1
    record = step(record, later)
    back = reinstate(record, catalog, LEARNER, aid, reason="cleared", at=day(back_on))
    assert isinstance(back[1], kind)
    assert "aid" in step(record, back).held(day(back_on))


def test_after_its_end_later_evidence_begins_the_next_cycle():
    catalog = known(YEAR)
    record, aid = record_after(catalog)
    assert set(record.held(day(YEAR - 1))) == {"aid", "stack"}
    assert set(record.held(day(YEAR))) == {"stack"}
    assert award_if_earned(record, catalog, LEARNER, "aid", day(YEAR)) == []
    expired = expire(record, catalog, LEARNER, aid, day(YEAR + 3))
    assert [(one.credential, one.occurred_at) for one in ended(expired)] == [(aid, day(YEAR))]
    assert len(expired) == 1
    record = step(record, expired)
    assert expire(record, catalog, LEARNER, aid, day(YEAR + 4)) == []
    again = hear(catalog, result("AAA", 0.8, 99, on=400), before=record)
    [new] = [one for one in again if isinstance(one, CredentialAwarded)]
    assert (new.renews, new.valid_from, new.valid_until) == (aid, day(400), day(400 + YEAR))
    record = step(record, again)
    assert [status(one, day(401)) for one in record.credentials.values()] == [
        "expired",
        "active",
        "active",
    ]


def test_what_was_passed_again_before_the_end_counts_once_it_has_come():
    catalog = known(YEAR)
    record, aid = record_after(catalog)
    record = step(record, hear(catalog, result("AAA", 0.8, 50, on=300), before=record))
    assert len(record.credentials) == 2
    [_, new] = expire(record, catalog, LEARNER, aid, day(YEAR))
    assert isinstance(new, CredentialAwarded)
    assert (new.renews, new.valid_until) == (aid, day(300 + YEAR))


def test_within_its_window_later_evidence_renews_the_same_credential():
    catalog = known(YEAR, renewal_days=30)
    record, aid = record_after(catalog)
    assert hear(catalog, result("AAA", 0.8, 40, on=334), before=record)[1:] == []
    again = hear(catalog, result("AAA", 0.8, 50, on=335), before=record)
    [renewed] = [one for one in again if isinstance(one, CredentialRenewed)]
    assert (renewed.credential, renewed.valid_until) == (aid, day(2 * YEAR))
    record = step(record, again)
    assert expire(record, catalog, LEARNER, aid, day(YEAR)) == []
    assert set(record.held(day(2 * YEAR - 1))) == {"aid", "stack"}


def test_a_person_renews_before_and_after_the_end():
    catalog = known(YEAR)
    record, aid = record_after(catalog)
    by_ivy = partial(renew, catalog=catalog, learner=LEARNER, reason="refresher", renewed_by="ivy")
    record = step(record, by_ivy(record, credential=aid, at=day(100)))
    assert record.credentials[aid].valid_until == day(2 * YEAR)
    record = step(record, expire(record, catalog, LEARNER, aid, day(900)))
    record = step(record, by_ivy(record, credential=aid, at=day(1000)))
    assert status(record.credentials[aid], day(1001)) == "active"
    assert record.credentials[aid].valid_until == day(1000 + YEAR)
    endless, stack = record_after(known())
    with pytest.raises(NeverExpires):
        renew(endless, known(), LEARNER, stack, reason="r", renewed_by="ivy", at=day(3))


def test_of_two_cycles_only_the_later_one_is_renewed():
    catalog = known(YEAR)
    record, aid = record_after(catalog)
    record = step(record, hear(catalog, result("AAA", 0.8, 99, on=400), before=record))
    with pytest.raises(AlreadyHeld):
        renew(record, catalog, LEARNER, aid, reason="r", renewed_by="ivy", at=day(401))
    record = step(record, revoke(record, LEARNER, aid, "misconduct", day(402)))
    assert "aid" in record.held(day(403))


def test_who_supersedes_links_both_ends():
    old = known()
    record, aid = record_after(old)
    renamed = known(name="First aid")
    ends = supersede(record, renamed, LEARNER, aid, reason="renamed", awarded_by="ivy", at=day(5))
    record = step(record, ends)
    before = record.credentials[aid]
    after = record.credentials[before.superseded.by]
    assert (after.supersedes, after.name, after.evidence) == (aid, "First aid", before.evidence)
    assert after.valid_from == before.valid_from
    assert record.held(day(6))["aid"] == after
    with pytest.raises(CredentialEnded):
        suspend(record, LEARNER, aid, "under_review", day(6))


def test_who_supersedes_neither_ends_a_suspension_nor_takes_back_what_is_out():
    record, aid = record_after(known())
    facts: dict[str, Any] = {"reason": "renamed", "awarded_by": "ivy", "at": day(5)}
    ends = supersede(record, known(held_for_release=True), LEARNER, aid, **facts)
    assert "aid" in step(record, ends).held(day(5))
    record = step(record, suspend(record, LEARNER, aid, "under_review", day(4)))
    with pytest.raises(AlreadySuspended):
        supersede(record, known(), LEARNER, aid, **facts)


def test_a_fall_revokes_where_the_issuer_had_said_so():
    catalog = known(revoke_when_fallen=True)
    record = given(*hear(catalog, changed(0.8, 1)))
    said = hear(catalog, changed(0.1, 7, on=2, passing=False), before=record)
    assert [
        (one.achievement, one.reason) for one in said if isinstance(one, CredentialRevoked)
    ] == [("aid", "grade_fell")]
    record = step(record, said)
    assert record.active["stack"].flag is not None
    better = hear(catalog, changed(0.9, 9, on=3), before=record)
    assert awarded(better) == ["aid"]


def test_no_step_is_dated_before_the_one_that_it_follows():
    catalog = known(YEAR)
    record, aid = record_after(catalog, on=10)
    with pytest.raises(NotYetAwarded):
        suspend(record, LEARNER, aid, "under_review", day(9))
    record = step(record, suspend(record, LEARNER, aid, "under_review", day(20)))
    with pytest.raises(StepOutOfOrder):
        revoke(record, LEARNER, aid, "misconduct", day(15))
    skew = timedelta(seconds=300)
    [late] = revoke(record, LEARNER, aid, "misconduct", day(20) - timedelta(seconds=200), skew=skew)
    assert late.occurred_at == day(20)
    with pytest.raises(AlreadyRevoked):
        suspend(step(record, [late]), LEARNER, aid, "under_review", day(30))


STEPS = {
    "accept": lambda record, _, one, at: accept(record, LEARNER, one, at),
    "decline": lambda record, _, one, at: decline(record, LEARNER, one, at),
    "release": lambda record, known, one, at: release(record, known, LEARNER, one, at),
    "embargo": lambda record, known, one, at: end_embargo(record, known, LEARNER, one, at),
    "expire": lambda record, known, one, at: expire(record, known, LEARNER, one, at),
    "suspend": lambda record, _, one, at: suspend(record, LEARNER, one, "review", at),
    "reinstate": lambda record, known, one, at: reinstate(
        record, known, LEARNER, one, reason="cleared", at=at
    ),
    "revoke": lambda record, _, one, at: revoke(record, LEARNER, one, "misconduct", at),
    "renew": lambda record, known, one, at: renew(
        record, known, LEARNER, one, reason="r", renewed_by="ivy", at=at
    ),
    "supersede": lambda record, known, one, at: supersede(
        record, known, LEARNER, one, reason="r", awarded_by="ivy", at=at
    ),
    "pass": lambda record, known, _, at: hear(
        known, result("AAA", 0.8, 1000 + at.toordinal(), (at - day(0)).days), before=record
    ),
}


@for_all(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3), st.integers(0, 300))),
    st.sampled_from([known(), known(100), known(100, renewal_days=30, held_for_release=True)]),
)
def test_whatever_happens_one_at_most_is_held_and_everybody_says_the_same(steps, catalog):
    record, _ = record_after(catalog)
    events, now = hear(catalog, result("AAA", 0.8, 1)), 0
    for name, which, days in steps:
        now += days
        ours = [one for one in record.credentials.values() if one.achievement == "aid"]
        try:
            said = STEPS[name](record, catalog, ours[which % len(ours)].credential, day(now))
        except Refused:
            continue
        record, events = step(record, said), [*events, *said]
        standing: dict[str, Validity] = {}
        for event in events:
            if isinstance(event, ValidityEvent):
                before = standing.get(event.credential)
                standing[event.credential] = evolve_validity(before, event)
        for one in record.credentials.values():
            is_active = status(one, day(now)) == "active"
            assert standing[one.credential].holds(day(now)) == is_active
        mine = [one for one in record.credentials.values() if one.achievement == "aid"]
        assert sum(status(one, day(now)) == "active" for one in mine) <= 1
        moments = [event.occurred_at for event in said]
        assert all(one <= day(now) for one in moments)
