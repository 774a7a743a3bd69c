"""Whether a course is completed, with which grade, and how that goes on. Pure.

`docs/decisions/completion-is-history.md` says what a completion and its revocation stand against.
"""

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
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
from milepost.contracts.rules.learning.plan import Plan, grade, grade_suffices, required_satisfied
from milepost.contracts.rules.learning.progress import Progress, satisfying
from milepost.contracts.rules.learning.scores import counting, scores
from milepost.progress.domain.completion.look_back import BEGINNING, Held, first_held
from milepost.progress.domain.reports import Report
from milepost.progress.events import ProgressEvent

# What is decided about this learner. A course completes again by it after a final revocation.
PERSONAL: frozenset[GradeReason] = frozenset({"score_revised", "lesson_waived", "waiver_withdrawn"})
DECIDING = frozenset({LessonCompleted, LessonPassed, LessonFailed, AttemptScored})


class CourseStanding(NamedTuple):
    """The grade, 0 to 1, or None where nothing is graded; whether the course's rule holds."""

    grade: float | None
    passing: bool


class Cause(NamedTuple):
    """Why a grade changes, since when, and the lesson that did it, where one did.

    An attempt is late where it happened before the completion, or before one known already.
    """

    because: GradeReason
    at: datetime
    lesson: str | None


def course_grade(draft: Progress, plan: Plan) -> float | None:
    """The grade as it stands, 0 to 1; None where nothing is graded."""
    return grade(plan, scores(draft.lessons, plan, draft.starts), waived=draft.waived)


def course_standing(draft: Progress, plan: Plan) -> CourseStanding:
    """As of now. Costs as much as the plan has weighted lessons."""
    final = course_grade(draft, plan)
    satisfied = required_satisfied(plan, *satisfying(draft))
    return CourseStanding(final, satisfied and grade_suffices(plan, final))


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
    # Decisions go along with a transfer: one completion, where the enrollment goes on.
    held = None if draft.continues_as else _newly_held(draft, plan, now, because)
    if held:
        # A completion is dated by the last fact that it needed, and the decision is one.
        final = now.grade if now.passing else held.grade
        yield CourseCompleted(**_own(draft), grade=final, occurred_at=max(held.at, at))
    yield from _grade_change(draft, plan, now, Cause(because, at, lesson))


def is_deciding(event: ProgressEvent) -> bool:
    """Whether it may make the course's rule hold, or change the grade."""
    if type(event) is LessonProgressed:
        return event.completed
    return type(event) in DECIDING


def settle_reports(
    before: Progress, draft: Progress, plan: Plan, since: datetime, last: Report
) -> Iterator[CourseCompleted | CourseGradeChanged]:
    """What the reports of one call come to for the course.

    `before`: the state without them; `since`: the earliest by which anything was done; `last`:
    the latest. Of a completed course that passes only what scores a lesson anew counts.
    """
    if draft.course is None:
        if _is_within_reach(draft, plan):
            yield from _completed_by_reports(draft, plan, since, last)
        return
    cause = _scoring_cause(before, draft, plan)
    # After a migration a verdict may change although the score that counts does not.
    if cause or not draft.passing or before.passed != draft.passed:
        cause = cause or Cause("attempt", last.occurred_at, last.lesson)
        yield from _grade_change(draft, plan, course_standing(draft, plan), cause)


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


def _scoring_cause(before: Progress, draft: Progress, plan: Plan) -> Cause | None:
    """The latest attempt by which another score counts than before."""
    causes = []
    for lesson, one in draft.lessons.items():
        old, rule = before.lessons.get(lesson), plan.lessons.get(lesson)
        if rule is None or one.attempts is (old.attempts if old else ()):
            continue
        new = counting(one, rule, draft.starts)
        if old is None or not old.attempts:
            causes.append(_cause(draft, lesson, new.at, new.at))
        elif counting(old, rule, draft.starts).score != new.score:
            causes.append(_cause(draft, lesson, new.at, old.attempts[-1].at))
    return max(causes, key=attrgetter("at"), default=None)


def _cause(draft: Progress, lesson: str, at: datetime, known: datetime) -> Cause:
    late = at < known or (draft.course is not None and at < draft.course.occurred_at)
    return Cause("late_report" if late else "attempt", at, lesson)


def _latest_cause(draft: Progress, plan: Plan, last: Report) -> Cause:
    tried = [
        (one.attempts[-1].at, lesson)
        for lesson, one in draft.lessons.items()
        if one.attempts and lesson in plan.lessons
    ]
    at, lesson = max(tried, default=(last.occurred_at, last.lesson))
    return Cause("late_report" if at > last.occurred_at else "attempt", at, lesson)


def _grade_change(
    draft: Progress, plan: Plan, now: CourseStanding, cause: Cause
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
    now: CourseStanding,
    because: GradeReason,
    since: datetime = BEGINNING,
) -> Held | None:
    if draft.course or not (now.passing or plan.may_fall) or _revoked_for_good(draft, because):
        return None
    if draft.revoked and not (because == "rule_changed" == draft.revoked.reason):
        since = max(since, draft.revoked.occurred_at)
    if held := first_held(draft, plan, since):
        return held
    return Held(max((since, *_deciding_times(draft, plan))), now.grade) if now.passing else None


def revoke_course(
    draft: Progress, plan: Plan, reason: str, at: datetime
) -> Iterator[CourseCompletionRevoked]:
    """Takes a completion back; nothing where there is none. `reason` is a code.

    Only what was revoked for `rule_changed` does the next change of rules judge from the start.
    """
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
