"""One offering as the catalog has it: window, seats, who may come, how it stands now."""

import asyncpg
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.runs import RUN, RunView
from milepost.dashboards.queries.lists.titles import COURSE_TITLE, tags_of
from milepost.dashboards.queries.offering import UnknownOffering

_ONE = Select(
    Decoder(list[RunView]),
    f"""select x.*, {COURSE_TITLE} from ({RUN}
        where c.tenant = :tenant and c.offering = :offering) x""",
)


class RunSnapshot(Snapshot, frozen=True, kw_only=True):
    run: RunView


async def read_run(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    language: str | None = None,
    awaited: int | None = None,
) -> RunSnapshot:
    """Raises `UnknownOffering`."""
    arguments = {"offering": offering, "languages": tags_of(language)}
    models = (CATALOG, OFFERING_SUMMARY)
    found = await read(pool, tenant, models, (_ONE,), arguments, awaited=awaited)
    if not found.rows[0]:
        raise UnknownOffering(offering)
    return RunSnapshot(
        position=found.position, as_of=found.as_of, etag=found.etag, run=found.rows[0][0]
    )
