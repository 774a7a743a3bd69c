"""Figures of an offering and of a course's runs: lessons, scores, activity, gradebook."""

from typing import Any

from litestar import Response, get
from msgspec.structs import asdict

from milepost.dashboards.api.figure_bodies import (
    ActivityBody,
    CourseRunsBody,
    GradebookBody,
    LessonsBody,
    LinkedLesson,
    LinkedScores,
    ScoresBody,
    facts_of,
)
from milepost.dashboards.api.links import links_of_activity, links_of_lesson, links_of_scores
from milepost.dashboards.api.list_answers import Form, ListReads, kind_asked, list_answers
from milepost.dashboards.api.parameters import (
    STAFF,
    After,
    Call,
    Language,
    Limit,
    PathKey,
    Pool,
    limit_of,
)
from milepost.dashboards.api.responses import read_answers, respond
from milepost.dashboards.exports.gradebook import columns
from milepost.dashboards.queries.gradebook import (
    MEMBERS,
    GradebookQuery,
    read_gradebook,
    read_gradebook_plan,
)
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.offering_page import OfferingPage, read_offering_page
from milepost.dashboards.queries.offerings.course_runs import UnknownCourse, read_course_runs
from milepost.web.requests.positions import awaited_position

UNKNOWN_OFFERING = UnknownOffering("data-spring")


@get(
    "/offerings/{offering:str}/lessons",
    summary="An offering's lessons: who began, who has done them",
    answers=read_answers(UNKNOWN_OFFERING),
    roles=STAFF,
)
async def get_offering_lessons(
    request: Call, offering: PathKey, pool: Pool, language: Language = None
) -> Response[LessonsBody]:
    """Roles: registrar, issuer, operator, service, auditor; instructor for own offerings."""
    found = await _page(request, offering, pool, language)
    body = LessonsBody(**_head(found), lessons=_lessons(found))
    return respond(request, body, found)


@get(
    "/offerings/{offering:str}/scores",
    summary="How scores are spread, lesson by lesson",
    answers=read_answers(UNKNOWN_OFFERING),
    roles=STAFF,
)
async def get_offering_scores(
    request: Call, offering: PathKey, pool: Pool, language: Language = None
) -> Response[ScoresBody]:
    """Roles: registrar, issuer, operator, service, auditor; instructor for own offerings."""
    found = await _page(request, offering, pool, language)
    body = ScoresBody(**_head(found), lessons=_scores(found))
    return respond(request, body, found)


@get(
    "/offerings/{offering:str}/activity",
    summary="Who was active in 7 days, and how long completing takes",
    answers=read_answers(UNKNOWN_OFFERING),
    roles=STAFF,
)
async def get_offering_activity(
    request: Call, offering: PathKey, pool: Pool
) -> Response[ActivityBody]:
    """Roles: registrar, issuer, operator, service, auditor; instructor for own offerings."""
    found = await _page(request, offering, pool, None)
    body = ActivityBody(
        position=found.position,
        as_of=found.as_of,
        offering=offering,
        activity=found.activity,
        time_to_complete=found.time_to_complete,
        links=links_of_activity(offering),
    )
    return respond(request, body, found)


@get(
    "/offerings/{offering:str}/gradebook",
    summary="Learners and their scores, page by page",
    answers=list_answers(UNKNOWN_OFFERING),
    roles=STAFF,
)
async def get_gradebook(
    request: Call,
    offering: PathKey,
    pool: Pool,
    lists: ListReads,
    *,
    limit: Limit = 50,
    cursor: After = None,
    language: Language = None,
    form: Form = None,
) -> Response[GradebookBody]:
    """Of who has a seat, or had one, in the order of their ids.

    Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
    """
    caller = request.user
    if kind := kind_asked(request, form):
        plan = await read_gradebook_plan(
            pool,
            caller.tenant,
            offering,
            instructor=limit_of(caller),
            language=language,
            awaited=awaited_position(request),
        )
        return await lists.file(
            request,
            MEMBERS,
            GradebookQuery(offering=offering),
            f"gradebook-{offering}",
            kind=kind,
            columns=columns(plan),
            convert=plan.rows,
        )
    found = await read_gradebook(
        pool,
        caller.tenant,
        offering,
        limit=limit,
        cursor=cursor,
        instructor=limit_of(caller),
        language=language,
        awaited=awaited_position(request),
    )
    return respond(request, GradebookBody(**facts_of(found)), found)


@get(
    "/courses/{course:str}/runs",
    summary="A course's runs side by side",
    answers=read_answers(UnknownCourse("DATA-101")),
    roles=STAFF,
)
async def get_course_runs(
    request: Call, course: PathKey, pool: Pool, language: Language = None
) -> Response[CourseRunsBody]:
    """Roles: registrar, issuer, operator, service, auditor; instructor for own offerings."""
    caller = request.user
    found = await read_course_runs(
        pool,
        caller.tenant,
        course,
        instructor=limit_of(caller),
        language=language,
        awaited=awaited_position(request),
    )
    return respond(request, CourseRunsBody(**facts_of(found)), found)


async def _page(request: Call, offering: str, pool: Pool, language: str | None) -> OfferingPage:
    caller, awaited = request.user, awaited_position(request)
    return await read_offering_page(
        pool,
        caller.tenant,
        offering,
        instructor=limit_of(caller),
        language=language,
        awaited=awaited,
    )


def _lessons(found: OfferingPage) -> list[LinkedLesson]:
    offering = found.offering.offering
    return [
        LinkedLesson(**asdict(one), links=links_of_lesson(offering, one.lesson))
        for one in found.lessons
    ]


def _scores(found: OfferingPage) -> list[LinkedScores]:
    offering = found.offering.offering
    return [
        LinkedScores(**asdict(one), bucket_links=links_of_scores(offering, one.lesson))
        for one in found.scores
    ]


def _head(found: OfferingPage) -> dict[str, Any]:
    return {
        "position": found.position,
        "as_of": found.as_of,
        "offering": found.offering.offering,
        "enrolled": found.offering.enrolled,
    }


HANDLERS = (
    get_offering_lessons,
    get_offering_scores,
    get_offering_activity,
    get_gradebook,
    get_course_runs,
)
