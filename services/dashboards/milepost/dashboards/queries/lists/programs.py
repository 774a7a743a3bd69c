"""The programs of the catalog: which achievements together complete something larger."""

from typing import Literal, TypeAlias

import asyncpg
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG, ProgramFacts
from milepost.dashboards.queries.lists.keyset import by_text, by_time
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, equal, read_page
from milepost.dashboards.queries.lists.titles import title_language_of, title_of

ProgramStatus: TypeAlias = Literal["defined", "retired"]
ProgramSort: TypeAlias = Literal["program", "title", "defined_at"]


class ProgramView(ProgramFacts, kw_only=True):
    """`achievements` are those of the latest version, in its order. `title` is in the language
    asked for where there is one: in `title_language`.
    """

    status: ProgramStatus
    title_language: str
    achievements: list[str]


class ProgramsQuery(TitledQuery, frozen=True, kw_only=True):
    """`achievement`: programs of which it is a part."""

    sort: ProgramSort = "program"
    status: ProgramStatus | None = None
    achievement: str | None = None


PROGRAM = f"""select p.tenant, p.program, p.language, p.latest_version, p.rule, p.n, p.ordered,
        p.defined_at, p.retired_at, p.retirement_reason,
        {title_of("p")} as title, {title_language_of("p")} as title_language,
        case when p.retired_at is not null then 'retired' else 'defined' end as status,
        array(select a.achievement from dashboards.catalog_program_achievement a
            where a.tenant = p.tenant and a.program = p.program and a.version = p.latest_version
            order by a.place) as achievements
    from dashboards.catalog_program p"""
# In its latest version: an earlier one may have had more.
CONTAINS = """exists (select from dashboards.catalog_program_achievement a
    where a.tenant = listed.tenant and a.program = listed.program and a.achievement = :achievement
        and a.version = listed.latest_version)"""
PROGRAMS = Listing(
    models=(CATALOG,),
    rows=Decoder(list[ProgramView]),
    sql=f"select * from ({PROGRAM}) listed",
    key="program",
    sorts={
        "program": by_text("program"),
        "title": by_text("title"),
        "defined_at": by_time("defined_at"),
    },
    filters={**equal("status"), "achievement": CONTAINS},
)


async def read_programs(
    pool: asyncpg.Pool, tenant: str, query: ProgramsQuery, *, awaited: int | None = None
) -> Page[ProgramView]:
    return await read_page(pool, tenant, PROGRAMS, query, awaited=awaited)
