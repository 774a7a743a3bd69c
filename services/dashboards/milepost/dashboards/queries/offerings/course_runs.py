"""A course's runs side by side: each with its funnel."""

from dataclasses import dataclass
from typing import Final

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.offerings import FUNNEL_MODELS, OFFERINGS, OfferingListed
from milepost.dashboards.queries.lists.titles import tags_of, title_of
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for
from milepost.events.event import Unknown

MOST: Final = 100


@dataclass
class UnknownCourse(Unknown):
    course: str


class CourseRuns(Snapshot, frozen=True, kw_only=True):
    """The latest first, 100 at most."""

    course: str
    course_title: str
    runs: list[OfferingListed]


class _Title(msgspec.Struct, frozen=True):
    title: str


_COURSE: Final = Select(
    Decoder(list[_Title]),
    f"""select {title_of("c")} as title from dashboards.catalog_course c
    where c.tenant = :tenant and c.course = :course""",
)


def _runs(own: str) -> Select:
    order = f"order by coalesce(starts, opened_at) desc, offering limit {MOST}"
    where = f"where tenant = :tenant and course = :course{own}"
    return Select(OFFERINGS.rows, f"{OFFERINGS.sql} {where} {order}")


RUNS: Final = _runs("")
OWN_RUNS: Final = _runs(f" and {IN_OWN_OFFERINGS}")


async def read_course_runs(
    pool: asyncpg.Pool,
    tenant: str,
    course: str,
    *,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> CourseRuns:
    """Raises `UnknownCourse`. To an `instructor`: own offerings only."""
    arguments: dict[str, object] = {"course": course, "languages": tags_of(language)}
    runs = RUNS
    if instructor is not None:
        runs, arguments["instructor"] = OWN_RUNS, instructor
    models = models_for(FUNNEL_MODELS, instructor)
    found = await read(pool, tenant, models, (_COURSE, runs), arguments, awaited=awaited)
    titles, rows = found.rows
    if not titles:
        raise UnknownCourse(course)
    return CourseRuns(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        course=course,
        course_title=titles[0].title,
        runs=rows,
    )
