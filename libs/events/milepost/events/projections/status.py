"""Where every generation of every read model stands, added up over tenants or for one of them."""

import asyncpg
import msgspec

STANDINGS = """select g.name, g.generation, g.version, g.status, g.only_tenant, g.as_of,
        coalesce(sum(p.position), 0)::bigint as position,
        coalesce(sum(case when g.status = 'past' then p.upto else h.head end), 0)::bigint as head,
        (select count(*) from consumer.parked k
          where k.consumer = 'projection/' || g.name and k.generation = g.generation
            and ($1::text is null or k.tenant = $1) and k.status not in ('done', 'skipped'))
            as parked
    from dashboards.generations g
    left join log.heads h
      on h.tenant = coalesce($1, h.tenant) and h.tenant = coalesce(g.only_tenant, h.tenant)
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = h.tenant
    where g.status <> 'discarded'
    group by g.name, g.generation
    order by g.name, g.generation"""


class ModelStatus(msgspec.Struct, frozen=True):
    """Positions and heads are sums over the tenants; a past generation's head is where it ends.

    `parked`: events that could not be folded, and those that wait behind them.
    """

    name: str
    generation: int
    version: int
    status: str
    only_tenant: str | None
    as_of: str | None
    position: int
    head: int
    parked: int

    @property
    def lag(self) -> int:
        return self.head - self.position


async def model_status(pool: asyncpg.Pool, tenant: str | None = None) -> list[ModelStatus]:
    return [ModelStatus(*record) for record in await pool.fetch(STANDINGS, tenant)]
