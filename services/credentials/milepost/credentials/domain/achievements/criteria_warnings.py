"""What in criteria cannot come true as things are: told, not refused.

Schools set up courses and achievements in any order, so a course that is not there yet is none of
this service's business to refuse; a mistyped code would else show as a badge that nobody earns.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import fsum
from typing import Literal, TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import (
    AchievementHeld,
    Approved,
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired
from milepost.contracts.rules.criteria import Leaf, leaves
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.events.codec import Codec
from milepost.events.streams import Category

CourseEvent: TypeAlias = CourseDrafted | CoursePublished | CourseRetired
Warned: TypeAlias = Literal[
    "unknown_course",
    "unpublished_course",
    "retired_course",
    "unknown_lesson",
    "untaught_skill",
    "unstated_workload",
    "too_few_hours",
    "retired_achievement",
    "unknown_program",
    "retired_program",
    "empty_period",
    "period_over",
]


class CriteriaWarning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`course`, `lesson`, `skill`, `achievement` and `program` are what the criteria name.

    unknown_course        nobody has drafted or published it
    unpublished_course    it is a draft: nobody can take it yet
    retired_course        no offering of it can be opened any more
    unknown_lesson        the newest version of the course has no such lesson
    untaught_skill        no course that is published says that it teaches it
    unstated_workload     the newest version of the course does not say how many hours it takes
    too_few_hours         the courses named take fewer hours in all
    retired_achievement   it is not awarded any more
    unknown_program       nobody has defined it
    retired_program       it has no further versions
    empty_period          it ends before it begins
    period_over           it has ended
    """

    condition: Warned
    course: str | None = None
    lesson: str | None = None
    skill: str | None = None
    achievement: str | None = None
    program: str | None = None


class Course(msgspec.Struct, frozen=True):
    """`latest`: the newest version, None before there is one."""

    drafted: bool = False
    latest: CoursePublished | None = None
    retired: bool = False


Courses: TypeAlias = Mapping[str, Course]
_UNKNOWN = Course()


def _evolve(state: Course, event: CourseEvent) -> Course:
    match event:
        case CourseDrafted():
            return msgspec.structs.replace(state, drafted=True)
        case CoursePublished():
            return Course(drafted=True, latest=event)
        case CourseRetired():
            return msgspec.structs.replace(state, retired=True)
        case _:
            assert_never(event)


# Read here, never written.
COURSE: Category[Course, CourseEvent] = Category(
    streams.COURSE, Course, _evolve, Codec(CourseEvent)
)


def courses_of(criteria: Criterion) -> tuple[str, ...] | None:
    """Each once, in the order in which they are named; None: a skill may be any course's."""
    named: dict[str, None] = {}
    for leaf in leaves(criteria):
        match leaf:
            case CoursePassed(course=course) | LessonScored(course=course):
                named[course] = None
            case HoursLearned(courses=courses):
                named.update(dict.fromkeys(courses))
            case SkillShown():
                return None
            case _:
                pass
    return tuple(named)


def warnings_of(
    criteria: Criterion, courses: Courses, catalog: Catalog, at: datetime
) -> tuple[CriteriaWarning, ...]:
    """`courses`: those that `courses_of` names."""
    found = (one for leaf in leaves(criteria) for one in _warnings(leaf, courses, catalog, at))
    return tuple(dict.fromkeys(found))


def _warnings(
    leaf: Leaf, courses: Courses, catalog: Catalog, at: datetime
) -> Iterator[CriteriaWarning]:
    match leaf:
        case CoursePassed(course=course):
            yield from _of_course(course, courses)
            yield from _of_period(leaf, at)
        case LessonScored(course=course, lesson=lesson):
            yield from _of_lesson(course, lesson, courses)
        case HoursLearned():
            yield from _of_hours(leaf, courses)
            yield from _of_period(leaf, at)
        case SkillShown(skill=skill):
            taught = (one.latest.skills for one in courses.values() if one.latest)
            if not any(skill == one.url for skills in taught for one in skills):
                yield CriteriaWarning(condition="untaught_skill", skill=skill)
        case AchievementHeld(achievement=needed):
            found = catalog.achievements.get(needed)
            if found and found.retired:
                yield CriteriaWarning(condition="retired_achievement", achievement=needed)
        case ProgramCompleted(program=program):
            yield from _of_program(program, catalog)
        case Approved():
            pass
        case _:
            assert_never(leaf)


def _of_course(course: str, courses: Courses) -> Iterator[CriteriaWarning]:
    state = courses.get(course, _UNKNOWN)
    if state.retired:
        yield CriteriaWarning(condition="retired_course", course=course)
    elif state.latest is None:
        condition: Warned = "unpublished_course" if state.drafted else "unknown_course"
        yield CriteriaWarning(condition=condition, course=course)


def _of_lesson(course: str, lesson: str, courses: Courses) -> Iterator[CriteriaWarning]:
    yield from _of_course(course, courses)
    latest = courses.get(course, _UNKNOWN).latest
    if latest and all(one.id != lesson for one in latest.lessons):
        yield CriteriaWarning(condition="unknown_lesson", course=course, lesson=lesson)


def _of_hours(leaf: HoursLearned, courses: Courses) -> Iterator[CriteriaWarning]:
    hours: list[float] = []
    for course in dict.fromkeys(leaf.courses):
        yield from _of_course(course, courses)
        latest = courses.get(course, _UNKNOWN).latest
        if latest and not latest.workload_hours:
            yield CriteriaWarning(condition="unstated_workload", course=course)
        hours.append(latest.workload_hours or 0.0 if latest else 0.0)
    if leaf.courses and all(hours) and fsum(hours) < leaf.hours:
        yield CriteriaWarning(condition="too_few_hours")


def _of_program(program: str, catalog: Catalog) -> Iterator[CriteriaWarning]:
    found = catalog.programs.get(program)
    if found is None:
        yield CriteriaWarning(condition="unknown_program", program=program)
    elif found.retired:
        yield CriteriaWarning(condition="retired_program", program=program)


def _of_period(leaf: CoursePassed | HoursLearned, at: datetime) -> Iterator[CriteriaWarning]:
    course = leaf.course if isinstance(leaf, CoursePassed) else None
    if leaf.not_after is None:
        return
    if leaf.not_before and leaf.not_after < leaf.not_before:
        yield CriteriaWarning(condition="empty_period", course=course)
    elif leaf.not_after < at:
        yield CriteriaWarning(condition="period_over", course=course)
