"""A course: drafted, published in immutable versions, retired. It knows no learner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import assert_never

import msgspec

from milepost.enrollment.events import (
    CourseDrafted,
    CourseEvent,
    CoursePublished,
    CourseRetired,
    Lesson,
    PassingRule,
    Skill,
)
from milepost.events.category import Category
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Invalid, Unknown


class Fault(msgspec.Struct, frozen=True):
    """Where a request makes no sense, and how: `$.lessons[2].weight`, `negative`."""

    path: str
    condition: str


@dataclass
class UnknownCourse(Unknown):
    course: str


@dataclass
class UnknownCourseVersion(Unknown):
    """`latest`: the newest version there is; 0 when none has been published."""

    course: str
    version: int | None
    latest: int


@dataclass
class AlreadyPublished(Conflicting):
    course: str
    version: int


@dataclass
class AlreadyRetired(Conflicting):
    course: str


@dataclass
class PlanInvalid(Invalid):
    """All faults of the plan at once."""

    course: str
    faults: tuple[Fault, ...]


class Course(msgspec.Struct):
    """`versions[n - 1]` is version n. A course that nobody has heard of has no title."""

    title: str | None = None
    versions: list[CoursePublished] = msgspec.field(default_factory=list)
    retired: bool = False

    @property
    def latest(self) -> CoursePublished | None:
        return self.versions[-1] if self.versions else None


def evolve(state: Course, event: CourseEvent) -> Course:
    match event:
        case CourseDrafted():
            state.title = event.title
        case CoursePublished():
            state.title = event.title
            state.versions.append(event)
        case CourseRetired():
            state.retired = True
        case _:
            assert_never(event)
    return state


COURSE: Category[Course, CourseEvent] = Category("course", Course, evolve, Codec(CourseEvent))


def draft(state: Course, *, course: str, title: str, occurred_at: datetime) -> list[CourseEvent]:
    """Name a course to be. Raises `AlreadyRetired`; `AlreadyPublished` for another title."""
    if state.retired:
        raise AlreadyRetired(course)
    if state.title == title:
        return []
    if state.latest is not None:
        raise AlreadyPublished(course, state.latest.version)
    return [CourseDrafted(course=course, title=title, occurred_at=occurred_at)]


def publish(
    state: Course,
    *,
    course: str,
    title: str,
    lessons: Sequence[Lesson],
    passing_rule: PassingRule,
    occurred_at: datetime,
    skills: Sequence[Skill] = (),
    language: str = "en",
    workload_hours: float | None = None,
) -> list[CourseEvent]:
    """Publish the next version; what equals the latest version is not published again.

    Raises `AlreadyRetired`, `PlanInvalid`.
    """
    if state.retired:
        raise AlreadyRetired(course)
    if faults := tuple(_plan_faults(lessons, passing_rule)):
        raise PlanInvalid(course, faults)
    published = CoursePublished(
        course=course,
        version=len(state.versions) + 1,
        title=title,
        lessons=tuple(lessons),
        passing_rule=passing_rule,
        skills=tuple(skills),
        language=language,
        workload_hours=workload_hours,
        occurred_at=occurred_at,
    )
    return [] if _says_the_same(published, state.latest) else [published]


def retire(state: Course, *, course: str, occurred_at: datetime) -> list[CourseEvent]:
    """No further version and no further offering; what runs goes on. Raises `UnknownCourse`."""
    if state.title is None:
        raise UnknownCourse(course)
    return [] if state.retired else [CourseRetired(course=course, occurred_at=occurred_at)]


def _says_the_same(published: CoursePublished, latest: CoursePublished | None) -> bool:
    return latest is not None and latest == msgspec.structs.replace(
        published, version=latest.version, occurred_at=latest.occurred_at
    )


def _plan_faults(lessons: Sequence[Lesson], rule: PassingRule) -> Iterator[Fault]:
    if not lessons:
        yield Fault("$.lessons", "empty")
    seen: set[str] = set()
    for number, lesson in enumerate(lessons):
        path = f"$.lessons[{number}]"
        if lesson.id in seen:
            yield Fault(f"{path}.id", "duplicate")
        seen.add(lesson.id)
        yield from _lesson_faults(path, lesson)
    yield from _prerequisite_faults(lessons)
    yield from _rule_faults(lessons, rule)


def _lesson_faults(path: str, lesson: Lesson) -> Iterator[Fault]:
    if not 0 <= lesson.weight < float("inf"):
        yield Fault(f"{path}.weight", "negative" if lesson.weight < 0 else "not_finite")
    if lesson.mastery_score is not None and not 0 <= lesson.mastery_score <= 1:
        yield Fault(f"{path}.mastery_score", "not_between_0_and_1")
    if lesson.mastery_score is None and lesson.move_on in {"Passed", "CompletedAndPassed"}:
        yield Fault(f"{path}.mastery_score", "missing")
    if lesson.attempts_allowed is not None and lesson.attempts_allowed < 1:
        yield Fault(f"{path}.attempts_allowed", "not_positive")


def _prerequisite_faults(lessons: Sequence[Lesson]) -> Iterator[Fault]:
    known = {lesson.id for lesson in lessons}
    for number, lesson in enumerate(lessons):
        for place, prerequisite in enumerate(lesson.prerequisites):
            if prerequisite not in known:
                yield Fault(f"$.lessons[{number}].prerequisites[{place}]", "unknown_lesson")
    try:
        TopologicalSorter({one.id: one.prerequisites for one in lessons}).prepare()
    except CycleError as error:
        within = set(error.args[1])
        first = next(number for number, lesson in enumerate(lessons) if lesson.id in within)
        yield Fault(f"$.lessons[{first}].prerequisites", "cycle")


def _rule_faults(lessons: Sequence[Lesson], rule: PassingRule) -> Iterator[Fault]:
    weighted = sum(lesson.weight > 0 for lesson in lessons)
    if not 0 <= rule.passing_grade <= 1:
        yield Fault("$.passing_rule.passing_grade", "not_between_0_and_1")
    elif rule.passing_grade > 0 and not weighted:
        yield Fault("$.passing_rule.passing_grade", "no_lesson_has_weight")
    if rule.drop_lowest < 0:
        yield Fault("$.passing_rule.drop_lowest", "negative")
    elif rule.drop_lowest >= max(weighted, 1):
        yield Fault("$.passing_rule.drop_lowest", "nothing_would_be_left")
