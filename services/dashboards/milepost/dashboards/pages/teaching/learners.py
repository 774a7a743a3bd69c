"""Who is behind a figure of an offering: the list that each number leads to."""

from typing import Literal, TypeAlias

import asyncpg
from msgspec.structs import replace

from milepost.dashboards.queries.lists.enrollments import (
    EnrollmentListed,
    EnrollmentsQuery,
    read_enrollments,
)
from milepost.dashboards.queries.lists.listing import Page

Choice: TypeAlias = Literal[
    "enrolled",
    "started",
    "reached_25",
    "reached_50",
    "reached_75",
    "completed",
    "awarded",
    "withdrawn",
]


async def read_learners(
    pool: asyncpg.Pool, tenant: str, offering: str, show: Choice, *, cursor: str | None
) -> Page[EnrollmentListed]:
    """By id. Raises `CursorUnknown`."""
    every = EnrollmentsQuery(sort="learner", order="asc", offering=offering, cursor=cursor)
    match show:
        case "withdrawn":
            query = replace(every, state="withdrawn")
        case _:
            query = replace(every, stage=show)
    return await read_enrollments(pool, tenant, query)
