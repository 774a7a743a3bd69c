"""How learners stand: a home in one read, and one enrollment with its lessons."""

from litestar import Response, get

from milepost.dashboards.api.figure_bodies import EnrollmentBody, HomeBody, facts_of
from milepost.dashboards.api.parameters import (
    STAFF,
    WHOLE_SCHOOL,
    Call,
    Language,
    Now,
    PathKey,
    Pool,
    limit_of,
)
from milepost.dashboards.api.responses import read_answers, respond
from milepost.dashboards.queries.course_page import UnknownEnrollment, read_course_page
from milepost.dashboards.queries.home import read_home
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.requests.positions import awaited_position


@get(
    "/learners/{learner:str}/home",
    summary="A learner's home: courses, what is next, credentials, milestones",
    answers=read_answers(NotYourOwn("learner-4711", WHOLE_SCHOOL)),
)
async def get_learner_home(
    request: Call, learner: PathKey, pool: Pool, now: Now, language: Language = None
) -> Response[HomeBody]:
    """Empty for a learner of whom nothing has happened. The learner themselves; registrar, issuer,
    operator, service, auditor. What is overdue, and next, changes with time: so does the ETag.
    """
    caller, awaited = request.user, awaited_position(request)
    caller.may_act_for(learner, *WHOLE_SCHOOL)
    found = await read_home(
        pool, caller.tenant, learner, language=language, now=now, awaited=awaited
    )
    return respond(request, HomeBody(**facts_of(found)), found)


@get(
    "/enrollments/{enrollment:str}",
    summary="One enrollment: its lessons, what is done, due, next and locked",
    answers=read_answers(UnknownEnrollment("9bd49296-3d37-554a-978b-2047720aab49")),
)
async def get_enrollment_page(
    request: Call, enrollment: PathKey, pool: Pool, now: Now, language: Language = None
) -> Response[EnrollmentBody]:
    """The learner themselves; registrar, issuer, operator, service, auditor; instructor for own
    offerings. For others there is none.
    """
    caller, instructor = request.user, limit_of(request.user)
    whole_school = instructor is None and not caller.roles.isdisjoint(STAFF)
    found = await read_course_page(
        pool,
        caller.tenant,
        enrollment,
        learner=None if whole_school else caller.subject,
        instructor=instructor,
        language=language,
        now=now,
        awaited=awaited_position(request),
    )
    return respond(request, EnrollmentBody(**facts_of(found)), found)


HANDLERS = (get_learner_home, get_enrollment_page)
