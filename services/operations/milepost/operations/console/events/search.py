"""Events of one school, the newest first, a page at a time. No question reads the whole log.

    asked for by            read by                                            at most
    ──────────────────────  ─────────────────────────────────────────────────  ────────────────────
    stream                  the index on (tenant, stream, version)             its own events
    learner                 the same, of each stream that is theirs            200 streams
    type, correlation, time the primary key, for nothing else has an index     20,000 positions

Where a page stopped looking it says so, and the next one goes on from there. What stands in an
event (`data`) is not searched: nothing leads to it but reading all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec

from milepost.contracts import streams
from milepost.events.log import Recorded, position_at
from milepost.events.store.postgres import COLUMNS, PostgresLog

PAGE: Final = 50
WINDOW: Final = 20_000
STREAMS: Final = 200

_FITS: Final = """($5::text is null or type = $5)
      and ($6::text is null or metadata ->> 'correlation' = $6)"""
BY_POSITION: Final = f"""select {COLUMNS} from log.events
    where tenant = $1 and position > $2 and position <= $3 and {_FITS}
    order by position desc limit $4"""
# The newest of each stream first, whatever the planner believes of the others.
BY_STREAM: Final = f"""select {COLUMNS} from unnest($7::text[]) as wanted(name)
    cross join lateral (
        select {COLUMNS} from log.events e
         where e.tenant = $1 and e.stream = wanted.name
           and position > $2 and position <= $3 and {_FITS}
         order by version desc limit $4) found
    order by position desc limit $4"""
ENROLLMENTS: Final = f"""select enrollment from dashboards.learner_overview
    where tenant = $1 and learner = $2 order by entered_at desc limit {STREAMS}"""


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """`before`: what stands behind that position; `since` and `until` by the log's clock."""

    stream: str | None = None
    learner: str | None = None
    type: str | None = None
    correlation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None

    @property
    def filters(self) -> dict[str, Any]:
        found = msgspec.structs.asdict(self)
        return {name: value for name, value in found.items() if value is not None}


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """`first` to `last`: the positions that were looked at. `before`: where the next page begins;
    None: there is nothing more. `whole`: all that was asked for is in these pages so far.
    """

    events: Sequence[Recorded]
    head: int
    first: int
    last: int
    before: int | None
    whole: bool


class _Part(NamedTuple):
    """Behind `low`, up to `high`; `end` is as far as pages may go back."""

    low: int
    high: int
    end: int


async def search(pool: asyncpg.Pool, tenant: str, sought: Sought) -> Events:
    """A page. The caller has judged the texts: none holds what Postgres refuses."""
    log = PostgresLog(pool)
    head = (await log.heads([tenant])).get(tenant, 0)
    of = await _streams(pool, tenant, sought)
    part = await _part(log, tenant, sought, head, window=None if of else WINDOW)
    arguments = [tenant, part.low, part.high, PAGE + 1, sought.type, sought.correlation]
    if of:
        rows = await pool.fetch(BY_STREAM, *arguments, of)
    else:
        rows = await pool.fetch(BY_POSITION, *arguments)
    return _page([Recorded(*row) for row in rows], part, head)


def _page(found: list[Recorded], part: _Part, head: int) -> Events:
    """Of one more than a page: the rest waits for the next."""
    shown = found[:PAGE]
    if len(found) > PAGE:
        before: int | None = shown[-1].position
    else:
        before = part.low + 1 if part.low > part.end else None
    first = shown[-1].position if len(found) > PAGE else part.low + 1
    return Events(
        events=shown,
        head=head,
        first=min(first, max(part.high, 1)),
        last=part.high,
        before=before,
        whole=before is None or len(found) > PAGE,
    )


async def _part(
    log: PostgresLog, tenant: str, sought: Sought, head: int, *, window: int | None
) -> _Part:
    high = min(head, (sought.before or head + 1) - 1)
    if sought.until is not None:
        high = min(high, await position_at(log, tenant, sought.until, head))
    end = 0
    if sought.since is not None:
        end = await position_at(log, tenant, sought.since, head)
    low = end if window is None else max(end, high - window)
    return _Part(min(low, high), high, end)


async def _streams(pool: asyncpg.Pool, tenant: str, sought: Sought) -> list[str]:
    if sought.stream is not None:
        return [sought.stream]
    if sought.learner is None:
        return []
    rows = await pool.fetch(ENROLLMENTS, tenant, sought.learner)
    own = streams.of_learner(sought.learner, [row["enrollment"] for row in rows])
    return [*own, f"learner-{sought.learner}"]
