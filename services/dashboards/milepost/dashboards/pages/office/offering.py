"""One offering as the registrar keeps it: seats, who asks, who waits, who is in."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

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

# Of those who ask, or are offered a seat, a page shows so many; the roster shows them all.
SHOWN = 50


class RosterQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What of the roster is shown, and of the waitlist. `state` None: everybody."""

    state: EnrollmentState | None = None
    cursor: str | None = None
    waiting: str | None = None


class OfferingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`asking` wait for a decision, `waiting` for a seat in their order, `offered` hold one on
    offer. `position`, `as_of`: of the older of the reads.
    """

    run: RunView
    asking: Sequence[EnrollmentListed]
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

    async def those(state: EnrollmentState) -> list[EnrollmentListed]:
        query = EnrollmentsQuery(offering=offering, state=state, order="asc", limit=SHOWN)
        return (await read_enrollments(pool, tenant, query)).rows

    requested, pending, offered = await asyncio.gather(
        *(those(one) for one in ("requested", "pending_approval", "offered"))
    )
    waiting = await _waitlist(pool, tenant, offering, wanted.waiting)
    query = EnrollmentsQuery(offering=offering, state=wanted.state, cursor=wanted.cursor)
    roster = await read_enrollments(pool, tenant, query)
    return OfferingFacts(
        run=found.run,
        asking=[*pending, *requested],
        waiting=waiting,
        offered=offered,
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
