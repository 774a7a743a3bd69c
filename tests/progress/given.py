"""Words for the tests of progress: moments, plans, reports, and what had happened before."""

from datetime import UTC, datetime, timedelta
from itertools import count

from milepost.contracts.rules.learning.plan import LessonRule, plan_of
from milepost.progress.domain.decisions import open_progress, report
from milepost.progress.domain.reports import Completed, Progressed, Scored, Started
from milepost.progress.domain.state import PROGRESS, evolve
from milepost.progress.queries.overview import overview

OPENED = datetime(2026, 2, 1, 9, tzinfo=UTC)
_ids = count(1)


def minute(number):
    return OPENED + timedelta(minutes=number)


def plan(*rules, passing=0.0, drop=0, resets=0):
    return plan_of(
        "rust", 3, rules, passing_grade=passing, drop_lowest=drop, deadline_resets=resets
    )


def lesson(name, **rule):
    return LessonRule(id=name, **rule)


def page(name, **rule):
    return lesson(name, **{"required": False, **rule})


def opened(*events):
    """The state after progress was opened and these events."""
    state = PROGRESS.initial()
    opening = open_progress(
        state,
        enrollment="e-1",
        learner="ada",
        offering="rust-2026",
        course="rust",
        version=3,
        at=OPENED,
    )
    return after(state, [*opening, *events])


def after(state, events):
    for event in events:
        state = evolve(state, event)
    return state


def decided(state, rules, *reports):
    """The events and answers of one call."""
    return report(state, rules, reports)


def reported(state, rules, *reports):
    """The state after these reports, and their answers."""
    events, answers = decided(state, rules, *reports)
    return after(state, events), answers


def live(rules, *calls):
    """The state of a new enrollment after one call of reports each."""
    state = opened()
    for call in calls:
        state, _ = reported(state, rules, *call)
    return state


def now(state, rules, at=60, times=None):
    """What the learner is told at that minute."""
    return overview(state, rules, minute(at), times or {})


def _named(kind, name, at, given):
    return kind(
        **{"id": f"report-{next(_ids)}", "lesson": name, "occurred_at": minute(at), **given}
    )


def started(name, at=1, **given):
    return _named(Started, name, at, given)


def progressed(name, at=1, **given):
    return _named(Progressed, name, at, given)


def completed(name, at=1, **given):
    return _named(Completed, name, at, given)


def scored(name, score=None, at=1, **given):
    return _named(Scored, name, at, {"score": score, **given})
