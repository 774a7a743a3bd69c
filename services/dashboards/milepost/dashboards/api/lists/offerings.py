"""The list of offerings with their funnels, page by page."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    STAFF,
    After,
    Call,
    Filter,
    Language,
    Limit,
    limit_of,
)
from milepost.dashboards.api.views import (
    OfferingsPage,
)
from milepost.dashboards.queries.lists.keyset import Order
from milepost.dashboards.queries.lists.offerings import OFFERINGS, OfferingSort, OfferingsQuery


@get(
    "/offerings",
    summary="Offerings, with their funnels",
    answers=list_answers(),
    roles=STAFF,
)
async def list_offerings(
    request: Call,
    lists: ListReads,
    *,
    sort: Annotated[OfferingSort, QueryParameter()] = "offering",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    course: Filter = None,
    language: Language = None,
    form: Form = None,
) -> Response[OfferingsPage]:
    """Roles: registrar, issuer, operator, service, auditor; instructor for own offerings."""
    query = OfferingsQuery(
        sort=sort,
        order=order,
        limit=limit,
        cursor=cursor,
        course=course,
        language=language,
        instructor=limit_of(request.user),
    )
    return await lists.answer(request, OFFERINGS, query, OfferingsPage, "offerings", form=form)


HANDLERS = (list_offerings,)
