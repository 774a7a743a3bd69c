"""What a registrar begins the day with: who waits for a decision, and the offerings."""

import asyncio
from datetime import datetime

import asyncpg
import msgspec

from milepost.dashboards.queries.lists.enrollments import (
    EnrollmentListed,
    EnrollmentsQuery,
    read_enrollments,
)
from milepost.dashboards.queries.lists.listing import Page
from milepost.dashboards.queries.lists.runs import RunsQuery, RunState, RunView, read_runs

SHOWN = 20


class OfficeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`asking`: requests in all offerings, the oldest first."""

    asking: Page[EnrollmentListed]
    offerings: Page[RunView]
    position: int
    as_of: datetime | None


async def office_facts(
    pool: asyncpg.Pool,
    tenant: str,
    *,
    state: RunState | None,
    course: str | None,
    cursor: str | None,
    asking: str | None,
    language: str,
) -> OfficeFacts:
    """Raises `CursorUnknown`."""
    asked = EnrollmentsQuery(
        state="pending_approval", order="asc", limit=SHOWN, cursor=asking, language=language
    )
    wanted = RunsQuery(state=state, course=course, cursor=cursor, language=language)
    requests, offerings = await asyncio.gather(
        read_enrollments(pool, tenant, asked), read_runs(pool, tenant, wanted)
    )
    return OfficeFacts(
        asking=requests,
        offerings=offerings,
        position=min(requests.position, offerings.position),
        as_of=offerings.as_of,
    )
