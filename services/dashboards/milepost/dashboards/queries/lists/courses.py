"""The courses of the catalog."""

from typing import Literal, TypeAlias

import asyncpg
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG, CourseFacts
from milepost.dashboards.queries.lists.keyset import by_text, by_time
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, equal, read_page
from milepost.dashboards.queries.lists.titles import title_language_of, title_of

CourseState: TypeAlias = Literal["draft", "published", "retired"]
CourseSort: TypeAlias = Literal["course", "title", "published_at"]


class CourseView(CourseFacts, kw_only=True):
    """`title` is in the language asked for where there is one: in `title_language`. `language` is
    what the course is taught in.
    """

    state: CourseState
    title_language: str | None


class CoursesQuery(TitledQuery, frozen=True, kw_only=True):
    """`taught_in`: the language of the course, as it is published."""

    sort: CourseSort = "course"
    course: str | None = None
    state: CourseState | None = None
    taught_in: str | None = None


COURSE = f"""select c.tenant, c.course, c.language, c.latest_version, c.lessons, c.workload_hours,
        c.drafted_at, c.published_at, c.retired_at,
        {title_of("c")} as title, {title_language_of("c")} as title_language,
        case when c.retired_at is not null then 'retired'
            when c.latest_version > 0 then 'published' else 'draft' end as state
    from dashboards.catalog_course c"""
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
    filters={**equal("course", "state"), "taught_in": "language = :taught_in"},
)


async def read_courses(
    pool: asyncpg.Pool, tenant: str, query: CoursesQuery, *, awaited: int | None = None
) -> Page[CourseView]:
    return await read_page(pool, tenant, COURSES, query, awaited=awaited)
