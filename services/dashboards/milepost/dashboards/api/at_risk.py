"""Who of an offering is at risk, each with the reasons and their facts."""

from datetime import datetime
from typing import Annotated, TypeAlias

import asyncpg
from litestar import Response, get
from litestar.params import QueryParameter

from milepost.dashboards.api.links import learners_behind
from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    STAFF,
    After,
    Call,
    Day,
    Limit,
    Now,
    PathKey,
    Pool,
    begun,
    limit_of,
    parse_day,
)
from milepost.dashboards.api.views import AtRiskPage
from milepost.dashboards.domain.at_risk import Judgement
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.offerings.at_risk import AtRisk, Risk, read_at_risk
from milepost.dashboards.queries.offerings.risk_pages import RiskPage, page_of
from milepost.web.problems import Malformed
from milepost.web.requests.positions import awaited_position

RiskFilter: TypeAlias = Annotated[
    Risk | None,
    QueryParameter(description="Those with this reason; `any`: those at risk"),
]


@get(
    "/offerings/{offering:str}/at-risk",
    summary="Who is at risk in an offering, and why",
    answers=list_answers(UnknownOffering("data-spring")),
    roles=STAFF,
)
async def list_at_risk(
    request: Call,
    offering: PathKey,
    pool: Pool,
    lists: ListReads,
    now: Now,
    *,
    risk: RiskFilter = None,
    happened_by: Day = None,
    limit: Limit = 50,
    cursor: After = None,
    form: Form = None,
) -> Response[AtRiskPage]:
    """Everybody who has a reason, those with the most of them first; `at_risk`: one of them is more
    than that something is due soon. `happened_by`: as it had happened by the end of that day.

    Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
    """
    caller = request.user
    day = parse_day("happened_by", happened_by)
    found = await read_at_risk(
        pool,
        caller.tenant,
        offering,
        now=now,
        happened_by=None if day is None else begun("happened_by", day, now),
        risk=risk,
        instructor=limit_of(caller),
        awaited=awaited_position(request),
    )
    shown = page_of(found.rows, limit, cursor)
    page = _page(found, shown, links=_links(found) if day is None else {})
    return await lists.answer_rows(
        request, found.rows, Judgement, (page, found), "at-risk", form=form
    )


def _page(found: AtRisk, shown: RiskPage, links: dict[str, str]) -> AtRiskPage:
    return AtRiskPage(
        position=found.position,
        as_of=found.as_of,
        offering=found.offering,
        at=found.at,
        phase=found.phase,
        judged=found.judged,
        at_risk=found.at_risk,
        at_risk_of_judged=found.at_risk / found.judged if found.judged else None,
        reasons=found.reasons,
        links=links,
        learners=list(shown.rows),
        next=shown.next,
    )


def _links(found: AtRisk) -> dict[str, str]:
    of_reasons = {name: learners_behind(found.offering, risk=name) for name in found.reasons}
    return {"at_risk": learners_behind(found.offering, risk="any"), **of_reasons}


async def enrollments_at_risk(
    pool: asyncpg.Pool, request: Call, offering: str | None, risk: Risk | None, now: datetime
) -> list[str] | None:
    """Those to list; None: all. Raises `UnknownOffering`, and `Malformed` without an offering."""
    if risk is None:
        return None
    if offering is None:
        raise Malformed("Who is at risk is known of one offering: name it.", query="risk")
    found = await read_at_risk(
        pool,
        request.user.tenant,
        offering,
        now=now,
        risk=risk,
        instructor=limit_of(request.user),
        awaited=awaited_position(request),
    )
    return [one.enrollment for one in found.rows]
