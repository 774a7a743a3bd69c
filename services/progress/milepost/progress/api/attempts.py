"""HTTP of a lesson's attempts: their scores, which one counts and why, and what staff revised."""

from litestar import Response, get
from litestar.di import NamedDependency

from milepost.progress.api.staff import UNKNOWN_LESSON, LessonPath
from milepost.progress.api.wiring import (
    READERS,
    UNREADABLE,
    EnrollmentPath,
    Wiring,
    is_staff,
    plan_for,
)
from milepost.progress.domain.reports import UnknownLesson
from milepost.progress.domain.state import PROGRESS
from milepost.progress.queries.attempts import LessonAttempts, lesson_attempts
from milepost.web.openapi.documented_answers import versioned_query
from milepost.web.requests.commands import Call
from milepost.web.requests.etags import versioned


@get(
    "/enrollments/{enrollment:str}/lessons/{lesson:str}/attempts",
    summary="The attempts at a lesson",
    answers=versioned_query(*UNREADABLE, UNKNOWN_LESSON),
)
async def list_lesson_attempts(
    request: Call,
    enrollment: EnrollmentPath,
    lesson: LessonPath,
    wiring: NamedDependency[Wiring],
) -> Response[LessonAttempts]:
    """Each with its score as given, as revised and as judged, and why it counts or does not.

    Staff are told who revised and waived; learners see that it was done, and the reason.
    """
    plan = await plan_for(wiring, enrollment, request.user, READERS)
    if (rule := plan.lessons.get(lesson)) is None:
        raise UnknownLesson(lesson)
    tenant, stream = request.user.tenant, PROGRESS.of(enrollment).name
    recorded = await wiring.transactor.log.read_stream(tenant, stream)
    staff = await is_staff(wiring, enrollment, request.user, READERS)
    attempts = lesson_attempts(recorded, rule, staff=staff)
    return versioned(request, attempts, len(recorded), int(staff))
