"""Courses: draft, publish the next version, see beforehand what that would change, retire."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import Response, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.contracts.courses import CoursePublished
from milepost.contracts.times import Moment
from milepost.enrollment.api.courses.wire import PlanBody, facts_of, prerequisites_of
from milepost.enrollment.api.documented_refusals import (
    ALREADY_PUBLISHED,
    ALREADY_RETIRED,
    PLAN_INVALID,
    UNKNOWN_COURSE,
)
from milepost.enrollment.api.wiring import CATALOG_KEEPERS, NOW, CoursePath, Title, When, Wiring
from milepost.enrollment.commands.catalog_warnings import look_up
from milepost.enrollment.domain.catalog_warnings import CatalogCondition
from milepost.enrollment.domain.course.course import COURSE, Course, draft, publish, retire
from milepost.enrollment.domain.course.diff import Difference, differences
from milepost.enrollment.domain.course.plan_warnings import PlanCondition, plan_warnings
from milepost.enrollment.events import CourseEvent
from milepost.events.commands.transact import Outcome
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command, query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import created, positioned
from milepost.web.requests.times import occurred


class DraftCourse(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title
    occurred_at: Moment | None = None


class PublishCourse(PlanBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole plan; `weight` is relative, `mastery_score` and `passing_grade` are 0 to 1.

    prerequisites  of the offerings that state none of their own
    """

    occurred_at: Moment | None = None


class PublishingWarning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`path`: where the plan says what is hardly meant. `course` or `achievement`: which of its
    prerequisites nobody can have as things are.
    """

    condition: PlanCondition | CatalogCondition
    path: str | None = None
    course: str | None = None
    achievement: str | None = None


class CourseVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: the one just published, else the newest there is; 0 while it is a draft."""

    course: str
    version: int
    retired: bool


class PublishedVersion(CourseVersion, frozen=True, kw_only=True):
    """`warnings`: what the plan says and hardly anybody means, with its path; and what its
    prerequisites name and nobody can have as things are.
    """

    warnings: tuple[PublishingWarning, ...]


class Validated(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing would come to.

    version      what it would be; the latest, when it says the same as that
    differences  from the latest version; if there is none, everything is added
    warnings     what the plan says and hardly anybody means, with its path; and what its
                 prerequisites name and nobody can have as things are
    """

    course: str
    version: int
    differences: tuple[Difference, ...]
    warnings: tuple[PublishingWarning, ...]


@put(
    "/courses/{course:str}",
    summary="Draft a course",
    description="Names a course to be. Repeating it does nothing; once it is published, its title "
    "is that of the latest version.",
    answers=command(ALREADY_PUBLISHED, ALREADY_RETIRED, OCCURRED_IN_FUTURE),
    roles=CATALOG_KEEPERS,
    links=("readCourse", "listCourseVersions"),
)
async def draft_course(
    request: Call,
    course: CoursePath,
    data: JSONBody[DraftCourse],
    wiring: NamedDependency[Wiring],
) -> Response[CourseVersion]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(draft, course=course, title=data.title, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, COURSE.of(course), decide)
    return positioned(_version(course, outcome), outcome.position)


@post(
    "/courses/{course:str}/versions",
    summary="Publish the next version of a course",
    description="A version never changes once published; 200 instead of 201 when the plan equals "
    "the latest version. What makes no sense is told all at once, with its paths; `warnings` "
    "says what makes sense and is hardly meant, as a plan that every score passes, and which "
    "courses and achievements of its prerequisites are not there.",
    answers=command(PLAN_INVALID, ALREADY_RETIRED, OCCURRED_IN_FUTURE, also=200, creates=True),
    roles=CATALOG_KEEPERS,
    links=("readCourse", "listCourseVersions", "diffCourseVersions"),
)
async def publish_course(
    request: Call,
    course: CoursePath,
    data: JSONBody[PublishCourse],
    wiring: NamedDependency[Wiring],
) -> Response[PublishedVersion]:
    decide = _publishing(course, data, wiring)
    outcome = await run_command(request, wiring.transactor, COURSE.of(course), decide)
    address, new = ("enrollment", "courses", course), bool(outcome.events)
    facts = msgspec.structs.asdict(_version(course, outcome))
    view = PublishedVersion(**facts, warnings=await _warnings(request, data, wiring))
    return created(view, outcome.position, address, new=new)


@post(
    "/courses/{course:str}/versions/validate",
    status_code=200,
    summary="Validate a plan",
    description="Decides as publishing would, is refused as that would be, with every fault and "
    "its path, and writes nothing. Says what would change against the latest version.",
    answers=query(PLAN_INVALID, ALREADY_RETIRED, OCCURRED_IN_FUTURE),
    roles=CATALOG_KEEPERS,
)
async def validate_plan(
    request: Call,
    course: CoursePath,
    data: JSONBody[PublishCourse],
    wiring: NamedDependency[Wiring],
) -> Validated:
    _, state = await wiring.transactor.load(request.user.tenant, COURSE.of(course))
    version, found = len(state.versions), tuple[Difference, ...]()
    for event in _publishing(course, data, wiring)(state):
        if isinstance(event, CoursePublished):
            version, found = event.version, differences(state.latest, event)
    warnings = await _warnings(request, data, wiring)
    return Validated(course=course, version=version, differences=found, warnings=warnings)


@post(
    "/courses/{course:str}/retire",
    status_code=200,
    summary="Retire a course",
    description="No further version, no further offering; what runs goes on. "
    "Repeating it does nothing.",
    answers=command(UNKNOWN_COURSE, OCCURRED_IN_FUTURE),
    roles=CATALOG_KEEPERS,
)
async def retire_course(
    request: Call,
    course: CoursePath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[CourseVersion]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(retire, course=course, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, COURSE.of(course), decide)
    return positioned(_version(course, outcome), outcome.position)


HANDLERS = (draft_course, publish_course, validate_plan, retire_course)


async def _warnings(
    request: Call, data: PublishCourse, wiring: Wiring
) -> tuple[PublishingWarning, ...]:
    named = prerequisites_of(data.prerequisites)
    found = (
        *plan_warnings(data.lessons, data.passing_rule, data.late),
        *await look_up(wiring.transactor, request.user.tenant, named),
    )
    return tuple(PublishingWarning(**msgspec.structs.asdict(one)) for one in found)


def _publishing(
    course: str, data: PublishCourse, wiring: Wiring
) -> Callable[[Course], list[CourseEvent]]:
    at: datetime = occurred(data.occurred_at, wiring.settings, wiring.clock())
    return partial(publish, course=course, occurred_at=at, **facts_of(data))


def _version(course: str, outcome: Outcome[Any]) -> CourseVersion:
    state = outcome.state(COURSE)
    version = len(state.versions)
    for one in outcome.events:
        event = COURSE.codec.read(one)
        version = event.version if isinstance(event, CoursePublished) else version
    return CourseVersion(course=course, version=version, retired=state.retired)
