"""What operators make of parked events: they list them, and say `retry` or `skip`.

Whoever feeds the consumer hears it within a second. What was decided, by whom and why, is kept.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.events.event import Conflicting, Unknown
from milepost.events.parking.parked import COLUMNS, Either, Parked, Pool, Status

Decided: TypeAlias = Literal["retry", "skip"]


class Decision(msgspec.Struct, frozen=True):
    decided_at: datetime
    decision: Decided
    actor: str
    reason: str | None


class NotParked(Unknown):
    def __init__(self, id: int) -> None:  # noqa: A002 - the fact's name
        self.id = id


class Settled(Conflicting):
    """It has been retried or skipped before."""

    def __init__(self, id: int, status: str) -> None:  # noqa: A002 - the fact's name
        self.id = id
        self.status = status


class WaitsBehind(Conflicting):
    """An earlier event of the key did not fail itself: retry or skip that one first."""

    def __init__(self, id: int, first: int) -> None:  # noqa: A002 - the fact's name
        self.id = id
        self.first = first


LIST = f"""select {COLUMNS} from consumer.parked
    where ($1::text is null or tenant = $1) and ($2::text is null or consumer = $2)
      and ($3 or status not in ('done', 'skipped'))
    order by consumer, generation, tenant, key, position limit $4"""
ONE = f"select {COLUMNS} from consumer.parked where id = $1"
FIRST = """select id from consumer.parked
    where tenant = $1 and consumer = $2 and generation = $3 and key = $4
      and status in ('parked', 'retry', 'skip') order by position limit 1"""
FAILED = """select id from consumer.parked where status = 'parked'
    and ($1::text is null or tenant = $1) and consumer = $2"""
# Whatever generation the numbers belong to, it is the event that is decided on.
DECIDE = """with decided as (
        update consumer.parked p set status = $2, changed_at = now()
          from (select distinct tenant, consumer, position from consumer.parked
                 where id = any($1)) event
         where p.tenant = event.tenant and p.consumer = event.consumer
           and p.position = event.position and p.status = any($3)
        returning p.tenant, p.consumer, p.position)
    insert into consumer.decisions (tenant, consumer, position, decision, actor, reason)
    select distinct tenant, consumer, position, $2, $4, $5 from decided returning true"""
DECISIONS = f"""select {", ".join(Decision.__struct_fields__)} from consumer.decisions
    where tenant = $1 and consumer = $2 and position = $3 order by decided_at"""
FROM: dict[Decided, tuple[Status, ...]] = {
    "retry": ("parked", "retry"),
    "skip": ("parked", "behind", "retry", "skip"),
}


async def list_parked(
    pool: Pool,
    *,
    tenant: str | None = None,
    consumer: str | None = None,
    settled: bool = False,
    limit: int = 1000,
) -> list[Parked]:
    """The first that are parked, or with `settled` ever were, in the order they will be done."""
    return [Parked(*row) for row in await pool.fetch(LIST, tenant, consumer, settled, limit)]


async def find(pool: Either, id: int) -> Parked:  # noqa: A002 - the fact's name
    """Raises `NotParked`."""
    row = await pool.fetchrow(ONE, id)
    if row is None:
        raise NotParked(id)
    return Parked(*row)


async def decisions(pool: Either, parked: Parked) -> list[Decision]:
    """What was decided about this event for this consumer, in any generation; the first first."""
    rows = await pool.fetch(DECISIONS, parked.tenant, parked.consumer, parked.position)
    return [Decision(*row) for row in rows]


async def retry(
    pool: Either,
    id: int,  # noqa: A002 - the fact's name
    *,
    actor: str,
    reason: str | None = None,
) -> Parked:
    """Try it again, and if it succeeds what waits behind it. Raises `NotParked`, `Conflicting`."""
    parked = await find(pool, id)
    if parked.status == "behind":
        key = (parked.tenant, parked.consumer, parked.generation, parked.key)
        raise WaitsBehind(id, await pool.fetchval(FIRST, *key))
    await _decide(pool, parked, "retry", actor, reason)
    return parked


async def retry_all(
    pool: Pool, consumer: str, *, tenant: str | None, actor: str, reason: str | None = None
) -> int:
    """Try everything again that failed in a consumer, after it was mended. How many events."""
    ids = [row["id"] for row in await pool.fetch(FAILED, tenant, consumer)]
    return len(await pool.fetch(DECIDE, ids, "retry", FROM["retry"], actor, reason))


async def skip(pool: Either, id: int, *, actor: str, reason: str) -> Parked:  # noqa: A002
    """Leave it out for good; what waits goes on. Raises `NotParked`, `Settled`."""
    parked = await find(pool, id)
    await _decide(pool, parked, "skip", actor, reason)
    return parked


async def _decide(
    pool: Either, parked: Parked, decision: Decided, actor: str, reason: str | None
) -> None:
    decided: Sequence[object] = await pool.fetch(
        DECIDE, [parked.id], decision, FROM[decision], actor, reason
    )
    if not decided:
        raise Settled(parked.id, (await find(pool, parked.id)).status)
