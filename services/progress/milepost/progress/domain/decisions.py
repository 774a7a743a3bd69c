"""The decisions of progress: open, merge reports, close. Pure.

Reports are judged by when they happened, not by when they arrive. Late, repeated and disordered
reports end in the same standing; `docs/concepts/progress.md` says what exactly is the same.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from milepost.contracts.courses import MAX_ATTEMPTS
from milepost.contracts.progress import (
    LessonProgressed,
    ProgressClosed,
    ProgressOpened,
    ProgressResumed,
    ProgressSuspended,
    ReportsBackdated,
)
from milepost.contracts.rules.learning.lesson_state import LessonState
from milepost.contracts.rules.learning.plan import LessonRule, Plan, exhausted, lesson_satisfied
from milepost.contracts.rules.learning.progress import Progress, satisfying
from milepost.events.event import Refused
from milepost.progress.domain.course_grade import is_deciding, settle_reports
from milepost.progress.domain.draft import Draft, late_work
from milepost.progress.domain.joined import join
from milepost.progress.domain.merge import merge
from milepost.progress.domain.open_times import closed, placed_in_time
from milepost.progress.domain.reports import (
    AlreadyJudged,
    AttemptsExhausted,
    Backdating,
    LessonLocked,
    NotEnrolled,
    Report,
    ReportIdReused,
    Scored,
    TooLongAgo,
    TooManyAttempts,
    UnknownLesson,
    digest_of,
)
from milepost.progress.events import ProgressEvent

Answer: TypeAlias = Literal["accepted", "duplicate"] | Refused
NO_SKEW = timedelta(0)


class Terms(NamedTuple):
    """What is demanded of whoever reports.

    skew      how far their clock may be off, either way
    earliest  what happened before is too long ago
    reason    why it is reported nevertheless
    learner   by themselves: what has been judged once is final
    """

    skew: timedelta = NO_SKEW
    earliest: datetime | None = None
    reason: Backdating | None = None
    learner: bool = False


NO_TERMS = Terms()


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
    starts: datetime | None = None,
) -> list[ProgressEvent]:
    """Who comes back for another stay goes on where they were.

    `starts`: from when due days count; None: from `at`.
    """
    if state.opened:
        return resume(state, at=at)
    return [
        ProgressOpened(
            enrollment=enrollment,
            learner=learner,
            offering=offering,
            course=course,
            version=version,
            starts=starts,
            occurred_at=at,
        )
    ]


def close(
    state: Progress, *, at: datetime, reason: str, continues_as: str | None = None
) -> list[ProgressEvent]:
    """`continues_as`: the enrollment in another run of the course that goes on."""
    if state.opened is None:
        return []
    if state.closed_at and (continues_as is None or state.continues_as):
        return []
    return [
        ProgressClosed(
            enrollment=state.opened.enrollment,
            reason=reason,
            continues_as=continues_as,
            # What a suspension or an earlier leaving has closed stays closed since then.
            occurred_at=state.closed_at or at,
        )
    ]


def suspend(state: Progress, *, at: datetime, reason: str) -> list[ProgressEvent]:
    if state.opened is None or state.closed_at:
        return []
    return [ProgressSuspended(enrollment=state.opened.enrollment, reason=reason, occurred_at=at)]


def resume(state: Progress, *, at: datetime) -> list[ProgressEvent]:
    if state.opened is None or state.closed_at is None:
        return []
    return [ProgressResumed(enrollment=state.opened.enrollment, occurred_at=at)]


def report(
    state: Progress, plan: Plan, reports: Sequence[Report], terms: Terms = NO_TERMS
) -> Reported:
    """Merges reports, in order of `occurred_at`; one answer each, in the order given.

    A refused report leaves nothing behind and does not hinder the others. Raises `NotEnrolled`
    when progress was never opened.
    """
    if state.opened is None:
        raise NotEnrolled
    call = _Call(state, state.opened, plan, terms)
    placed = [placed_in_time(one, state, state.opened, terms.skew) for one in reports]
    answers: list[Answer] = ["accepted"] * len(reports)
    for index in _order_by_time(placed):
        answers[index] = call.answer(placed[index], digest_of(reports[index]))
    return Reported(call.finished(), answers)


class _Call:
    """Reports under way. Each event takes effect before the next one is decided."""

    def __init__(self, state: Progress, opened: ProgressOpened, plan: Plan, terms: Terms) -> None:
        self._before, self._known = state, state.reports
        self._work = Draft(state)
        self._draft, self._events = self._work.state, self._work.events
        self._opened = opened
        self._plan = plan
        self._terms = terms
        self._backdated: list[str] = []
        self._joinable: dict[str, tuple[int, datetime]] = {}
        self._first: Report | None = None
        self._last: Report | None = None

    def answer(self, one: Report, digest: str) -> Answer:
        """`digest` is that of the report as it was sent."""
        known = self._known.get(one.id, self._draft.reports.get(one.id))
        if known is not None:
            return "duplicate" if known in {"", digest} else ReportIdReused(one.id)
        if self._draft.carried and _came_along(self._draft, one):
            return "duplicate"
        if refusal := _refusal(self._draft, self._opened, self._plan, one, self._terms):
            return refusal
        count = len(self._events)
        own = self._terms.learner
        self._work.apply(merge(self._draft, self._opened, self._plan, one, digest, learner=own))
        if any(map(is_deciding, self._events[count:])):
            self._first, self._last = self._first or one, one
        elif len(self._events) > count:
            self._join_last()
        if self._terms.earliest and one.occurred_at < self._terms.earliest:
            self._backdated.append(one.id)
        return "accepted"

    def _join_last(self) -> None:
        """With the event before it on the same lesson, if one can stand for both."""
        new = self._events[-1]
        if not isinstance(new, LessonProgressed):
            return
        place, since = self._joinable.get(new.lesson, (-1, new.occurred_at))
        first, started_at = self._events[place], self._draft.lessons[new.lesson].started_at
        joined = None
        if first is not new and isinstance(first, LessonProgressed):
            joined = join(first, new, since=since, started_at=started_at)
        if joined is None:
            self._joinable[new.lesson] = len(self._events) - 1, new.occurred_at
        else:
            self._events.pop()
            self._events[place] = joined

    def finished(self) -> list[ProgressEvent]:
        if self._first and self._last:
            since = self._first.occurred_at
            self._work.apply(
                settle_reports(self._before, self._draft, self._plan, since, self._last)
            )
        if self._events and self._backdated and self._terms.reason:
            self._events.append(
                ReportsBackdated(
                    enrollment=self._opened.enrollment,
                    reason=self._terms.reason,
                    reports=tuple(self._backdated),
                    occurred_at=self._events[-1].occurred_at,
                )
            )
        if self._events:
            self._events.extend(late_work(self._draft, self._events[-1].occurred_at))
        return self._events


def _came_along(draft: Progress, one: Report) -> bool:
    """Whether this very attempt was sent to the earlier run too, and carried over from there."""
    standing = draft.lessons.get(one.lesson) if type(one) is Scored else None
    return standing is not None and any(
        (known.at, known.report) == (one.occurred_at, one.id) for known in standing.attempts
    )


def missing_prerequisites(
    rule: LessonRule, plan: Plan, completed: AbstractSet[str], passed: AbstractSet[str]
) -> tuple[str, ...]:
    return tuple(
        lesson
        for lesson in rule.prerequisites
        if not lesson_satisfied(plan.lessons[lesson], completed, passed)
    )


def _order_by_time(reports: Sequence[Report]) -> Sequence[int]:
    """Reports of the same moment keep the order they were given in."""
    times = [one.occurred_at for one in reports]
    return sorted(range(len(reports)), key=times.__getitem__)


def _refusal(
    draft: Progress, opened: ProgressOpened, plan: Plan, one: Report, terms: Terms
) -> Refused | None:
    rule = plan.lessons.get(one.lesson)
    if rule is None:
        return UnknownLesson(one.lesson)
    at = one.occurred_at
    if refusal := _out_of_time(draft, opened, at, terms):
        return refusal
    standing = draft.lessons.get(one.lesson)
    if standing is None:
        # Only the way in is locked: what has been started stays open.
        missing = missing_prerequisites(rule, plan, *satisfying(draft))
        return LessonLocked(one.lesson, missing) if missing else None
    return _one_too_many(standing, rule, one, terms) if type(one) is Scored else None


def _out_of_time(
    draft: Progress, opened: ProgressOpened, at: datetime, terms: Terms
) -> Refused | None:
    for since, until in closed(draft, opened):
        if since < at < until:
            early = until == opened.occurred_at
            ended = draft.closed_at if early else since
            return NotEnrolled(opened.occurred_at, ended, None if early else draft.continues_as)
    if terms.earliest and at < terms.earliest and not terms.reason:
        return TooLongAgo(at, terms.earliest)
    return None


def _one_too_many(
    standing: LessonState, rule: LessonRule, one: Scored, terms: Terms
) -> Refused | None:
    attempts, at = standing.attempts, one.occurred_at
    if exhausted(attempts, rule, at, one.id, final=terms.learner):
        assert rule.attempts_allowed is not None
        return AttemptsExhausted(rule.id, rule.attempts_allowed)
    if terms.learner and rule.counts == "first" and attempts and at < attempts[0].at:
        return AlreadyJudged(rule.id, attempts[0].at)
    if len(attempts) >= MAX_ATTEMPTS:
        return TooManyAttempts(rule.id, MAX_ATTEMPTS)
    return None
