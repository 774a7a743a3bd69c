"""One offering as the registrar keeps it: seats, who asks, who waits, who is in."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from milepost.contracts.enrollments import EnrollmentState
from milepost.dashboards.queries.catalog.run import read_run
from milepost.dashboards.queries.lists.enrollments import (
    EnrollmentListed,
    EnrollmentsQuery,
    read_enrollments,
)
from milepost.dashboards.queries.lists.listing import Page
from milepost.dashboards.queries.lists.runs import RunView
from milepost.dashboards.queries.offerings.states import read_states

# Of those who ask, wait or are offered a seat, a page shows so many at once.
SHOWN: Final = 50
ASKING: Final[tuple[EnrollmentState, ...]] = ("pending_approval", "requested")


class RosterQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What of the roster is shown, of who asks and of the waitlist. `state` None: everybody."""

    state: EnrollmentState | None = None
    cursor: str | None = None
    asking: str | None = None
    waiting: str | None = None


class OfferingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`asking` wait for a decision, all of `asked`; `waiting` for a seat in their order; `offered`
    hold one on offer. `position`, `as_of`: of the older of the reads.
    """

    run: RunView
    asked: int
    asking: Page[EnrollmentListed]
    waiting: Page[EnrollmentListed]
    offered: Sequence[EnrollmentListed]
    roster: Page[EnrollmentListed]
    position: int
    as_of: datetime | None


async def offering_facts(
    pool: asyncpg.Pool, tenant: str, offering: str, wanted: RosterQuery, *, language: str
) -> OfferingFacts:
    """Raises `UnknownOffering`."""
    found = await read_run(pool, tenant, offering, language=language)

    async def those(*states: EnrollmentState, cursor: str | None = None) -> Page[EnrollmentListed]:
        query = EnrollmentsQuery(
            offering=offering, states=[*states], order="asc", limit=SHOWN, cursor=cursor
        )
        return await read_enrollments(pool, tenant, query)

    asking, offered, counts = await asyncio.gather(
        those(*ASKING, cursor=wanted.asking), those("offered"), read_states(pool, tenant, offering)
    )
    waiting = await _waitlist(pool, tenant, offering, wanted.waiting)
    query = EnrollmentsQuery(offering=offering, state=wanted.state, cursor=wanted.cursor)
    roster = await read_enrollments(pool, tenant, query)
    return OfferingFacts(
        run=found.run,
        asked=sum(counts.get(one, 0) for one in ASKING),
        asking=asking,
        waiting=waiting,
        offered=offered.rows,
        roster=roster,
        position=min(found.position, waiting.position, roster.position),
        as_of=found.as_of,
    )


async def _waitlist(
    pool: asyncpg.Pool, tenant: str, offering: str, cursor: str | None
) -> Page[EnrollmentListed]:
    """In its order, which approval gives, not the request."""
    query = EnrollmentsQuery(
        offering=offering,
        state="waitlisted",
        sort="waitlisted_at",
        order="asc",
        limit=SHOWN,
        cursor=cursor,
    )
    return await read_enrollments(pool, tenant, query)
