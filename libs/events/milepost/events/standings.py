"""Where every generation of every read model stands, added up over tenants or for one of them."""

import asyncpg
import msgspec

STANDINGS = """select g.name, g.generation, g.version, g.status,
        coalesce(sum(p.position), 0)::bigint as position,
        coalesce(sum(h.head), 0)::bigint as head,
        coalesce(jsonb_object_agg(h.tenant, jsonb_build_object(
            'position', p.failed_at, 'failure', p.failure)) filter (where p.failed_at is not null),
            '{}')::text as stopped
    from dashboards.generations g
    left join log.heads h on h.tenant = coalesce(g.only_tenant, $1, h.tenant)
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = h.tenant
    group by g.name, g.generation
    order by g.name, g.generation"""


class Stop(msgspec.Struct, frozen=True):
    """The event that could not be folded."""

    position: int
    failure: str


class Standing(msgspec.Struct, frozen=True):
    """Positions and heads are sums over the tenants; `stopped` names those that stand still."""

    name: str
    generation: int
    version: int
    status: str
    position: int
    head: int
    stopped: dict[str, Stop]

    @property
    def lag(self) -> int:
        return self.head - self.position


async def standings(pool: asyncpg.Pool, tenant: str | None = None) -> list[Standing]:
    return [_standing(record) for record in await pool.fetch(STANDINGS, tenant)]


def _standing(record: asyncpg.Record) -> Standing:
    return msgspec.convert({**record, "stopped": msgspec.json.decode(record["stopped"])}, Standing)
