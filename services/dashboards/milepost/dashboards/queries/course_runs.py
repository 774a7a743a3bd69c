"""A course's runs side by side: each with its funnel."""

from dataclasses import dataclass

import asyncpg

from milepost.dashboards.queries.consistent_read import Snapshot
from milepost.dashboards.queries.lists.offerings import OfferingListed
from milepost.events.event import Unknown


@dataclass
class UnknownCourse(Unknown):
    course: str


class CourseRuns(Snapshot, frozen=True, kw_only=True):
    """The latest first, 100 at most."""

    course: str
    course_title: str | None
    runs: list[OfferingListed]


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
    raise NotImplementedError
