"""A course as one JSON file: exported, imported, described by a JSON Schema."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from litestar import Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta
from msgspec.structs import replace

from milepost.contracts.courses import CoursePublished, CourseRetired
from milepost.contracts.times import Moment
from milepost.enrollment.api.courses.wire import PlanBody, facts_of, stated
from milepost.enrollment.api.documented_refusals import (
    PLAN_INVALID,
    UNKNOWN_COURSE,
)
from milepost.enrollment.api.wiring import ENROLLERS, CoursePath, Id, Title, Wiring
from milepost.enrollment.domain.course.course import COURSE, Course, UnknownCourse
from milepost.enrollment.domain.course.history_import import CourseDiffers, History, import_history
from milepost.enrollment.domain.course.plan_faults import Fault
from milepost.enrollment.domain.course.plan_warnings import PlanWarning, plan_warnings
from milepost.enrollment.events import CourseEvent
from milepost.events.sizes import (
    COMMAND,
    COURSE_FILE,
    EVENT_DATA,
    CommandTooLarge,
    EventTooLarge,
)
from milepost.web.openapi.documented_answers import command, query, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import attachment, created
from milepost.web.requests.times import in_calendar

MAX_FILE_BYTES: Final = COURSE_FILE
TOO_LARGE: Final = (
    EventTooLarge("course_published", 3_000_000, EVENT_DATA),
    CommandTooLarge(40_000_000, COMMAND),
)
SCHEMA_ID: Final = "urn:milepost:schema:course:1"

COURSE_DIFFERS: Final = CourseDiffers(
    "DATA-101", (Fault("$.versions[0].lessons[2].weight", "differs"),)
)


class FiledVersion(PlanBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version as it was published. `version` counts from 1, without gaps."""

    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    published_at: Moment


class CourseFile(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A course, whole.

    $schema     for editors; what it says does not matter to an import
    title       the latest version's, or the draft's
    versions    in the order in which they were published; none of a draft
    retired_at  absent: it is not retired
    """

    schema: Annotated[str, Meta(max_length=500)] = msgspec.field(name="$schema", default=SCHEMA_ID)
    format: Literal["milepost-course"]
    format_version: Literal[1]
    course: Id
    title: Title
    versions: Annotated[tuple[FiledVersion, ...], Meta(max_length=1000)] = ()
    retired_at: Moment | None = None


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import came, or would come, to. `published`: the versions that are new here;
    `written`: false when all of it was here already. `warnings`: what the plan of the newest of
    these says and hardly anybody means, with its path.
    """

    course: str
    versions: int
    retired: bool
    published: tuple[int, ...]
    written: bool
    warnings: tuple[PlanWarning, ...]


@get(
    "/courses/{course:str}/export",
    summary="Export a course",
    description="Title, all versions in order and whether it is retired, as one JSON file that "
    "can be imported elsewhere; GET /enrollment/schemas/course.json describes it.",
    answers=versioned_query(UNKNOWN_COURSE),
)
async def export_course(
    request: Call, course: CoursePath, wiring: NamedDependency[Wiring]
) -> Response[CourseFile]:
    written, state = await wiring.transactor.load(request.user.tenant, COURSE.of(course))
    response = versioned(request, await _written(course, state), written)
    response.headers.update(attachment(f"{course}.course.json"))
    return response


@post(
    "/courses/{course:str}/import",
    summary="Import a course",
    description="Publishes what the file has beyond the course, with the times that it tells: all "
    "of it or nothing. 200 instead of 201 when all is here already. Faults are told all at once: "
    "those of the file, else where the course differs here.",
    request_max_body_size=MAX_FILE_BYTES,
    answers=command(PLAN_INVALID, *TOO_LARGE, COURSE_DIFFERS, also=200, creates=True),
    roles=ENROLLERS,
    links=("readCourse", "exportCourse"),
)
async def import_course(
    request: Call,
    course: CoursePath,
    data: JSONBody[CourseFile],
    wiring: NamedDependency[Wiring],
) -> Response[Imported]:
    decide = _taking_over(course, data, wiring)
    outcome = await run_command(request, wiring.transactor, COURSE.of(course), decide)
    state = outcome.state(COURSE)
    new = [COURSE.codec.read(one) for one in outcome.events]
    address, imported = ("enrollment", "courses", course), _imported(course, state, new)
    return created(imported, outcome.position, address, new=bool(new))


@post(
    "/courses/{course:str}/import/validate",
    status_code=200,
    summary="Validate a course file",
    description="Decides as importing would, is refused as that would be, and writes nothing.",
    request_max_body_size=MAX_FILE_BYTES,
    answers=query(PLAN_INVALID, COURSE_DIFFERS),
    roles=ENROLLERS,
)
async def validate_course_import(
    request: Call,
    course: CoursePath,
    data: JSONBody[CourseFile],
    wiring: NamedDependency[Wiring],
) -> Imported:
    _, state = await wiring.transactor.load(request.user.tenant, COURSE.of(course))
    return _imported(course, state, _taking_over(course, data, wiring)(state))


@get(
    "/schemas/course.json",
    opt={"public": True},
    media_type="application/schema+json",
    cache_control=CacheControlHeader(public=True, max_age=3600),
    summary="The JSON Schema of a course file",
    description="Draft 2020-12. Needs no token.",
)
async def course_schema() -> dict[str, Any]:
    return SCHEMA


HANDLERS = (export_course, import_course, validate_course_import, course_schema)
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": SCHEMA_ID,
    **msgspec.json.schema(CourseFile),
}


def file_of(course: str, state: Course) -> CourseFile:
    versions = tuple(stated(one, FiledVersion) for one in state.versions)
    return replace(_head(course, state), versions=versions)


class _WrittenFile(CourseFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    versions: tuple[msgspec.Raw, ...]  # type: ignore[assignment]


async def _written(course: str, state: Course) -> CourseFile:
    """The same as JSON. Others are served between two versions: there may be many large ones."""
    head, versions = _head(course, state), list[msgspec.Raw]()
    for one in tuple(state.versions):
        versions.append(msgspec.Raw(msgspec.json.encode(stated(one, FiledVersion))))
        await asyncio.sleep(0)
    facts = {name: getattr(head, name) for name in head.__struct_fields__}
    whole = _WrittenFile(**{**facts, "versions": tuple(versions)})
    return cast("CourseFile", msgspec.json.encode(whole))


def _head(course: str, state: Course) -> CourseFile:
    if state.title is None:
        raise UnknownCourse(course)
    return CourseFile(
        format="milepost-course",
        format_version=1,
        course=course,
        title=state.title,
        retired_at=state.retired_at,
    )


def history_of(file: CourseFile) -> History:
    versions = tuple(
        CoursePublished(
            course=file.course,
            version=one.version,
            occurred_at=in_calendar(one.published_at, path=f"$.versions[{number}].published_at"),
            **facts_of(one),
        )
        for number, one in enumerate(file.versions)
    )
    return History(
        course=file.course,
        title=file.title,
        versions=versions,
        retired_at=file.retired_at and in_calendar(file.retired_at, path="$.retired_at"),
    )


def _taking_over(
    course: str, file: CourseFile, wiring: Wiring
) -> Callable[[Course], list[CourseEvent]]:
    now = wiring.clock()
    latest = now + timedelta(seconds=wiring.settings.clock_skew_seconds)
    return partial(
        import_history, history=history_of(file), course=course, latest=latest, occurred_at=now
    )


def _imported(course: str, state: Course, new: Sequence[CourseEvent]) -> Imported:
    """Whether they are written already or would be."""
    plans = [one for one in new if isinstance(one, CoursePublished)]
    published = tuple(one.version for one in plans)
    warnings = (plan_warnings(one.lessons, one.passing_rule, one.late) for one in plans[-1:])
    return Imported(
        course=course,
        versions=max(len(state.versions), *published, 0),
        retired=state.retired or any(isinstance(one, CourseRetired) for one in new),
        published=published,
        written=bool(new),
        warnings=next(warnings, ()),
    )
