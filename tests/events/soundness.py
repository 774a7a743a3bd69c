"""The oracle: what must hold of a tenant's log, whatever was done to it and in whichever order."""

import asyncpg
from tests.events.visits import phantoms

from milepost.events.store.postgres import PostgresLog
from milepost.events.store.verify import verify

COUNTS = """select h.head, count(e.position) as events, count(distinct e.position) as positions,
           coalesce(max(e.position), 0) as last, count(distinct e.event_id) as ids,
           count(distinct (e.stream, e.version)) filter (where e.version > 0) as versions
      from log.heads h left join log.events e using (tenant) where h.tenant = $1 group by h.head"""
# Every event belongs to one command: their ranges lie end to end.
RANGES = """select first, last, lag(last, 1, 0::bigint) over (order by first, last) as before
      from log.commands where tenant = $1 order by first, last"""
BACKWARDS = """select position from (
        select position, recorded_at < lag(recorded_at) over (order by position) as earlier
        from log.events where tenant = $1) e where earlier"""


async def unsound(pool: asyncpg.Pool, tenant: str) -> list[str]:
    """What is wrong, in words; nothing when the log is sound."""
    complaints = []
    counts = await pool.fetchrow(COUNTS, tenant)
    if counts is not None and len(set(counts.values())) != 1:
        complaints.append(f"the counts differ: {dict(counts)}")
    ranges = await pool.fetch(RANGES, tenant)
    torn = [dict(row) for row in ranges if row["first"] != row["before"] + 1]
    if torn or (counts and counts["head"] != (ranges[-1]["last"] if ranges else 0)):
        complaints.append(f"commands and events differ: {torn}")
    if backwards := await pool.fetch(BACKWARDS, tenant):
        complaints.append(f"time runs backwards at {[row['position'] for row in backwards]}")
    complaints += [f"{fault}" for fault in await verify(pool, tenant)]
    recorded = await PostgresLog(pool).read(tenant, limit=1_000_000, types=["visited"])
    complaints += [f"decided on a state that never was: {one}" for one in phantoms(recorded)]
    return complaints
