"""Enrollments: who is where, and how far they have come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
from msgspec.json import Decoder

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.offerings import Mode
from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW, EnrollmentRow
from milepost.dashboards.queries.lists.keyset import Order, by_text, by_time
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, equal, read_page
from milepost.dashboards.queries.lists.titles import COURSE_TITLE
from milepost.events.event import Invalid

EnrollmentSort: TypeAlias = Literal["entered_at", "learner", "last_activity"]


class EnrollmentListed(EnrollmentRow, kw_only=True):
    """`course_title`: of the course's latest version."""

    course_title: str | None


class EnrollmentsQuery(TitledQuery, frozen=True, kw_only=True):
    """`since`: entered then or later; `among`: of these only. `sort="last_activity"` is for an
    offering or a learner.
    """

    sort: EnrollmentSort = "entered_at"
    order: Order = "desc"
    offering: str | None = None
    learner: str | None = None
    course: str | None = None
    state: EnrollmentState | None = None
    mode: Mode | None = None
    since: datetime | None = None
    among: list[str] | None = None


@dataclass
class SortTooBroad(Invalid):
    """No index has a whole school in this order: name an offering or a learner."""

    sort: str


ENROLLMENTS = Listing(
    models=(CATALOG, LEARNER_OVERVIEW),
    rows=Decoder(list[EnrollmentListed]),
    sql=f"select x.*, {COURSE_TITLE} from dashboards.learner_overview x",
    key="enrollment",
    sorts={
        "entered_at": by_time("entered_at", None),  # always there, and the column of the indexes
        "learner": by_text("learner"),
        "last_activity": by_time("last_activity"),
    },
    filters={
        **equal("offering", "learner", "course", "state", "mode"),
        "since": "entered_at >= :since",
        "among": "enrollment = any(:among::text[])",
    },
)


async def read_enrollments(
    pool: asyncpg.Pool, tenant: str, query: EnrollmentsQuery, *, awaited: int | None = None
) -> Page[EnrollmentListed]:
    """Raises `SortTooBroad`."""
    check_sort(query)
    return await read_page(pool, tenant, ENROLLMENTS, query, awaited=awaited)


def check_sort(query: EnrollmentsQuery) -> None:
    """Raises `SortTooBroad`."""
    if query.sort == "last_activity" and query.offering is None and query.learner is None:
        raise SortTooBroad(query.sort)
