"""The courses of the catalog."""

from typing import Literal, TypeAlias

import asyncpg
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG, CourseRow
from milepost.dashboards.queries.keyset import by_text, by_time
from milepost.dashboards.queries.listing import Listing, ListQuery, Page, equal, read_page

CourseState: TypeAlias = Literal["draft", "published", "retired"]
CourseSort: TypeAlias = Literal["course", "title", "published_at"]


class CourseView(CourseRow, kw_only=True):
    state: CourseState


class CoursesQuery(ListQuery, frozen=True, kw_only=True):
    sort: CourseSort = "course"
    state: CourseState | None = None
    language: str | None = None


COURSE = """select *, case when retired_at is not null then 'retired'
        when latest_version > 0 then 'published' else 'draft' end as state
    from dashboards.catalog_course"""
COURSES = Listing(
    models=(CATALOG,),
    rows=Decoder(list[CourseView]),
    sql=f"select * from ({COURSE}) listed",
    key="course",
    sorts={
        "course": by_text("course"),
        "title": by_text("title"),
        "published_at": by_time("published_at"),
    },
    filters=equal("state", "language"),
)


async def read_courses(
    pool: asyncpg.Pool, tenant: str, query: CoursesQuery, *, awaited: int | None = None
) -> Page[CourseView]:
    return await read_page(pool, tenant, COURSES, query, awaited=awaited)
