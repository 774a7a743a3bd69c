"""Whether a course is completed, with which grade, and how that goes on. Pure.

`docs/decisions/completion-is-history.md` says what a completion and its revocation stand against.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    GradeReason,
)
from milepost.progress.domain.merge import counting, scores
from milepost.progress.domain.plan import (
    Plan,
    grade,
    grade_suffices,
    required_satisfied,
)
from milepost.progress.domain.state import Progress, satisfying
from milepost.progress.events import ProgressEvent

# What is decided about this learner. A course completes again by it after a final revocation.
PERSONAL: frozenset[GradeReason] = frozenset({"score_revised", "lesson_waived", "waiver_withdrawn"})


def course_grade(draft: Progress, plan: Plan) -> float | None:
    """The grade as it stands, 0 to 1; None where nothing is graded."""
    return grade(plan, scores(draft.lessons, plan, draft.starts), waived=draft.waived)


def rule_holds(draft: Progress, plan: Plan, final: float | None) -> bool:
    """Whether every required lesson is satisfied, and the grade suffices."""
    return required_satisfied(plan, *satisfying(draft)) and grade_suffices(plan, final)


def settle_course(
    draft: Progress, plan: Plan, because: GradeReason, at: datetime, lesson: str | None = None
) -> Iterator[ProgressEvent]:
    """What a decision comes to for the course: it is completed by it, or its grade changes.

    Ask once, when everything else has taken effect in `draft`. The caller lets each event take
    effect before it asks for the next. Costs as much as the plan has lessons.
    """
    now = course_grade(draft, plan)
    passing = rule_holds(draft, plan, now)
    if draft.course is None and passing and not _revoked_for_good(draft, because):
        at_last = max((at, *_deciding_times(draft, plan)))
        yield CourseCompleted(**_own(draft), grade=now, occurred_at=at_last)
    if draft.course is None:
        return
    # Where nothing has a weight nothing changes the grade. Logs of before have 1.0 there.
    now = now if plan.weighted else draft.grade
    if (now, passing) != (draft.grade, draft.passing):
        yield CourseGradeChanged(
            **_own(draft),
            because=because,
            grade=now,
            before=draft.grade,
            lesson=lesson,
            passing=passing,
            occurred_at=at,
        )


def revoke_course(
    draft: Progress, plan: Plan, reason: str, at: datetime
) -> Iterator[CourseCompletionRevoked]:
    """Takes a completion back; nothing where there is none."""
    if draft.course is not None:
        held = rule_holds(draft, plan, course_grade(draft, plan))
        yield CourseCompletionRevoked(**_own(draft), reason=reason, final=held, occurred_at=at)


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
