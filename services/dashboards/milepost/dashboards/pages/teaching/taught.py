"""Offerings with their state and their funnel at a glance: an instructor's own, or all of them."""

from typing import Final, Literal

import asyncpg
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.lists.keyset import by_text
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, read_page
from milepost.dashboards.queries.lists.runs import RUN, RunView
from milepost.dashboards.queries.lists.titles import COURSE_TITLE


class TaughtOffering(RunView, kw_only=True):
    """Counts of enrollments, as the offering's page has them."""

    enrolled: int
    started: int
    completed: int


class TaughtQuery(TitledQuery, frozen=True, kw_only=True):
    sort: Literal["offering"] = "offering"


_COUNTED: Final = f"""(select r.*, coalesce(f.enrolled, 0) as enrolled,
        coalesce(f.started, 0) as started, coalesce(f.completed, 0) as completed
    from ({RUN}) r
    left join dashboards.offering_summary f
      on f.tenant = r.tenant and f.offering = r.offering) x"""
TAUGHT: Final = Listing(
    models=(CATALOG, OFFERING_SUMMARY),
    rows=Decoder(list[TaughtOffering]),
    sql=f"select x.*, {COURSE_TITLE} from {_COUNTED}",
    key="offering",
    sorts={"offering": by_text("offering")},
    filters={},
)


async def read_taught(
    pool: asyncpg.Pool,
    tenant: str,
    *,
    instructor: str | None,
    cursor: str | None,
    language: str,
    awaited: int | None = None,
) -> Page[TaughtOffering]:
    """Raises `CursorUnknown`."""
    query = TaughtQuery(instructor=instructor, cursor=cursor, language=language)
    return await read_page(pool, tenant, TAUGHT, query, awaited=awaited)
