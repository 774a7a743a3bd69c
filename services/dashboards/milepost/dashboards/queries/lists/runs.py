"""The offerings of the catalog: a course's runs, and whether one can still enroll."""

from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
from msgspec.json import Decoder

from milepost.contracts.offerings import Pace
from milepost.dashboards.projections.catalog import CATALOG, RunRow
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.lists.keyset import by_text, by_time
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, equal, read_page
from milepost.dashboards.queries.lists.titles import COURSE_TITLE

RunState: TypeAlias = Literal["announced", "open", "running", "ended", "closed", "canceled"]
RunSort: TypeAlias = Literal["offering", "opened_at", "starts", "ends"]


class RunView(RunRow, kw_only=True):
    """`state` is that of now: `running` is past its window. `seated`: seats taken or held on offer;
    `free_seats` is null without a cap. `course_title`: of the course's latest version.
    """

    state: RunState
    seated: int
    waiting: int
    free_seats: int | None
    course_title: str | None


class RunsQuery(TitledQuery, frozen=True, kw_only=True):
    """`states`: in one of these. Times are from the one, up to but without the other."""

    sort: RunSort = "offering"
    course: str | None = None
    state: RunState | None = None
    states: list[RunState] | None = None
    pace: Pace | None = None
    has_free_seats: bool | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    ends_from: datetime | None = None
    ends_before: datetime | None = None


# The first state that holds; who asks for free seats is told of those without a cap too.
RUN = """select c.*, case when c.canceled_at is not null then 'canceled'
        when c.closed_at is not null then 'closed'
        when c.ends <= now() then 'ended'
        when c.window_opens > now() then 'announced'
        when c.window_closes <= now() then 'running' else 'open' end as state,
        coalesce(s.seated, 0) as seated, coalesce(s.waiting, 0) as waiting,
        case when c.seats > 0 then greatest(c.seats - coalesce(s.seated, 0), 0) end as free_seats,
        coalesce(c.seats > coalesce(s.seated, 0), true) as has_free_seats
    from dashboards.catalog_offering c
    left join dashboards.offering_summary s on s.tenant = c.tenant and s.offering = c.offering"""
RUNS = Listing(
    models=(CATALOG, OFFERING_SUMMARY),
    rows=Decoder(list[RunView]),
    sql=f"select x.*, {COURSE_TITLE} from ({RUN}) x",
    key="offering",
    sorts={
        "offering": by_text("offering"),
        "opened_at": by_time("opened_at"),
        "starts": by_time("starts"),
        "ends": by_time("ends"),
    },
    filters={
        **equal("course", "state", "pace", "has_free_seats"),
        "states": "state = any(:states::text[])",
        "starts_from": "starts >= :starts_from",
        "ends_from": "ends >= :ends_from",
        "starts_before": "starts < :starts_before",
        "ends_before": "ends < :ends_before",
    },
)


async def read_runs(
    pool: asyncpg.Pool, tenant: str, query: RunsQuery, *, awaited: int | None = None
) -> Page[RunView]:
    return await read_page(pool, tenant, RUNS, query, awaited=awaited)
