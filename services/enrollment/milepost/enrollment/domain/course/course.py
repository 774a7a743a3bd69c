"""A course: drafted, published in immutable versions, retired. It knows no learner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.courses import (
    OFFLINE_DAYS,
    CourseDrafted,
    CoursePublished,
    CourseRetired,
    LatePolicy,
    Lesson,
    PassingRule,
    Skill,
)
from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.enrollment.domain.course.plan_faults import Fault, plan_faults
from milepost.enrollment.events import CourseEvent
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Invalid, Unknown
from milepost.events.streams import Category


@dataclass
class UnknownCourse(Unknown):
    course: str


@dataclass
class UnknownCourseVersion(Unknown):
    """The course has no such version.

    `latest`: the newest that there is; 0 when none has been published.
    """

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
    retired_at: datetime | None = None

    @property
    def retired(self) -> bool:
        return self.retired_at is not None

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
            state.retired_at = event.occurred_at
        case _:
            assert_never(event)
    return state


COURSE: Category[Course, CourseEvent] = Category(streams.COURSE, Course, evolve, Codec(CourseEvent))


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
    titles: Mapping[str, str] | None = None,
    prerequisites: Sequence[Prerequisite] = (),
    offline_days: int = OFFLINE_DAYS,
    late: LatePolicy | None = None,
    deadline_resets: int = 0,
) -> list[CourseEvent]:
    """Publish the next version; what equals the latest version is not published again.

    Raises `AlreadyRetired`, `PlanInvalid`.
    """
    if state.retired:
        raise AlreadyRetired(course)
    published = CoursePublished(
        course=course,
        version=len(state.versions) + 1,
        title=title,
        lessons=tuple(lessons),
        passing_rule=passing_rule,
        skills=tuple(skills),
        language=language,
        workload_hours=workload_hours,
        titles=dict(titles or {}),
        prerequisites=tuple(prerequisites),
        offline_days=offline_days,
        late=late,
        deadline_resets=deadline_resets,
        occurred_at=occurred_at,
    )
    if faults := tuple(plan_faults(published)):
        raise PlanInvalid(course, faults)
    return [] if state.latest and same_content(published, state.latest) else [published]


def retire(state: Course, *, course: str, occurred_at: datetime) -> list[CourseEvent]:
    """No further version and no further offering; what runs goes on. Raises `UnknownCourse`."""
    if state.title is None:
        raise UnknownCourse(course)
    return [] if state.retired else [CourseRetired(course=course, occurred_at=occurred_at)]


def same_content(one: CoursePublished, other: CoursePublished) -> bool:
    """The same plan, whatever its number and whenever it was published."""
    return one == msgspec.structs.replace(other, version=one.version, occurred_at=one.occurred_at)
