"""How far behind: in events, and in seconds since the first that waits was recorded."""

from collections.abc import Sequence

import asyncpg
import msgspec

from milepost.operations.doctor.finding import Bounds, Says, Verdict

# The first unread event of each that is behind, the oldest first. `$1` are consumers.
OF_CONSUMERS = """select c.consumer as name, h.tenant,
        h.head - coalesce(p.position, 0) as events,
        extract(epoch from clock_timestamp() - e.recorded_at)::float8 as seconds
    from unnest($1::text[]) as c(consumer)
    cross join log.heads h
    left join consumer.positions p on p.tenant = h.tenant and p.consumer = c.consumer
    cross join lateral (
        select recorded_at from log.events e
         where e.tenant = h.tenant and e.position > coalesce(p.position, 0)
         order by e.position limit 1) e
    where h.head > coalesce(p.position, 0)
    order by e.recorded_at limit $2"""
OF_MODELS = """select g.name, h.tenant,
        h.head - coalesce(p.position, 0) as events,
        extract(epoch from clock_timestamp() - e.recorded_at)::float8 as seconds
    from dashboards.generations g
    cross join log.heads h
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = h.tenant
    cross join lateral (
        select recorded_at from log.events e
         where e.tenant = h.tenant and e.position > coalesce(p.position, 0)
         order by e.position limit 1) e
    where g.status = 'live' and g.name = any($1) and h.head > coalesce(p.position, 0)
    order by e.recorded_at limit $2"""
MOST = 1000


class Lag(msgspec.Struct, frozen=True):
    name: str
    tenant: str
    events: int
    seconds: float


async def of_consumers(
    connection: "asyncpg.Connection[asyncpg.Record]", names: Sequence[str]
) -> list[Lag]:
    return [Lag(*row) for row in await connection.fetch(OF_CONSUMERS, list(names), MOST)]


async def of_models(
    connection: "asyncpg.Connection[asyncpg.Record]", names: Sequence[str]
) -> list[Lag]:
    return [Lag(*row) for row in await connection.fetch(OF_MODELS, list(names), MOST)]


def said(found: Sequence[Lag], bounds: Bounds, remedy: str) -> Says:
    """Of those that are behind, the oldest first."""
    if not found:
        return Says("nothing waits")
    first = found[0]
    grave = verdict(first.seconds, bounds)
    says = f"{first.name} is {first.events:,} events and {first.seconds:,.0f} s behind"
    says += f" in {first.tenant}" + (f", {len(found) - 1} more" if len(found) > 1 else "")
    return Says(says, grave, "" if grave == "ok" else remedy)


def verdict(seconds: float, bounds: Bounds) -> Verdict:
    if seconds > bounds.lag_wrong_seconds:
        return "wrong"
    return "warning" if seconds > bounds.lag_warning_seconds else "ok"
