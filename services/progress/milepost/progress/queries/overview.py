"""What a learner asks: what is done, what is next, what is locked and why, what is needed. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from math import fsum
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from milepost.progress.domain.course_grade import course_grade
from milepost.progress.domain.lesson_state import Bookmark, LessonState
from milepost.progress.domain.merge import counting, scores
from milepost.progress.domain.plan import (
    LessonRule,
    Plan,
    grade_suffices,
    lesson_satisfied,
    needed_average,
)
from milepost.progress.domain.state import Progress, satisfying

Status: TypeAlias = Literal["locked", "open", "started", "done"]
Reason: TypeAlias = Literal["started", "required", "grade", "optional"]


class LessonView(msgspec.Struct, frozen=True, kw_only=True):
    """`missing` are the lessons that lock this one. `progress` and `score` are 0 to 1.

    `attempts_left` is None without a limit; `score` is that of the attempt that counts.
    """

    id: str
    title: str
    kind: str
    required: bool
    weight: float
    status: Status
    missing: tuple[str, ...] = ()
    progress: float = 0.0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    seconds_spent: float = 0.0
    clicks: int = 0
    attempts: int = 0
    attempts_left: int | None = None
    score: float | None = None
    passed: bool | None = None


class Next(msgspec.Struct, frozen=True):
    """`reason`: it is begun, it is required, the grade needs it, or it is there to be done."""

    lesson: str
    reason: Reason


class Resume(msgspec.Struct, frozen=True):
    lesson: str
    position: str
    at: datetime


class GradeView(msgspec.Struct, frozen=True, kw_only=True):
    """Grades are 0 to 1. None where nothing has a weight, or nothing is scored yet.

    so_far          the average of what is scored, by weight
    secured         the grade if nothing more were scored
    needed_average  what every lesson not yet scored must reach; None when that is out of reach
    """

    passing: float
    so_far: float | None
    secured: float | None
    needed_average: float | None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    opened_at: datetime
    closed_at: datetime | None
    completed_at: datetime | None
    final_grade: float | None
    percent_done: float
    percent_required_done: float
    grade: GradeView
    next: Next | None
    resume: Resume | None
    lessons: list[LessonView]


def overview(state: Progress, plan: Plan) -> Overview:
    """Of a state that is open."""
    opened = state.opened
    assert opened is not None
    satisfied = _satisfied(state, plan)
    lessons = [_lesson(state, satisfied, rule) for rule in plan.lessons.values()]
    return Overview(
        enrollment=opened.enrollment,
        learner=opened.learner,
        offering=opened.offering,
        course=opened.course,
        version=opened.version,
        opened_at=opened.occurred_at,
        closed_at=state.closed_at,
        completed_at=state.course.occurred_at if state.course else None,
        final_grade=state.grade if state.course else None,
        percent_done=_percent_done(lessons),
        percent_required_done=_percent_done([lesson for lesson in lessons if lesson.required]),
        grade=_grade(state, plan),
        next=None if state.closed_at else _next(state, plan, lessons),
        resume=_resume(state),
        lessons=lessons,
    )


def _satisfied(state: Progress, plan: Plan) -> AbstractSet[str]:
    """Once for all: thousands of lessons may each have a hundred that come first."""
    completed, passed = satisfying(state)
    rules = plan.lessons.values()
    return {rule.id for rule in rules if lesson_satisfied(rule, completed, passed)}


def _lesson(state: Progress, satisfied: AbstractSet[str], rule: LessonRule) -> LessonView:
    status, missing = _status(state, satisfied, rule)
    view = LessonView(
        id=rule.id,
        title=rule.title,
        kind=rule.kind,
        required=rule.required,
        weight=rule.weight,
        status=status,
        missing=missing,
        attempts_left=rule.attempts_allowed,
    )
    standing = state.lessons.get(rule.id)
    return _with_standing(view, standing, rule, state.starts) if standing else view


def _with_standing(
    view: LessonView, standing: LessonState, rule: LessonRule, starts: datetime | None
) -> LessonView:
    attempts, allowed = standing.attempts, rule.attempts_allowed
    return replace(
        view,
        progress=1.0 if standing.completed_at else standing.progress,
        started_at=standing.started_at,
        completed_at=standing.completed_at,
        seconds_spent=standing.milliseconds / 1000,
        clicks=standing.clicks,
        attempts=standing.tries,
        attempts_left=None if allowed is None else max(0, allowed - len(attempts)),
        score=counting(standing, rule, starts).score if attempts else None,
        passed=standing.passed,
    )


def _status(
    state: Progress, satisfied: AbstractSet[str], rule: LessonRule
) -> tuple[Status, tuple[str, ...]]:
    # A lesson that nothing is asked of is done when it was completed all the same.
    done = state.completed if rule.move_on == "NotApplicable" else satisfied
    if rule.id in done:
        return "done", ()
    if rule.id in state.lessons:
        return "started", ()
    missing = tuple(one for one in rule.prerequisites if one not in satisfied)
    return ("locked", missing) if missing else ("open", ())


def _percent_done(lessons: Sequence[LessonView]) -> float:
    if not lessons:
        return 100.0
    done = sum(lesson.status == "done" for lesson in lessons)
    return round(100 * done / len(lessons), 1)


def _grade(state: Progress, plan: Plan) -> GradeView:
    if not plan.weighted:
        return GradeView(passing=plan.passing_grade, so_far=None, secured=None, needed_average=None)
    scored = scores(state.lessons, plan, state.starts)
    return GradeView(
        passing=plan.passing_grade,
        so_far=_average(scored, plan),
        secured=course_grade(state, plan),
        needed_average=needed_average(plan, scored, state.waived),
    )


def _average(scored: Mapping[str, float], plan: Plan) -> float | None:
    if not scored:
        return None
    weights = {lesson: plan.lessons[lesson].weight for lesson in scored}
    points = fsum(weights[lesson] * score for lesson, score in scored.items())
    return round(points / fsum(weights.values()), 9)


def _next(state: Progress, plan: Plan, lessons: Sequence[LessonView]) -> Next | None:
    """The first in the plan's order, by the most pressing reason."""
    available = [lesson for lesson in lessons if _is_available(lesson)]
    short = not grade_suffices(plan, course_grade(state, plan))
    for reason, applies in _reasons(short=short):
        for lesson in available:
            if applies(lesson):
                return Next(lesson.id, reason)
    return None


def _is_available(lesson: LessonView) -> bool:
    return lesson.status in {"open", "started"} and lesson.attempts_left != 0


def _reasons(*, short: bool) -> Iterator[tuple[Reason, Callable[[LessonView], bool]]]:
    yield "started", lambda lesson: lesson.status == "started" and lesson.required
    yield "required", lambda lesson: lesson.required
    yield "grade", lambda lesson: short and lesson.weight > 0
    yield "started", lambda lesson: lesson.status == "started"
    yield "optional", lambda _: True


def _resume(state: Progress) -> Resume | None:
    bookmarks: list[tuple[Bookmark, str]] = [
        (standing.bookmark, lesson)
        for lesson, standing in state.lessons.items()
        if standing.bookmark
    ]
    if not bookmarks:
        return None
    bookmark, lesson = max(bookmarks)
    return Resume(lesson, bookmark.position, bookmark.at)
