"""Courses as they are read: a plan in one of its languages, the versions, what differs."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from milepost.contracts.courses import CoursePublished
from milepost.enrollment.api.courses.wire import (
    LatePolicyBody,
    LessonBody,
    PassingRuleBody,
    PrerequisiteBody,
    SkillBody,
    stated,
)
from milepost.enrollment.api.documented_refusals import UNKNOWN_COURSE, UNKNOWN_COURSE_VERSION
from milepost.enrollment.api.wiring import AskedLanguage, CoursePath, Wiring
from milepost.enrollment.domain.course.course import (
    COURSE,
    Course,
    UnknownCourse,
    UnknownCourseVersion,
)
from milepost.enrollment.domain.course.diff import Difference, differences
from milepost.enrollment.domain.course.translations import in_language, title_in_language
from milepost.web.openapi.documented_answers import versioned_query
from milepost.web.requests.commands import Call
from milepost.web.requests.etags import versioned

VersionPath = Annotated[int, PathParameter(ge=0, le=1_000_000, description="From 1")]


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """`titles` are all translations there are, here and in the lessons."""

    version: int
    title: str
    published_at: datetime
    lessons: tuple[LessonBody, ...]
    passing_rule: PassingRuleBody
    skills: tuple[SkillBody, ...]
    language: str
    workload_hours: float | None
    titles: dict[str, str]
    prerequisites: tuple[PrerequisiteBody, ...]
    offline_days: int
    late: LatePolicyBody | None
    deadline_resets: int


class CourseView(msgspec.Struct, frozen=True, kw_only=True):
    """`plan`: of the version asked for, else of the newest; absent while it is a draft."""

    course: str
    title: str
    latest_version: int
    retired: bool
    plan: PlanView | None


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """`lessons`: how many."""

    version: int
    title: str
    published_at: datetime
    lessons: int
    language: str
    workload_hours: float | None


class VersionsView(msgspec.Struct, frozen=True, kw_only=True):
    course: str
    retired_at: datetime | None
    versions: tuple[VersionLine, ...]


class DiffView(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """`from` 0: against nothing, everything is added."""

    course: str
    from_: int
    to: int
    differences: tuple[Difference, ...]


@get(
    "/courses/{course:str}",
    summary="Read a course",
    description="The newest plan, or that of `version`. With `language`, titles are in the one of "
    "their languages that it asks for (de-CH finds de; RFC 4647, lookup), else in the plan's own; "
    "Content-Language says which they are in.",
    answers=versioned_query(UNKNOWN_COURSE, UNKNOWN_COURSE_VERSION),
)
async def read_course(
    request: Call,
    course: CoursePath,
    wiring: NamedDependency[Wiring],
    version: Annotated[int | None, QueryParameter(ge=0)] = None,
    language: AskedLanguage = None,
) -> Response[CourseView]:
    written, state = await _known(request, wiring, course)
    latest = len(state.versions)
    if not latest and version is None:
        return versioned(request, _view(course, state, str(state.title), None), written)
    plan, spoken = in_language(
        _version(state, course, latest if version is None else version), language
    )
    title, _ = title_in_language(state.versions[-1], language)
    response = versioned(request, _view(course, state, title, plan), written)
    response.headers["Content-Language"] = ", ".join(spoken)
    return response


@get(
    "/courses/{course:str}/versions",
    summary="List the versions of a course",
    description="All of them, the first one first; none while it is a draft. With `language`, "
    "titles are in it where there is one.",
    answers=versioned_query(UNKNOWN_COURSE),
)
async def list_course_versions(
    request: Call,
    course: CoursePath,
    wiring: NamedDependency[Wiring],
    language: AskedLanguage = None,
) -> Response[VersionsView]:
    written, state = await _known(request, wiring, course)
    lines = tuple(
        VersionLine(
            version=one.version,
            title=title_in_language(one, language)[0],
            published_at=one.occurred_at,
            lessons=len(one.lessons),
            language=one.language,
            workload_hours=one.workload_hours,
        )
        for one in state.versions
    )
    view = VersionsView(course=course, retired_at=state.retired_at, versions=lines)
    return versioned(request, view, written)


@get(
    "/courses/{course:str}/versions/{version:int}/diff",
    summary="What a version changed",
    description="Lessons, skills and prerequisites that were added, removed, moved or changed, "
    "field by field, and what changed about the course. Between the version `from`, else the one "
    "before, and this one, which may be the older; facts leave out what is usual.",
    answers=versioned_query(UNKNOWN_COURSE, UNKNOWN_COURSE_VERSION),
)
async def diff_course_versions(
    request: Call,
    course: CoursePath,
    version: VersionPath,
    wiring: NamedDependency[Wiring],
    since: Annotated[int | None, QueryParameter(name="from", ge=0, le=1_000_000)] = None,
) -> Response[DiffView]:
    written, state = await _known(request, wiring, course)
    new = _version(state, course, version)
    number = version - 1 if since is None else since
    old = _version(state, course, number) if number else None
    view = DiffView(course=course, from_=number, to=version, differences=differences(old, new))
    return versioned(request, view, written)


HANDLERS = (read_course, list_course_versions, diff_course_versions)


async def _known(request: Call, wiring: Wiring, course: str) -> tuple[int, Course]:
    """The stream's version and the course. Raises `UnknownCourse`."""
    written, state = await wiring.transactor.load(request.user.tenant, COURSE.of(course))
    if state.title is None:
        raise UnknownCourse(course)
    return written, state


def _version(state: Course, course: str, version: int) -> CoursePublished:
    if not 0 < version <= len(state.versions):
        raise UnknownCourseVersion(course, version, len(state.versions))
    return state.versions[version - 1]


def _view(course: str, state: Course, title: str, plan: CoursePublished | None) -> CourseView:
    return CourseView(
        course=course,
        title=title,
        latest_version=len(state.versions),
        retired=state.retired,
        plan=None if plan is None else stated(plan, PlanView),
    )
