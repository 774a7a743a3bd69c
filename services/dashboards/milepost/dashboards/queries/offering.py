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
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for
from milepost.events.event import Unknown

ONE = f"{FUNNEL} where tenant = :tenant and offering = :offering"
OFFERING = Select(FUNNEL_ROWS, ONE)
OWN_OFFERING = Select(FUNNEL_ROWS, f"{ONE} and {IN_OWN_OFFERINGS}")


@dataclass
class UnknownOffering(Unknown):
    offering: str


class OfferingSnapshot(Snapshot, frozen=True, kw_only=True):
    offering: OfferingView


async def read_offering(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    instructor: str | None = None,
    awaited: int | None = None,
) -> OfferingSnapshot:
    """Raises `UnknownOffering`, also where it is not the `instructor`'s own."""
    select, arguments = OFFERING, {"offering": offering}
    if instructor is not None:
        select, arguments = OWN_OFFERING, {**arguments, "instructor": instructor}
    models = models_for(FUNNEL_MODELS, instructor)
    found = await read(pool, tenant, models, (select,), arguments, awaited=awaited)
    if not found.rows[0]:
        raise UnknownOffering(offering)
    return OfferingSnapshot(
        position=found.position, as_of=found.as_of, etag=found.etag, offering=found.rows[0][0]
    )
