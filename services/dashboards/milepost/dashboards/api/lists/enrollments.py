"""The list of enrollments, page by page, with a filter for each figure that leads to it."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.offerings import Mode
from milepost.dashboards.api.at_risk import RiskFilter, enrollments_at_risk
from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    STAFF,
    After,
    Call,
    Filter,
    Language,
    Limit,
    Now,
    Pool,
    ScoreBucket,
    Time,
    asks_as_learner,
    limit_of,
    parse_time,
    whose,
)
from milepost.dashboards.api.responses import NOT_YOUR_OWN
from milepost.dashboards.api.views import EnrollmentsPage
from milepost.dashboards.projections.funnel.stages import Departure
from milepost.dashboards.queries.course_progress import Stage
from milepost.dashboards.queries.lists.enrollments import (
    ENROLLMENTS,
    EnrollmentSort,
    EnrollmentsQuery,
    FilterTooBroad,
    LessonCounted,
    SortTooBroad,
    check_sort,
)
from milepost.dashboards.queries.lists.keyset import Order
from milepost.dashboards.queries.offerings.scored import read_scored
from milepost.web.auth.tokens import RoleMissing
from milepost.web.requests.positions import awaited_position

SORT_TOO_BROAD = SortTooBroad("last_activity")


@get(
    "/enrollments",
    summary="List enrollments",
    answers=list_answers(
        NOT_YOUR_OWN, RoleMissing(STAFF), SORT_TOO_BROAD, FilterTooBroad("lesson")
    ),
)
async def list_enrollments(
    request: Call,
    lists: ListReads,
    pool: Pool,
    now: Now,
    *,
    sort: Annotated[EnrollmentSort, QueryParameter()] = "entered_at",
    order: Annotated[Order, QueryParameter()] = "desc",
    limit: Limit = 50,
    cursor: After = None,
    offering: Filter = None,
    learner: Filter = None,
    course: Filter = None,
    in_state: Annotated[EnrollmentState | None, QueryParameter(name="state")] = None,
    mode: Annotated[Mode | None, QueryParameter()] = None,
    since: Time = None,
    risk: RiskFilter = None,
    stage: Annotated[Stage | None, QueryParameter()] = None,
    departure: Annotated[Departure | None, QueryParameter()] = None,
    current: Annotated[bool | None, QueryParameter()] = None,
    active: Annotated[bool | None, QueryParameter()] = None,
    began: Annotated[bool | None, QueryParameter()] = None,
    lesson: Filter = None,
    lesson_state: Annotated[LessonCounted | None, QueryParameter()] = None,
    score_bucket: ScoreBucket = None,
    language: Language = None,
    form: Form = None,
) -> Response[EnrollmentsPage]:
    """`since`: entered then or later. `sort=last_activity` is for an `offering` or a `learner`, so
    is `waitlisted_at`, a waitlist's order; `risk` is for an `offering`.

    Those behind a figure: `stage` for the funnel, `departure` for who is gone, `current` for who is
    in, `active` for the last 7 days, `began` for who did anything, `lesson` with `lesson_state` or
    `score_bucket`, of an `offering`, for a lesson.

    Roles: registrar, issuer, operator, service, auditor; instructor for own offerings, learners for
    their own, but not by `risk` or `stage=awarded`.
    """
    learner = whose(request.user, learner)
    if (risk or stage == "awarded") and asks_as_learner(request.user, learner):
        raise RoleMissing(STAFF)
    query = EnrollmentsQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        offering=offering,
        learner=learner,
        course=course,
        state=in_state,
        mode=mode,
        since=parse_time("since", since),
        among=await enrollments_at_risk(pool, request, offering, risk, now),
        scored=await _scored(pool, request, offering, lesson, score_bucket),
        stage=stage,
        departure=departure,
        current=current,
        active=active,
        began=began,
        lesson=lesson,
        lesson_state=lesson_state,
        language=language,
        instructor=limit_of(request.user, learner),
    )
    check_sort(query)
    return await lists.answer(
        request, ENROLLMENTS, query, EnrollmentsPage, "enrollments", form=form
    )


async def _scored(
    pool: Pool, request: Call, offering: str | None, lesson: str | None, bucket: int | None
) -> list[str] | None:
    """None: all. Raises `FilterTooBroad`."""
    if bucket is None:
        return None
    if offering is None or lesson is None:
        raise FilterTooBroad("score_bucket")
    awaited = awaited_position(request)
    return await read_scored(pool, request.user.tenant, offering, lesson, bucket, awaited=awaited)


HANDLERS = (list_enrollments,)
