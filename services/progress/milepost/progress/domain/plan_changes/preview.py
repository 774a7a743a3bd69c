"""What a migration would change, lesson by lesson, before anybody decides it. Pure.

It migrates a copy, so that it says what would happen, not what somebody believes would.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts.rules.learning.plan import (
    LessonRule,
    Plan,
    grade_suffices,
    lesson_satisfied,
)
from milepost.contracts.rules.learning.progress import Progress, satisfying
from milepost.progress.domain.course_grade import course_grade
from milepost.progress.domain.draft import Draft
from milepost.progress.domain.plan_changes.migration import migrate, movable

Change: TypeAlias = Literal["kept", "changed", "new", "gone"]
# Of a lesson's rule; titles are not rules.
RULES = tuple(name for name in LessonRule.__struct_fields__ if name not in {"id", "title"})


class LessonChange(msgspec.Struct, frozen=True, kw_only=True):
    """`rules` name what is different. `done` is None where the version does not have the lesson.

    What is gone is kept in the history, and counts again if a later version has it.
    """

    lesson: str
    change: Change
    rules: tuple[str, ...] = ()
    done_before: bool | None = None
    done_after: bool | None = None
    weight_before: float | None = None
    weight_after: float | None = None


class MigrationPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Grades are 0 to 1, None where nothing is graded.

    missing      required lessons that would not be done by the new version
    grade_short  the grade would not suffice for the new version's passing grade
    kept         the course stays completed although the new version demands more
    """

    enrollment: str
    learner: str
    course: str
    version: int
    to_version: int
    completed_before: bool
    completed_after: bool
    kept: bool
    grade_before: float | None
    grade_after: float | None
    passing_grade_before: float
    passing_grade_after: float
    drop_lowest_before: int
    drop_lowest_after: int
    grade_short: bool
    missing: tuple[str, ...]
    lessons: tuple[LessonChange, ...]


def preview(state: Progress, plan_old: Plan, plan_new: Plan, *, at: datetime) -> MigrationPreview:
    """Raises `NotEnrolled`."""
    opened = movable(state)
    draft = Draft(state)
    draft.apply(migrate(state, plan_old, plan_new, at=at, reason="preview"))
    after = draft.state
    final = course_grade(after, plan_new)
    short = not grade_suffices(plan_new, final)
    missing = tuple(_missing(after, plan_new))
    return MigrationPreview(
        enrollment=opened.enrollment,
        learner=opened.learner,
        course=opened.course,
        version=opened.version,
        to_version=plan_new.version,
        completed_before=state.course is not None,
        completed_after=after.course is not None,
        kept=after.course is not None and (short or bool(missing)),
        grade_before=course_grade(state, plan_old),
        grade_after=final,
        passing_grade_before=plan_old.passing_grade,
        passing_grade_after=plan_new.passing_grade,
        drop_lowest_before=plan_old.drop_lowest,
        drop_lowest_after=plan_new.drop_lowest,
        grade_short=short,
        missing=missing,
        lessons=tuple(_changes(state, after, plan_old, plan_new)),
    )


def _missing(state: Progress, plan: Plan) -> Iterator[str]:
    sets = satisfying(state)
    for rule in plan.lessons.values():
        if rule.required and not lesson_satisfied(rule, *sets):
            yield rule.id


def _changes(
    state: Progress, after: Progress, plan_old: Plan, plan_new: Plan
) -> Iterator[LessonChange]:
    for name in dict.fromkeys((*plan_new.lessons, *plan_old.lessons)):
        old, new = plan_old.lessons.get(name), plan_new.lessons.get(name)
        rules = tuple(_different(old, new)) if old and new else ()
        yield LessonChange(
            lesson=name,
            change="new" if old is None else "gone" if new is None else _kept(rules),
            rules=rules,
            done_before=_done(old, state),
            done_after=_done(new, after),
            weight_before=old.weight if old else None,
            weight_after=new.weight if new else None,
        )


def _kept(rules: tuple[str, ...]) -> Change:
    return "changed" if rules else "kept"


def _different(old: LessonRule, new: LessonRule) -> Iterator[str]:
    return (name for name in RULES if getattr(old, name) != getattr(new, name))


def _done(rule: LessonRule | None, state: Progress) -> bool | None:
    return None if rule is None else lesson_satisfied(rule, *satisfying(state))
