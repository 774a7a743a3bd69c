"""Is the log whole and as it was written? Recomputes every tenant's chain from its events.

What it cannot see is a log that somebody with the database's highest rights has rewritten, chain
and all: against that stands a signed checkpoint that somebody else keeps (`head_of`).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

import asyncpg
import msgspec

from milepost.events.errors import EventsError

WINDOW = 20_000
MOST_FAULTS = 100

BOUNDS = """select max(last) from log.links where tenant = $1 and last <= $2
    group by (last - 1) / $3 order by 1"""
# The link before the range goes first; before the very first one stands the tenant's name. A call
# has one `recorded_at`: two make the link null.
CHAIN = """with links as (
        select 0::bigint as first, 0::bigint as last, sha256(textsend($1)) as link,
               null::bytea as commands where $2 = 0
        union all
        select first, last, link, commands from log.links
        where tenant = $1 and last >= $2 and last <= $3
    ), chain as (
        select first, last, link, commands,
               lag(link) over w as before, lag(last) over w as previous
        from links window w as (order by last)
    )
    select least(c.first, c.previous + 1) as first, c.last,
           case when c.first <> c.previous + 1 then 'link_missing'
                when e.events <> c.last - c.first + 1 then 'event_missing'
                else 'event_changed' end as fault
      from chain c
      cross join lateral (
           select count(*) as events, array_agg(e.stream order by e.position) as streams,
                  array_agg(e.version order by e.position) as versions,
                  log.digest(array_agg(e.type order by e.position),
                             array_agg(e.data order by e.position),
                             array_agg(e.metadata order by e.position),
                             array_agg(e.occurred_at order by e.position),
                             array_agg(e.event_id order by e.position)) as digest,
                  case when min(e.recorded_at) = max(e.recorded_at) then min(e.recorded_at) end
                      as recorded_at
           from log.events e
           where e.tenant = $1 and e.position >= c.first and e.position <= c.last offset 0) e
     where c.previous is not null
       and (c.first <> c.previous + 1 or e.events <> c.last - c.first + 1
            or c.link is distinct from log.link(c.before, c.first, e.recorded_at, e.streams,
                                                e.versions, e.digest, c.commands))
     order by c.last limit 100"""
END = """select h.head, h.link = coalesce(l.link, sha256(textsend($1))) as linked,
           coalesce(l.last, 0) as last,
           (select max(position) from log.events where tenant = $1) as event,
           (select min(position) from log.events where tenant = $1) as begin,
           (select max(last) from log.commands where tenant = $1) as command
      from log.heads h
      left join lateral (
           select last, link from log.links where tenant = $1 order by last desc limit 1) l on true
     where h.tenant = $1"""
VERSIONS = """select stream, min(position) as first, max(position) as last from log.events
    where tenant = $1 and position <= $2 group by stream
    having count(*) <> max(version) or min(version) <> 1
    order by 2 limit 100"""
# Each command stands right behind the one before: none is missing, none in two places.
COMMANDS = """select least(first, previous + 1) as first,
           case when first > previous + 1 then first - 1 else last end as last
      from (select first, last, lag(last, 1, 0::bigint) over (order by first, last) as previous
              from log.commands where tenant = $1 and first <= $2) c
     where first <> previous + 1 or last < first
     order by 1 limit 100"""
# Where they do: each call's are those whose digest its link has sealed.
EXCHANGED = """select l.first, l.last from (
        select k.last, log.digest_of_commands(array_agg(c.command_id order by c.first)) as commands
          from log.commands c
          cross join lateral (
               select first, last from log.links where tenant = $1 and last >= c.first
               order by last limit 1) k
         where c.tenant = $1 and c.first <= $2 and k.first <= c.first
         group by k.last) done
      join log.links l on l.tenant = $1 and l.last = done.last
     where l.commands <> done.commands
     order by 1 limit 100"""
HEADLESS = """select tenant, min(first) as first, max(last) as last from (
        select tenant, min(position) as first, max(position) as last from log.events group by tenant
        union all select tenant, min(first), max(last) from log.links group by tenant
        union all select tenant, min(first), max(last) from log.commands group by tenant) known
    where tenant not in (select tenant from log.heads where head > 0) group by tenant"""
HEAD = "select head, link from log.heads where tenant = $1"
LINK = "select link from log.links where tenant = $1 and last = $2"

FaultKind = Literal[
    "event_changed",
    "event_missing",
    "event_added",
    "link_missing",
    "head_changed",
    "version_gap",
    "command_changed",
    "rewritten",
]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Between these positions the log is not what was appended.

    event_changed    an event's columns are not those that its call sealed
    event_missing    fewer events than the call appended
    event_added      events before the first position
    link_missing     a link of the chain is gone
    head_changed     events or links beyond the head, or a head beyond or without them
    version_gap      a stream's versions do not run from 1
    command_changed  what was done, and where, is not what the events are: it could be done again
    rewritten        not what a checkpoint was signed for, though the chain may be sound
    """

    tenant: str
    fault: FaultKind
    first: int
    last: int
    stream: str | None = None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tenant's log ends: `link` (hex) stands for every event up to `position`."""

    tenant: str
    position: int
    link: str


class NoSuchTenant(EventsError):
    """Nothing was ever appended for it."""


async def head_of(pool: asyncpg.Pool, tenant: str) -> Head:
    """Raises `NoSuchTenant`."""
    row = await pool.fetchrow(HEAD, tenant)
    if row is None:
        raise NoSuchTenant(tenant)
    return Head(tenant=tenant, position=row["head"], link=row["link"].hex())


async def verify(
    pool: asyncpg.Pool,
    tenant: str,
    tell: Callable[[int], object] = lambda _: None,
    *,
    parallel: int = 2,
    against: Sequence[Head] = (),
) -> list[Fault]:
    """Up to the head as it is now, while people work; `tell` hears how many events are done.

    `against` are heads of this tenant as they once were. At most a hundred faults of each kind.
    Raises `NoSuchTenant`.
    """
    head = await head_of(pool, tenant)
    faults = await _ending(pool, tenant)
    bounds = [row[0] for row in await pool.fetch(BOUNDS, tenant, head.position, WINDOW)]
    ranges = list(zip([0, *bounds], bounds, strict=False))
    ranges.reverse()  # taken from the end

    async def work() -> None:
        while ranges and len(faults) < MOST_FAULTS:
            after, upto = ranges.pop()
            rows = await pool.fetch(CHAIN, tenant, after, upto)
            faults.extend(Fault(tenant=tenant, **row) for row in rows)
            tell(upto - after)

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(work())
    for row in await pool.fetch(VERSIONS, tenant, head.position):
        faults.append(Fault(tenant=tenant, fault="version_gap", **row))
    commands = await pool.fetch(COMMANDS, tenant, head.position)
    for row in commands or await pool.fetch(EXCHANGED, tenant, head.position):
        faults.append(Fault(tenant=tenant, fault="command_changed", **row))
    faults.extend([fault for old in against if (fault := await _rewritten(pool, old))])
    return sorted(faults, key=lambda fault: (fault.first, fault.last))


async def headless(pool: asyncpg.Pool) -> list[Fault]:
    """Of tenants that have events, links or commands, and no head any more."""
    rows = await pool.fetch(HEADLESS)
    return [Fault(fault="head_changed", **row) for row in rows]


async def _ending(pool: asyncpg.Pool, tenant: str) -> list[Fault]:
    row = await pool.fetchrow(END, tenant)
    assert row is not None, "the head has just been read"
    head, last, event, begin = row["head"], row["last"], row["event"] or 0, row["begin"]
    faults: list[Fault] = []
    if begin is not None and begin < 1:
        faults.append(Fault(tenant=tenant, fault="event_added", first=begin, last=0))
    if not (head == last == max(event, 0) and row["linked"]):
        first, last = min(head, last, event) + 1, max(head, last, event)
        faults.append(Fault(tenant=tenant, fault="head_changed", first=first, last=last))
    if (row["command"] or 0) != head:
        first, last = sorted((row["command"] or 0, head))
        faults.append(Fault(tenant=tenant, fault="command_changed", first=first + 1, last=last))
    return faults


async def _rewritten(pool: asyncpg.Pool, old: Head) -> Fault | None:
    link: bytes | None = await pool.fetchval(LINK, old.tenant, old.position)
    if link is not None and link.hex() == old.link:
        return None
    return Fault(tenant=old.tenant, fault="rewritten", first=1, last=old.position)
