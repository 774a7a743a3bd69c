"""Whether a course is completed, with which grade, and how that goes on. Pure.

`docs/decisions/completion-is-history.md` says what a completion and its revocation stand against.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    GradeReason,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonProgressed,
)
from milepost.progress.domain.completion.look_back import BEGINNING, Held, first_held
from milepost.progress.domain.merge import counting, scores
from milepost.progress.domain.plan import (
    Plan,
    grade,
    grade_suffices,
    required_satisfied,
)
from milepost.progress.domain.reports import Report, Scored
from milepost.progress.domain.state import Progress, satisfying
from milepost.progress.events import ProgressEvent

# What is decided about this learner. A course completes again by it after a final revocation.
PERSONAL: frozenset[GradeReason] = frozenset({"score_revised", "lesson_waived", "waiver_withdrawn"})
DECIDING = frozenset({LessonCompleted, LessonPassed, LessonFailed, AttemptScored})
REPORTED: frozenset[GradeReason] = frozenset({"attempt", "late_report"})


class Standing(NamedTuple):
    """The grade, 0 to 1, or None where nothing is graded; whether the course's rule holds."""

    grade: float | None
    passing: bool


class Cause(NamedTuple):
    """Why a grade changes, since when, and the lesson that did it, where one did."""

    because: GradeReason
    at: datetime
    lesson: str | None


def course_grade(draft: Progress, plan: Plan) -> float | None:
    """The grade as it stands, 0 to 1; None where nothing is graded."""
    return grade(plan, scores(draft.lessons, plan, draft.starts), waived=draft.waived)


def course_standing(draft: Progress, plan: Plan) -> Standing:
    """As of now. Costs as much as the plan has weighted lessons."""
    final = course_grade(draft, plan)
    satisfied = required_satisfied(plan, *satisfying(draft))
    return Standing(final, satisfied and grade_suffices(plan, final))


def ever_held(draft: Progress, plan: Plan) -> bool:
    """Whether the course's rule holds, or held at some moment of what is known."""
    if course_standing(draft, plan).passing:
        return True
    return plan.may_fall and first_held(draft, plan) is not None


def settle_course(
    draft: Progress, plan: Plan, because: GradeReason, at: datetime, lesson: str | None = None
) -> Iterator[CourseCompleted | CourseGradeChanged]:
    """What a decision comes to for the course: it is completed by it, or its grade changes.

    Ask once, when everything else has taken effect in `draft`; let each event take effect before
    you ask for the next. `lesson`: the one it is about.
    """
    now = course_standing(draft, plan)
    if held := _newly_held(draft, plan, now, because):
        # A completion is dated by the last fact that it needed, and the decision is one.
        final = now.grade if now.passing else held.grade
        yield CourseCompleted(**_own(draft), grade=final, occurred_at=max(held.at, at))
    yield from _grade_change(draft, plan, now, Cause(because, at, lesson))


def is_deciding(event: ProgressEvent) -> bool:
    """Whether it may make the course's rule hold, or change the grade."""
    if type(event) is LessonProgressed:
        return event.completed
    return type(event) in DECIDING


def counting_score(draft: Progress, plan: Plan, one: Report) -> float | None:
    """What the score of the lesson is that `one` scores; None for any other report."""
    standing = draft.lessons.get(one.lesson) if type(one) is Scored else None
    if standing is None or not standing.attempts:
        return None
    return counting(standing, plan.lessons[one.lesson], draft.starts).score


def settle_reports(
    draft: Progress, plan: Plan, since: datetime, last: Report, scored: Report | None
) -> Iterator[CourseCompleted | CourseGradeChanged]:
    """What the reports of one call come to for the course.

    `since`: the earliest by which anything was done; `last`: the latest; `scored`: the latest
    that gave its lesson another score. Of a completed course that passes only those count.
    """
    if draft.course is None:
        if _is_within_reach(draft, plan):
            yield from _completed_by_reports(draft, plan, since, last)
    elif scored or not draft.passing:
        now = course_standing(draft, plan)
        yield from _grade_change(draft, plan, now, _cause(draft, scored or last))


def _is_within_reach(draft: Progress, plan: Plan) -> bool:
    """Whether it is worth to look: no for most who are under way."""
    completed, passed = satisfying(draft)
    if plan.may_fall:
        return plan.must_complete <= completed
    return required_satisfied(plan, completed, passed)


def _completed_by_reports(
    draft: Progress, plan: Plan, since: datetime, last: Report
) -> Iterator[CourseCompleted | CourseGradeChanged]:
    now = course_standing(draft, plan)
    if held := _newly_held(draft, plan, now, "attempt", since):
        yield CourseCompleted(**_own(draft), grade=held.grade, occurred_at=held.at)
        # What has happened since that moment may have been known before.
        yield from _grade_change(draft, plan, now, _latest_cause(draft, plan, last))


def _cause(draft: Progress, one: Report) -> Cause:
    """It is late where it happened before the completion, or before a known attempt."""
    at, attempts = one.occurred_at, draft.lessons[one.lesson].attempts
    overtaken = bool(attempts) and attempts[-1].at > at
    late = overtaken or (draft.course is not None and at < draft.course.occurred_at)
    return Cause("late_report" if late else "attempt", at, one.lesson)


def _latest_cause(draft: Progress, plan: Plan, last: Report) -> Cause:
    tried = [
        (one.attempts[-1].at, lesson)
        for lesson, one in draft.lessons.items()
        if one.attempts and lesson in plan.lessons
    ]
    at, lesson = max(tried, default=(last.occurred_at, last.lesson))
    return Cause("late_report" if at > last.occurred_at else "attempt", at, lesson)


def _grade_change(
    draft: Progress, plan: Plan, now: Standing, cause: Cause
) -> Iterator[CourseGradeChanged]:
    if draft.course is None:
        return
    # Where nothing has a weight nothing changes the grade. Logs of before have 1.0 there.
    final = now.grade if plan.weighted else draft.grade
    if (final, now.passing) != (draft.grade, draft.passing):
        yield CourseGradeChanged(
            **_own(draft),
            because=cause.because,
            grade=final,
            before=draft.grade,
            lesson=cause.lesson,
            passing=now.passing,
            occurred_at=max(cause.at, draft.course.occurred_at),
        )


def _newly_held(
    draft: Progress,
    plan: Plan,
    now: Standing,
    because: GradeReason,
    since: datetime = BEGINNING,
) -> Held | None:
    if draft.course or not (now.passing or plan.may_fall) or _revoked_for_good(draft, because):
        return None
    if draft.revoked and (draft.revoked.final or because in REPORTED):
        since = max(since, draft.revoked.occurred_at)
    if held := first_held(draft, plan, since):
        return held
    return Held(max((since, *_deciding_times(draft, plan))), now.grade) if now.passing else None


def revoke_course(
    draft: Progress, plan: Plan, reason: str, at: datetime
) -> Iterator[CourseCompletionRevoked]:
    """Takes a completion back; nothing where there is none."""
    if draft.course is not None:
        holds = course_standing(draft, plan).passing
        yield CourseCompletionRevoked(**_own(draft), reason=reason, final=holds, occurred_at=at)


def _own(draft: Progress) -> dict[str, Any]:
    opened = draft.opened
    assert opened is not None
    names = ("enrollment", "learner", "offering", "course", "version")
    return {name: getattr(opened, name) for name in names}


def _revoked_for_good(draft: Progress, because: GradeReason) -> bool:
    return draft.revoked is not None and draft.revoked.final and because not in PERSONAL


def _deciding_times(draft: Progress, plan: Plan) -> Iterator[datetime]:
    for lesson, standing in draft.lessons.items():
        rule = plan.lessons.get(lesson)
        if rule is None:
            continue
        if rule.required and standing.completed_at:
            yield standing.completed_at
        if standing.attempts and (rule.required or rule.weight > 0):
            yield counting(standing, rule, draft.starts).at
