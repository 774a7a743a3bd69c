"""One offering's funnel."""

from dataclasses import dataclass

import asyncpg

from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.offerings import (
    FUNNEL,
    FUNNEL_MODELS,
    FUNNEL_ROWS,
    OfferingView,
)
from milepost.events.event import Unknown

OFFERING = Select(FUNNEL_ROWS, f"{FUNNEL} where tenant = :tenant and offering = :offering")


@dataclass
class UnknownOffering(Unknown):
    offering: str


class OfferingSnapshot(Snapshot, frozen=True, kw_only=True):
    offering: OfferingView


async def read_offering(
    pool: asyncpg.Pool, tenant: str, offering: str, *, awaited: int | None = None
) -> OfferingSnapshot:
    """Raises `UnknownOffering`."""
    arguments = {"offering": offering}
    found = await read(pool, tenant, FUNNEL_MODELS, (OFFERING,), arguments, awaited=awaited)
    if not found.rows[0]:
        raise UnknownOffering(offering)
    return OfferingSnapshot(
        position=found.position, as_of=found.as_of, etag=found.etag, offering=found.rows[0][0]
    )
