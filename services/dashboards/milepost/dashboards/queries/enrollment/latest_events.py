"""The events of an enrollment, the newest first: as many as a page tells, however long its streams.

A device may report for years, and whoever wants to burden a school reports a million visits; the
page that tells of them costs the same.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from milepost.contracts import streams
from milepost.contracts.progress import (
    AttemptScored,
    LessonWaived,
    LessonWaiverWithdrawn,
    ProgressCarriedOver,
    ScoreRevised,
)
from milepost.events.event import tag_of
from milepost.events.log import LAST, Recorded
from milepost.events.store.postgres import COLUMNS

MOST_EVENTS: Final = 1_000
MOST_BYTES: Final = 2**19
MOST_JUDGED: Final = 500
AMONG: Final = 50_000
# What says how a lesson was judged, and by whom.
JUDGES: Final = [
    tag_of(event)
    for event in (
        AttemptScored,
        ScoreRevised,
        LessonWaived,
        LessonWaiverWithdrawn,
        ProgressCarriedOver,
    )
]

# Sizes as they are stored, compressed: nothing is unpacked in order to be measured. From the event
# at $5 its stream is read by the index; the other one is short, or was passed over before.
_LATEST: Final = f"""select {COLUMNS} from (
        select {COLUMNS}, row_number() over newest as number,
            sum(pg_column_size(data)) over newest as bytes
        from unnest($2::text[]) as wanted(name)
        cross join lateral (
            select {COLUMNS} from log.events e
             where e.tenant = $1 and e.stream = wanted.name and e.position < $5
               and e.version < coalesce((
                   select b.version from log.events b
                    where b.tenant = $1 and b.position = $5 and b.stream = wanted.name), {LAST})
             order by version desc limit $3) latest
        window newest as (order by position desc)
    ) measured
    where bytes <= $4 or number = 1 order by position desc limit $3"""
_JUDGED: Final = f"""select {COLUMNS} from log.events
    where tenant = $1 and stream = $2 and type = any($3::text[]) and version > $5 + (
        select max(version) from log.events where tenant = $1 and stream = $2)
    order by version desc limit $4"""


class Latest(NamedTuple):
    """`cut`: there are earlier ones, or may be."""

    events: Sequence[Recorded]
    cut: bool


async def read_latest(
    pool: asyncpg.Pool, tenant: str, enrollment: str, *, before: int | None = None
) -> Latest:
    """In the log's order, of the enrollment and its progress. `before`: behind that position."""
    names = [streams.enrollment(enrollment), streams.progress(enrollment)]
    arguments = (names, MOST_EVENTS, MOST_BYTES, before or LAST)
    rows = await pool.fetch(_LATEST, tenant, *arguments)
    found = [Recorded(*row) for row in reversed(rows)]
    # The first event of all is the enrollment's.
    return Latest(found, not found or found[0].stream != names[0] or found[0].version > 1)


async def read_judged(pool: asyncpg.Pool, tenant: str, enrollment: str) -> Sequence[Recorded]:
    """How its lessons were judged: in the log's order; the latest, of its last `AMONG` events."""
    stream = streams.progress(enrollment)
    rows = await pool.fetch(_JUDGED, tenant, stream, JUDGES, MOST_JUDGED, -AMONG)
    return [Recorded(*row) for row in reversed(rows)]
