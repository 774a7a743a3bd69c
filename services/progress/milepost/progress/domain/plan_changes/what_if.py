"""What a changed rule would mean for enrollments that are judged by another one. Pure.

It applies the change to a copy, as the job that applies it would: so the two agree.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from milepost.contracts.courses import (
    MAX_ATTEMPTS,
    MAX_DUE_DAY,
    MAX_GRACE_HOURS,
    CountingAttempt,
    CoursePublished,
    LatePolicy,
    Lesson,
    MoveOn,
)
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.contracts.rules.learning.scores import counting
from milepost.progress.domain.course_grade import course_grade
from milepost.progress.domain.draft import Draft
from milepost.progress.domain.plan_changes.migration import apply_rule_change
from milepost.progress.domain.reports import Fraction, UnknownLesson
from milepost.progress.events import ProgressEvent

Effect: TypeAlias = Literal["gains_completion", "loses_completion", "grade_changes", "nothing"]
Weight: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
Drop: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Attempts: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=MAX_ATTEMPTS)]
Days: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MAX_DUE_DAY)]
Percent: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=100)]
Hours: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=MAX_GRACE_HOURS)]
# Of one learner's work that decides, so many positions are named at most.
MAX_DECIDING = 50


class LateChange(LatePolicy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another late policy, within the limits of one that is published."""

    percent_per_day: Percent
    floor: Fraction = 0.0
    grace_hours: Hours = 0.0


class LessonChanges(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What is absent stays; null takes a limit, a mastery score, a due day or a policy away."""

    required: bool | UnsetType = UNSET
    weight: Weight | UnsetType = UNSET
    move_on: MoveOn | UnsetType = UNSET
    mastery_score: Fraction | UnsetType | None = UNSET
    attempts_allowed: Attempts | UnsetType | None = UNSET
    counts: CountingAttempt | UnsetType = UNSET
    due_day: Days | UnsetType | None = UNSET
    late: LateChange | UnsetType | None = UNSET


class RuleChanges(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Of a course's rules, whatever its version. `lessons` are changed by their ids."""

    passing_grade: Fraction | UnsetType = UNSET
    drop_lowest: Drop | UnsetType = UNSET
    late: LateChange | UnsetType | None = UNSET
    lessons: dict[str, LessonChanges] = {}


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Before and after the change. Grades are 0 to 1, None where nothing is graded.

    `deciding`: the events that the judgement rests on, as `Deciding` names them.
    """

    completed_before: bool
    completed_after: bool
    grade_before: float | None
    grade_after: float | None

    @property
    def effect(self) -> Effect:
        if self.completed_before != self.completed_after:
            return "gains_completion" if self.completed_after else "loses_completion"
        return "nothing" if self.grade_before == self.grade_after else "grade_changes"


def changed(published: CoursePublished, changes: RuleChanges, version: int) -> CoursePublished:
    """The course version with other rules, as `version`. Lessons that it lacks are passed over."""
    rule = published.passing_rule
    given = _changed_fields(changes)
    del given["lessons"]
    late = {"late": given.pop("late")} if "late" in given else {}
    return replace(
        published,
        version=version,
        passing_rule=replace(rule, **given),
        lessons=tuple(_lesson(one, changes.lessons.get(one.id)) for one in published.lessons),
        **late,
    )


def require_lessons(versions: Mapping[int, CoursePublished], changes: RuleChanges) -> None:
    """Raises `UnknownLesson` for one that no version has."""
    known = {lesson.id for one in versions.values() for lesson in one.lessons}
    for name in changes.lessons:
        if name not in known:
            raise UnknownLesson(name)


def judge(state: Progress, plan: Plan, plan_changed: Plan, at: datetime) -> Judged:
    """Of a state that goes on here. The plans are different versions."""
    draft = Draft(state)
    draft.apply(apply_rule_change(state, plan_changed, at=at, reason="what_if"))
    return Judged(
        completed_before=state.course is not None,
        completed_after=draft.state.course is not None,
        grade_before=course_grade(state, plan),
        grade_after=course_grade(draft.state, plan_changed),
    )


class Places(msgspec.Struct):
    """Where the events stand that may decide: the last of its kind for each lesson and attempt."""

    found: dict[tuple[str, str, int], int] = {}

    def note(self, event: ProgressEvent, position: int) -> None:
        lesson: str = getattr(event, "lesson", "")
        attempt: int = getattr(event, "attempt", 0)
        kind = "attempt" if attempt else event.__struct_config__.tag
        self.found[str(kind), lesson, attempt] = position


def deciding(state: Progress, plan: Plan, places: Places) -> tuple[int, ...]:
    """Positions, ascending: the attempts that count, what completed or passed required lessons."""
    return tuple(sorted(set(_deciding(state, plan, places.found))))[:MAX_DECIDING]


def _deciding(
    state: Progress, plan: Plan, found: Mapping[tuple[str, str, int], int]
) -> Iterator[int]:
    for rule in plan.lessons.values():
        standing = state.lessons.get(rule.id)
        keys = [(kind, rule.id, 0) for kind in ("lesson_completed", "lesson_passed")]
        keys.append(("lesson_waived", rule.id, 0))
        if not rule.required:
            keys = keys[-1:]
        if standing and standing.attempts and (rule.required or rule.weight > 0):
            number = counting(standing, rule, state.starts).number
            keys.append(("attempt", rule.id, number))
        yield from (found[key] for key in keys if key in found)
    for kind in ("progress_carried_over", "plan_migrated", "course_completion_revoked"):
        if (kind, "", 0) in found:
            yield found[kind, "", 0]


def _changed_fields(changes: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name, value in asdict(changes).items() if value is not UNSET}


def _lesson(lesson: Lesson, changes: LessonChanges | None) -> Lesson:
    return replace(lesson, **_changed_fields(changes)) if changes else lesson
