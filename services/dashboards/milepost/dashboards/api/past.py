"""Offerings as of past days, and day by day."""

from datetime import date, datetime
from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    STAFF,
    WHOLE_SCHOOL,
    After,
    Call,
    Day,
    Filter,
    Language,
    Limit,
    Now,
    PathKey,
    Pool,
    begun,
    limit_of,
    parse_day,
)
from milepost.dashboards.api.responses import read_answers, respond
from milepost.dashboards.api.views import DaysPage, PastOfferingPage, PastOfferingsPage
from milepost.dashboards.queries.lists.keyset import Order
from milepost.dashboards.queries.lists.past_offerings import (
    Clock,
    PastOfferingSort,
    PastOfferingsQuery,
    past_offerings,
    read_past_offering,
)
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.offerings.days import read_days, read_school_days
from milepost.web.problems import Malformed
from milepost.web.requests.positions import awaited_position

UNKNOWN_OFFERING = UnknownOffering("data-spring")


@get(
    "/past/offerings",
    summary="List offerings as of a past day",
    answers=list_answers(),
    roles=STAFF,
)
async def list_past_offerings(
    request: Call,
    lists: ListReads,
    now: Now,
    *,
    as_of: Day = None,
    happened_by: Day = None,
    sort: Annotated[PastOfferingSort, QueryParameter()] = "offering",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    course: Filter = None,
    language: Language = None,
    form: Form = None,
) -> Response[PastOfferingsPage]:
    """One of `as_of`, what had been recorded by the end of that day, and `happened_by`, what
    had happened by then, as it is known by now. Of an imported school the first knows nothing of
    the days before the import.

    Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
    """
    clock, day = moment_of(as_of, happened_by, now)
    query = PastOfferingsQuery(
        clock=clock,
        day=day.isoformat(),
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        course=course,
        language=language,
        instructor=limit_of(request.user),
    )
    return await lists.answer(
        request, past_offerings(query), query, PastOfferingsPage, "offerings", form=form
    )


@get(
    "/past/offerings/{offering:str}",
    summary="An offering as of a past day",
    answers=read_answers(UNKNOWN_OFFERING),
    roles=STAFF,
)
async def get_past_offering(
    request: Call,
    offering: PathKey,
    pool: Pool,
    now: Now,
    *,
    as_of: Day = None,
    happened_by: Day = None,
    language: Language = None,
) -> Response[PastOfferingPage]:
    """One of `as_of`, what had been recorded by the end of that day, and `happened_by`, what
    had happened by then, as it is known by now.

    Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
    """
    caller, awaited = request.user, awaited_position(request)
    clock, day = moment_of(as_of, happened_by, now)
    found = await read_past_offering(
        pool,
        caller.tenant,
        offering,
        clock,
        day,
        instructor=limit_of(caller),
        language=language,
        awaited=awaited,
    )
    page = PastOfferingPage(
        position=found.position, as_of=found.as_of, clock=clock, day=day, offering=found.offering
    )
    return respond(request, page, found)


@get(
    "/offerings/{offering:str}/days",
    summary="An offering day by day",
    answers=read_answers(UNKNOWN_OFFERING),
    roles=STAFF,
)
async def get_offering_days(
    request: Call,
    offering: PathKey,
    pool: Pool,
    *,
    since: Day = None,
    until: Day = None,
) -> Response[DaysPage]:
    """Days by when things happened, from `since` to `until`; the last 1,000 of them.

    Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
    """
    caller, awaited = request.user, awaited_position(request)
    found = await read_days(
        pool,
        caller.tenant,
        offering,
        since=parse_day("since", since),
        until=parse_day("until", until),
        instructor=limit_of(caller),
        awaited=awaited,
    )
    page = DaysPage(position=found.position, as_of=found.as_of, days=found.days)
    return respond(request, page, found)


@get(
    "/days",
    summary="The school day by day",
    answers=read_answers(),
    roles=WHOLE_SCHOOL,
)
async def get_school_days(
    request: Call, pool: Pool, *, since: Day = None, until: Day = None
) -> Response[DaysPage]:
    """Days by when things happened, from `since` to `until`; the last 1,000 of them.

    Roles: registrar, issuer, operator, service, auditor.
    """
    awaited = awaited_position(request)
    found = await read_school_days(
        pool,
        request.user.tenant,
        since=parse_day("since", since),
        until=parse_day("until", until),
        awaited=awaited,
    )
    page = DaysPage(position=found.position, as_of=found.as_of, days=found.days)
    return respond(request, page, found)


def moment_of(as_of: str | None, happened_by: str | None, now: datetime) -> tuple[Clock, date]:
    """Without either: as it is today. Raises `Malformed` for both, and for a day to come."""
    known, happened = parse_day("as_of", as_of), parse_day("happened_by", happened_by)
    if known is None:
        return "happened", begun("happened_by", happened or now.date(), now)
    if happened is not None:
        raise Malformed("Name one of as_of and happened_by.", query="as_of")
    return "known", begun("as_of", known, now)


HANDLERS = (list_past_offerings, get_past_offering, get_offering_days, get_school_days)
