"""Offerings with their funnels: how many enrolled, started, completed, withdrew."""

from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.funnel.stages import OUTSIDE
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.lists.keyset import by_number, by_text
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, equal, read_page
from milepost.dashboards.queries.lists.titles import COURSE_TITLE

OfferingSort: TypeAlias = Literal["offering", "enrolled", "started", "completed", "withdrawn"]


class OfferingView(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of enrollments, each counted once in a stage, by the latest facts. Rates are 0 to 1,
    null without any; each is named for what it is of.

    `waitlisted` ever, `waiting` now; `seated` now, with the seats held on offer. `enrolled`: had a
    seat, less who was `transferred`, `deferred` or `canceled` since; `ever_enrolled`: with these.
    `current`: of those enrolled, who has not left; `verified`: of the current, by the mode of
    today. `withdrawn` and `expired`: gone now; `ever_withdrawn`: also who came back.
    `reached_25`, 50, 75: have done so many percent of the lessons, or completed the course.
    `awarded`: of those enrolled, a credential rests on it that stands; `credentials`: all that
    were ever awarded.
    `visits` are reports that added progress, time or clicks. `mean_grade_of_completed` is that of
    the `graded`: those completed who have a grade.
    """

    offering: str
    course: str | None
    course_version: int | None
    pace: str | None
    seats: int | None
    opened_at: datetime | None
    starts: datetime | None
    ends: datetime | None
    closed_at: datetime | None
    waitlisted: int
    waiting: int
    seated: int
    ever_enrolled: int
    enrolled: int
    current: int
    verified: int
    started: int
    reached_25: int
    reached_50: int
    reached_75: int
    completed: int
    completed_verified: int
    awarded: int
    graded: int
    withdrawn: int
    ever_withdrawn: int
    transferred: int
    deferred: int
    expired: int
    canceled: int
    credentials: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    completed_of_started: float | None
    completed_of_verified: float | None
    awarded_of_enrolled: float | None
    withdrawn_of_enrolled: float | None
    mean_grade_of_completed: float | None


class OfferingListed(OfferingView, frozen=True, kw_only=True):
    """`course_title`: of the course's latest version."""

    course_title: str | None


class OfferingsQuery(TitledQuery, frozen=True, kw_only=True):
    sort: OfferingSort = "offering"
    course: str | None = None


def counts(generation: str = "") -> str:
    """A select of the counts: `awarded_here` is `awarded` without who was moved since.

    `generation`: the suffix of tables that are not live.
    """
    return f"""select s.*, s.awarded - moved.awarded as awarded_here
        from dashboards.offering_summary{generation} s
        cross join lateral (select count(*) as awarded
            from dashboards.offering_member{generation} m
            join dashboards.enrollment_award{generation} a
                on a.tenant = m.tenant and a.enrollment = m.enrollment and a.credentials > 0
            where s.transferred + s.deferred + s.canceled > 0 and m.stage = {OUTSIDE}
                and m.tenant = s.tenant and m.offering = s.offering) moved"""


# The counts, and what the offering is.
FUNNEL_MODELS = (CATALOG, OFFERING_SUMMARY)
FUNNEL_ROWS = Decoder(list[OfferingView])
FUNNEL_COLUMNS = """offering, course, course_version, pace, seats, opened_at, starts, ends,
    closed_at, waitlisted, waiting, seated, ever_enrolled, enrolled, current, verified,
    started, reached_25, reached_50, reached_75, completed, completed_verified,
    awarded_here as awarded, graded,
    withdrawn, ever_withdrawn, transferred, deferred, expired, canceled,
    credentials, lessons_completed, attempts, visits, clicks,
    started::float8 / nullif(enrolled, 0) as started_of_enrolled,
    completed::float8 / nullif(enrolled, 0) as completed_of_enrolled,
    completed::float8 / nullif(started, 0) as completed_of_started,
    completed_verified::float8 / nullif(verified, 0) as completed_of_verified,
    awarded_here::float8 / nullif(enrolled, 0) as awarded_of_enrolled,
    withdrawn::float8 / nullif(enrolled, 0) as withdrawn_of_enrolled,
    grade_units / (1e9::float8 * nullif(graded, 0)) as mean_grade_of_completed"""
_FUNNEL = f"""(select s.*, c.course, c.course_version, c.pace, c.seats, c.opened_at, c.starts,
            c.ends,
            coalesce(c.closed_at, c.canceled_at) as closed_at
        from ({counts()}) s
        left join dashboards.catalog_offering c using (tenant, offering)) x"""
FUNNEL = f"select {FUNNEL_COLUMNS} from {_FUNNEL}"
OFFERINGS = Listing(
    models=FUNNEL_MODELS,
    rows=Decoder(list[OfferingListed]),
    sql=f"select {FUNNEL_COLUMNS}, {COURSE_TITLE} from {_FUNNEL}",
    key="offering",
    sorts={
        "offering": by_text("offering"),
        "enrolled": by_number("enrolled"),
        "started": by_number("started"),
        "completed": by_number("completed"),
        "withdrawn": by_number("withdrawn"),
    },
    filters=equal("course"),
)


async def read_offerings(
    pool: asyncpg.Pool, tenant: str, query: OfferingsQuery, *, awaited: int | None = None
) -> Page[OfferingListed]:
    return await read_page(pool, tenant, OFFERINGS, query, awaited=awaited)
