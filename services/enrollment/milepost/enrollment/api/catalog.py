"""Courses: draft, publish the next version, retire, read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from litestar import Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from milepost.enrollment.api.conventions import (
    CATALOG_KEEPERS,
    NOW,
    CoursePath,
    Id,
    Title,
    When,
    Wiring,
    versioned,
)
from milepost.enrollment.domain import (
    COURSE,
    UnknownCourse,
    UnknownCourseVersion,
    draft,
    publish,
    retire,
)
from milepost.enrollment.events import CoursePublished, Lesson, PassingRule, Skill
from milepost.events.transact import Outcome
from milepost.process.requests import (
    Body,
    Moment,
    check_repeat,
    command_id,
    metadata,
    occurred,
    positioned,
)
from milepost.process.tokens import Caller

Language = Annotated[
    str, Meta(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}(?![\s\S])", examples=["en", "pt-BR"])
]


S = TypeVar("S", bound=msgspec.Struct)


class LessonBody(
    Lesson, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    id: Id
    title: Title
    prerequisites: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()


class PassingRuleBody(
    PassingRule, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
): ...


class SkillBody(Skill, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True):
    name: Title
    url: Annotated[str, Meta(pattern=r"^https?://\S+(?![\s\S])", max_length=500)]
    framework: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    code: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class DraftCourse(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title
    occurred_at: Moment | None = None


class PublishCourse(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole plan; `weight` is relative, `mastery_score` and `passing_grade` are 0 to 1."""

    title: Annotated[Title, Meta(examples=["Introduction to data"])]
    lessons: Annotated[tuple[LessonBody, ...], Meta(min_length=1, max_length=2000)]
    passing_rule: PassingRuleBody = PassingRuleBody()
    skills: Annotated[tuple[SkillBody, ...], Meta(max_length=100)] = ()
    language: Language = "en"
    workload_hours: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    occurred_at: Moment | None = None


class CourseVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: the one just published, else the newest there is; 0 while it is a draft."""

    course: str
    version: int
    retired: bool


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    title: str
    published_at: datetime
    lessons: tuple[LessonBody, ...]
    passing_rule: PassingRuleBody
    skills: tuple[SkillBody, ...]
    language: str
    workload_hours: float | None


class CourseView(msgspec.Struct, frozen=True, kw_only=True):
    """`plan`: of the version asked for, else of the newest; absent while it is a draft."""

    course: str
    title: str
    latest_version: int
    retired: bool
    plan: PlanView | None


@put(
    "/courses/{course:str}",
    summary="Draft a course",
    description="Names a course to be. Repeating it does nothing. "
    "Refused: already_published (with another title), already_retired.",
)
async def draft_course(
    request: Request[Caller, None, State],
    course: CoursePath,
    data: JSONBody[DraftCourse],
    wiring: NamedDependency[Wiring],
) -> Response[CourseVersion]:
    request.user.require(*CATALOG_KEEPERS)
    at = occurred(data.occurred_at, wiring.settings)
    outcome = await wiring.transactor.transact(
        request.user.tenant,
        COURSE.of(course),
        lambda state: draft(state, course=course, title=data.title, occurred_at=at),
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    return positioned(_version(course, outcome), outcome.position)


@post(
    "/courses/{course:str}/versions",
    summary="Publish the next version of a course",
    description="A version never changes once published; 200 instead of 201 when the plan equals "
    "the latest version. Refused: plan_invalid (all faults with their paths), already_retired.",
)
async def publish_course(
    request: Request[Caller, None, State],
    course: CoursePath,
    data: JSONBody[PublishCourse],
    wiring: NamedDependency[Wiring],
) -> Response[CourseVersion]:
    request.user.require(*CATALOG_KEEPERS)
    at = occurred(data.occurred_at, wiring.settings)
    lessons, skills = _plain(data.lessons, Lesson), _plain(data.skills, Skill)
    rule = msgspec.convert(data.passing_rule, PassingRule, from_attributes=True)
    outcome = await wiring.transactor.transact(
        request.user.tenant,
        COURSE.of(course),
        lambda state: publish(
            state,
            course=course,
            title=data.title,
            lessons=lessons,
            passing_rule=rule,
            skills=skills,
            language=data.language,
            workload_hours=data.workload_hours,
            occurred_at=at,
        ),
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    status = 201 if outcome.events else 200
    return positioned(_version(course, outcome), outcome.position, status)


@post(
    "/courses/{course:str}/retire",
    status_code=200,
    summary="Retire a course",
    description="No further version, no further offering; what runs goes on. "
    "Repeating it does nothing. Refused: unknown_course.",
)
async def retire_course(
    request: Request[Caller, None, State],
    course: CoursePath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[CourseVersion]:
    request.user.require(*CATALOG_KEEPERS)
    at = occurred(data.occurred_at, wiring.settings)
    outcome = await wiring.transactor.transact(
        request.user.tenant,
        COURSE.of(course),
        lambda state: retire(state, course=course, occurred_at=at),
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    return positioned(_version(course, outcome), outcome.position)


@get(
    "/courses/{course:str}",
    summary="Read a course",
    description="The newest plan, or that of `version`. Sends an ETag, answers If-None-Match. "
    "Refused: unknown_course, unknown_course_version.",
)
async def read_course(
    request: Request[Caller, None, State],
    course: CoursePath,
    wiring: NamedDependency[Wiring],
    version: Annotated[int | None, QueryParameter(ge=1)] = None,
) -> Response[CourseView]:
    written, state = await wiring.transactor.load(request.user.tenant, COURSE.of(course))
    latest = len(state.versions)
    if state.title is None:
        raise UnknownCourse(course)
    if version is not None and version > latest:
        raise UnknownCourseVersion(course, version, latest)
    view = CourseView(
        course=course,
        title=state.title,
        latest_version=latest,
        retired=state.retired,
        plan=_plan(state.versions[(version or latest) - 1]) if latest else None,
    )
    return versioned(request, view, written)


HANDLERS = (draft_course, publish_course, retire_course, read_course)


def _plain(bodies: Sequence[msgspec.Struct], fact: type[S]) -> tuple[S, ...]:
    """The facts without the bounds that requests have."""
    return tuple(msgspec.convert(body, fact, from_attributes=True) for body in bodies)


def _version(course: str, outcome: Outcome) -> CourseVersion:
    [state] = outcome.states
    version = len(state.versions)
    for one in outcome.events:
        event = COURSE.codec.decode(one.type, one.data, one.occurred_at)
        version = event.version if isinstance(event, CoursePublished) else version
    return CourseVersion(course=course, version=version, retired=state.retired)


def _plan(published: CoursePublished) -> PlanView:
    return PlanView(
        version=published.version,
        title=published.title,
        published_at=published.occurred_at,
        lessons=_plain(published.lessons, LessonBody),
        passing_rule=msgspec.convert(published.passing_rule, PassingRuleBody, from_attributes=True),
        skills=_plain(published.skills, SkillBody),
        language=published.language,
        workload_hours=published.workload_hours,
    )
