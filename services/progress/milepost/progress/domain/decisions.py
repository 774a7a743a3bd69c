"""The decisions of progress: open, merge reports, close. Pure.

Reports are judged by when they happened, not by when they arrive. Late, repeated and disordered
reports end in the same standing; `docs/concepts/progress.md` says what exactly is the same.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from milepost.contracts.progress import (
    ProgressClosed,
    ProgressOpened,
    ProgressResumed,
    ProgressSuspended,
)
from milepost.events.event import Refused
from milepost.progress.domain.merge import merge
from milepost.progress.domain.plan import LessonRule, Plan, exhausted, lesson_satisfied
from milepost.progress.domain.reports import (
    AttemptsExhausted,
    LessonLocked,
    NotEnrolled,
    Report,
    Scored,
    UnknownLesson,
)
from milepost.progress.domain.state import Progress, evolve
from milepost.progress.events import ProgressEvent

Answer: TypeAlias = Literal["accepted", "duplicate"] | Refused


class Reported(NamedTuple):
    """What reports come to: one answer each, in the order given."""

    events: list[ProgressEvent]
    answers: list[Answer]


def open_progress(
    state: Progress,
    *,
    enrollment: str,
    learner: str,
    offering: str,
    course: str,
    version: int,
    at: datetime,
) -> list[ProgressEvent]:
    """Who comes back for another stay goes on where they were."""
    if state.opened:
        return resume(state, at=at)
    return [
        ProgressOpened(
            enrollment=enrollment,
            learner=learner,
            offering=offering,
            course=course,
            version=version,
            occurred_at=at,
        )
    ]


def close(state: Progress, *, at: datetime, reason: str) -> list[ProgressEvent]:
    if state.opened is None or state.closed_at:
        return []
    return [ProgressClosed(enrollment=state.opened.enrollment, reason=reason, occurred_at=at)]


def suspend(state: Progress, *, at: datetime, reason: str) -> list[ProgressEvent]:
    if state.opened is None or state.closed_at:
        return []
    return [ProgressSuspended(enrollment=state.opened.enrollment, reason=reason, occurred_at=at)]


def resume(state: Progress, *, at: datetime) -> list[ProgressEvent]:
    if state.opened is None or state.closed_at is None:
        return []
    return [ProgressResumed(enrollment=state.opened.enrollment, occurred_at=at)]


def report(state: Progress, plan: Plan, reports: Sequence[Report]) -> Reported:
    """Merges reports, in order of `occurred_at`; one answer each, in the order given.

    A refused report leaves nothing behind and does not hinder the others. Raises `NotEnrolled`
    when progress was never opened.
    """
    if state.opened is None:
        raise NotEnrolled
    draft = _draft(state)
    events: list[ProgressEvent] = []
    answers: list[Answer] = ["accepted"] * len(reports)
    for index in _order_by_time(reports):
        one = reports[index]
        if one.id in state.reports or one.id in draft.reports:
            answers[index] = "duplicate"
        elif refusal := _refusal(draft, state.opened, plan, one):
            answers[index] = refusal
        else:
            # Each event takes effect before the next one is decided.
            for event in merge(draft, state.opened, plan, one):
                evolve(draft, event)
                events.append(event)
    return Reported(events, answers)


def missing_prerequisites(
    rule: LessonRule, plan: Plan, completed: AbstractSet[str], passed: AbstractSet[str]
) -> tuple[str, ...]:
    return tuple(
        lesson
        for lesson in rule.prerequisites
        if not lesson_satisfied(plan.lessons[lesson], completed, passed)
    )


def _draft(state: Progress) -> Progress:
    """What `evolve` may change while deciding. The standings themselves are immutable."""
    return Progress(
        opened=state.opened,
        closed_at=state.closed_at,
        gaps=state.gaps,
        course=state.course,
        lessons=state.lessons.copy(),
        completed=state.completed.copy(),
        passed=state.passed.copy(),
    )


def _order_by_time(reports: Sequence[Report]) -> Sequence[int]:
    """Reports of the same moment keep the order they were given in."""
    times = [one.occurred_at for one in reports]
    return sorted(range(len(reports)), key=times.__getitem__)


def _refusal(draft: Progress, opened: ProgressOpened, plan: Plan, one: Report) -> Refused | None:
    rule = plan.lessons.get(one.lesson)
    if rule is None:
        return UnknownLesson(one.lesson)
    at, until = one.occurred_at, draft.closed_at
    if at < opened.occurred_at or (until is not None and at > until):
        return NotEnrolled(opened.occurred_at, until)
    if suspended_at := next((since for since, back in draft.gaps if since < at < back), None):
        return NotEnrolled(opened.occurred_at, suspended_at)
    standing = draft.lessons.get(one.lesson)
    if standing is None:
        # Only the way in is locked: what has been started stays open.
        missing = missing_prerequisites(rule, plan, draft.completed, draft.passed)
        return LessonLocked(one.lesson, missing) if missing else None
    if type(one) is Scored and exhausted(standing.attempts, rule, at, one.id):
        assert rule.attempts_allowed is not None
        return AttemptsExhausted(one.lesson, rule.attempts_allowed)
    return None
