"""The rule of who is at risk: each reason, at its limit, with the facts that make it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from milepost.dashboards.domain.at_risk import (
    BehindCohort,
    BehindOwnPace,
    DueSoon,
    FailedTwice,
    Inactive,
    Learning,
    Reason,
    judge,
)

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def learner(name: str, **facts: Any) -> Learning:
    known: dict[str, Any] = {
        "entered": NOW - 30 * DAY,
        "last_activity": NOW,
        "counting": frozenset({"essay", "quiz"}),
    }
    return Learning(enrollment=name, learner=name, **(known | facts))


def reasons(*others: Learning, together: bool = True, **facts: Any) -> tuple[Reason, ...]:
    """Of one more, among these."""
    [*_, last] = judge([*others, learner("zoe", **facts)], NOW, together=together)
    assert last.at_risk == any(not isinstance(one, DueSoon) for one in last.reasons)
    return last.reasons


def four(**facts: Any) -> list[Learning]:
    return [learner(name, **facts) for name in "abcd"]


def test_seven_days_without_activity_are_a_reason_where_most_were_active():
    since = NOW - 7 * DAY
    assert reasons(*four(), last_activity=since) == (
        Inactive(days=7, last_activity=since, others_active=4, cohort=5),
    )
    assert reasons(*four(), last_activity=since + MOMENT) == ()


def test_in_a_break_nobody_is_inactive_but_who_is_alone_is_judged_alone():
    since = NOW - 9 * DAY
    assert reasons(*four(last_activity=since), last_activity=since) == ()
    alone = Inactive(days=9, last_activity=since, others_active=0, cohort=1)
    assert reasons(last_activity=since) == (alone,)


def test_who_has_done_nothing_is_inactive_from_when_they_came():
    assert reasons(*four(), last_activity=None, entered=NOW - 6 * DAY) == ()
    [found] = reasons(*four(), last_activity=None, entered=NOW - 8 * DAY)
    assert found == Inactive(days=8, last_activity=None, others_active=4, cohort=5)


def test_what_is_overdue_for_more_than_three_days_is_behind_the_own_pace():
    due = {"essay": NOW - 5 * DAY, "quiz": NOW - 4 * DAY}
    behind = BehindOwnPace(lesson="essay", due_at=due["essay"], days=5, lessons=2)
    assert reasons(due=due) == (behind,)
    assert reasons(due=due, done=frozenset(due)) == ()
    assert reasons(due={"essay": NOW - 3 * DAY}) == ()


def test_what_three_of_four_have_done_is_behind_the_cohort():
    done = frozenset({"essay"})
    [found] = reasons(*four(done=done))
    assert found == BehindCohort(lesson="essay", done_by=4, cohort=5, lessons=1)
    assert reasons(*four(done=done)[:3], learner("e"), together=True) == ()
    assert reasons(*four(done=done), entered=NOW - 6 * DAY) == ()
    assert reasons(*four(done=done), together=False) == ()
    assert reasons(*four(done=done), counting=frozenset()) == ()
    assert reasons(*four(done=done)[:3]) == ()  # four say nothing


def test_two_failed_attempts_are_a_reason_wherever_they_were():
    assert reasons(failed={"essay": 1}) == ()
    assert reasons(failed={"essay": 2}) == (FailedTwice(attempts=2, lessons=("essay",)),)
    both = FailedTwice(attempts=2, lessons=("essay", "quiz"))
    assert reasons(failed={"quiz": 1, "essay": 1}) == (both,)


def test_what_is_due_soon_is_said_and_puts_nobody_at_risk():
    due = {"essay": NOW + 3 * DAY, "quiz": NOW + 3 * DAY + MOMENT}
    soon = DueSoon(lesson="essay", due_at=due["essay"], lessons=1)
    assert reasons(due=due) == (soon,)


def test_who_has_completed_is_of_the_cohort_and_not_judged():
    found = judge([*four(judged=False), learner("zoe")], NOW, together=True)
    assert [one.learner for one in found] == ["zoe"]
