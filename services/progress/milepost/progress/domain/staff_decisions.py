"""What staff decide about one enrollment: waive a lesson, revise a score, reset deadlines. Pure.

Each is judged by the plan at once: verdicts, completion and grade follow in the same decision,
whether the course is completed, closed or neither. What is so already is not decided again.
"""

from dataclasses import dataclass
from datetime import datetime

from milepost.contracts.progress import (
    DeadlinesReset,
    GradeReason,
    LessonWaived,
    LessonWaiverWithdrawn,
    ProgressOpened,
    ScoreRevised,
)
from milepost.contracts.rules.attempts import Attempt, due_at
from milepost.contracts.rules.learning.plan import LessonRule, Plan, lesson_satisfied
from milepost.contracts.rules.learning.progress import Progress, satisfying
from milepost.contracts.rules.learning.scores import counting
from milepost.events.event import Conflicting, Unknown
from milepost.progress.domain.course_grade import settle_course
from milepost.progress.domain.draft import Draft, late_work
from milepost.progress.domain.merge import verdict
from milepost.progress.domain.reports import NotEnrolled, UnknownLesson
from milepost.progress.events import ProgressEvent


@dataclass
class NotWaived(Conflicting):
    """Nobody excused the learner from this lesson, or it has been withdrawn already."""

    lesson: str


@dataclass
class UnknownAttempt(Unknown):
    """The lesson has no attempt of this number."""

    lesson: str
    attempt: int


@dataclass
class NoDeadlineResetLeft(Conflicting):
    """The course lets learners reset their deadlines so often and no more; staff may."""

    deadline_resets: int


def waive(
    state: Progress, plan: Plan, *, lesson: str, reason: str, at: datetime
) -> list[ProgressEvent]:
    """Raises `NotEnrolled`, `UnknownLesson`."""
    opened, rule = _opened(state), _rule(plan, lesson)
    if lesson in state.waived:
        return []
    draft = Draft(state)
    waived = LessonWaived(
        enrollment=opened.enrollment, lesson=rule.id, reason=reason, occurred_at=at
    )
    return _with_consequences(draft, plan, waived, "lesson_waived", lesson)


def withdraw_waiver(
    state: Progress, plan: Plan, *, lesson: str, reason: str, at: datetime
) -> list[ProgressEvent]:
    """Raises `NotEnrolled`, `NotWaived`, `UnknownLesson`."""
    opened = _opened(state)
    if lesson not in state.waived:
        raise NotWaived(_rule(plan, lesson).id)
    withdrawn = LessonWaiverWithdrawn(
        enrollment=opened.enrollment, lesson=lesson, reason=reason, occurred_at=at
    )
    return _with_consequences(Draft(state), plan, withdrawn, "waiver_withdrawn", lesson)


def revise_score(
    state: Progress,
    plan: Plan,
    *,
    lesson: str,
    attempt: int,
    score: float,
    reason: str,
    at: datetime,
    raw: float | None = None,
    maximum: float | None = None,
) -> list[ProgressEvent]:
    """`score` is scaled, 0 to 1. Raises `NotEnrolled`, `UnknownLesson`, `UnknownAttempt`."""
    opened, rule = _opened(state), _rule(plan, lesson)
    before = _attempt(state, lesson, attempt).score
    if score == before:
        return []
    revised = ScoreRevised(
        enrollment=opened.enrollment,
        lesson=rule.id,
        attempt=attempt,
        score=score,
        before=before,
        reason=reason,
        raw=raw,
        maximum=maximum,
        occurred_at=at,
    )
    return _with_consequences(Draft(state), plan, revised, "score_revised", lesson, judged=(rule,))


def reset_deadlines(
    state: Progress, plan: Plan, *, at: datetime, reason: str | None = None
) -> list[ProgressEvent]:
    """Due days count from `at`. With a `reason` by staff, always; without by the learner.

    Nothing happens where nothing is due, nor, by the learner, where nothing was missed. Raises
    `NotEnrolled`, and for the learner also where progress is closed, and `NoDeadlineResetLeft`.
    """
    opened = _opened(state)
    assert state.starts is not None
    if not plan.has_due_dates or at <= state.starts:
        return []
    if reason is None:
        if state.closed_at:
            raise NotEnrolled(opened.occurred_at, state.closed_at, state.continues_as)
        if not _missed_any(state, plan, at):
            return []
        if state.resets >= plan.deadline_resets:
            raise NoDeadlineResetLeft(plan.deadline_resets)
    reset = DeadlinesReset(enrollment=opened.enrollment, starts=at, reason=reason, occurred_at=at)
    judged = tuple(rule for rule in plan.lessons.values() if rule.late is not None)
    return _with_consequences(Draft(state), plan, reset, "deadlines_reset", judged=judged)


def _missed_any(state: Progress, plan: Plan, at: datetime) -> bool:
    """Whether anything is overdue, or would be worth more if its days counted from `at`."""
    completed, passed = satisfying(state)
    for rule in plan.lessons.values():
        due = due_at(rule, state.starts)
        if due is None or at <= due or rule.id in state.waived:
            continue
        if not lesson_satisfied(rule, completed, passed) or _lost(state, rule, at):
            return True
    return False


def _lost(state: Progress, rule: LessonRule, at: datetime) -> bool:
    standing = state.lessons.get(rule.id)
    if standing is None or not standing.attempts:
        return rule.weight > 0
    return counting(standing, rule, state.starts).score < counting(standing, rule, at).score


def _with_consequences(
    draft: Draft,
    plan: Plan,
    decided: LessonWaived | LessonWaiverWithdrawn | ScoreRevised | DeadlinesReset,
    because: GradeReason,
    lesson: str | None = None,
    *,
    judged: tuple[LessonRule, ...] = (),
) -> list[ProgressEvent]:
    at, opened = decided.occurred_at, _opened(draft.state)
    draft.apply([decided])
    for rule in judged:
        standing = draft.state.lessons.get(rule.id)
        if standing and standing.attempts:
            draft.apply(verdict(draft.state, opened, rule, at=at))
    draft.apply(settle_course(draft.state, plan, because, at, lesson))
    draft.apply(late_work(draft.state, at))
    return draft.events


def _opened(state: Progress) -> ProgressOpened:
    if state.opened is None:
        raise NotEnrolled
    return state.opened


def _rule(plan: Plan, lesson: str) -> LessonRule:
    if rule := plan.lessons.get(lesson):
        return rule
    raise UnknownLesson(lesson)


def _attempt(state: Progress, lesson: str, number: int) -> Attempt:
    standing = state.lessons.get(lesson)
    for one in standing.attempts if standing else ():
        if one.number == number:
            return one
    raise UnknownAttempt(lesson, number)
