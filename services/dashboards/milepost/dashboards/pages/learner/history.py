"""The latest events of an enrollment: as many as a page tells, however long its streams are.

A device may report for years, and whoever wants to burden a school reports a million visits; the
page that tells of them costs the same.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from milepost.contracts import streams
from milepost.events.log import Recorded
from milepost.events.store.postgres import COLUMNS

MOST_EVENTS: Final = 1_000
MOST_BYTES: Final = 2**19

# As they are stored, compressed: nothing is unpacked in order to be measured.
_LATEST: Final = f"""select {COLUMNS} from (
        select {COLUMNS}, sum(pg_column_size(data)) over (order by position desc) as bytes
        from unnest($2::text[]) as wanted(name)
        cross join lateral (
            select {COLUMNS} from log.events e
             where e.tenant = $1 and e.stream = wanted.name
             order by version desc limit $3) latest
    ) measured
    where bytes <= $4 order by position desc limit $3"""


class Latest(NamedTuple):
    """`cut`: there are earlier ones, or may be."""

    events: Sequence[Recorded]
    cut: bool


async def read_latest(pool: asyncpg.Pool, tenant: str, enrollment: str) -> Latest:
    """In the log's order, of the enrollment and its progress."""
    names = [streams.enrollment(enrollment), streams.progress(enrollment)]
    rows = await pool.fetch(_LATEST, tenant, names, MOST_EVENTS, MOST_BYTES)
    found = [Recorded(*row) for row in reversed(rows)]
    # The first event of all is the enrollment's.
    return Latest(found, not found or found[0].stream != names[0] or found[0].version > 1)
