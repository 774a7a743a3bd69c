"""Where generations stand in each tenant's log: `Positions` for who fills one, a checkpoint that
is moved with its rows; `model_status` for who looks on.

A position moves only from where this process believes it is. `epoch` counts what changes rows
without moving on (a retry of what was parked, a switch): whoever believes in an older one is
refused, too.
"""

from collections.abc import Collection

import asyncpg
import msgspec

from milepost.events.errors import EventsError
from milepost.events.projections.generations import Generation
from milepost.events.projections.tables import Connection

READ = """select tenant, position, epoch from dashboards.positions
    where name = $1 and generation = $2 and ($3::text[] is null or tenant = any($3))"""
ADD = """insert into dashboards.positions (name, generation, tenant)
    select g.name, g.generation, t.tenant
      from dashboards.generations g, unnest($3::text[]) as t(tenant)
     where g.name = $1 and g.generation = $2
    on conflict do nothing"""
MOVE = """update dashboards.positions set position = $6, epoch = $7, recorded_at =
        (select e.recorded_at from log.events e where e.tenant = $3 and e.position = $6)
    where name = $1 and generation = $2 and tenant = $3 and position = $4 and epoch = $5
    returning true"""
STATUS = """select g.name, g.generation, g.version, g.status, g.only_tenant, g.as_of,
        coalesce(sum(p.position), 0)::bigint as position,
        coalesce(sum(case when g.status = 'past' then p.upto else h.head end), 0)::bigint as head,
        (select count(*) from consumer.parked k
          where k.consumer = 'projection/' || g.name and k.generation = g.generation
            and ($1::text is null or k.tenant = $1) and k.status not in ('done', 'skipped'))
            as parked,
        coalesce(obj_description(to_regclass(
            'dashboards.' || g.tables[1] || '_g' || g.generation), 'pg_class') = 'built', false)
            as built
    from dashboards.generations g
    left join log.heads h
      on h.tenant = coalesce($1, h.tenant) and h.tenant = coalesce(g.only_tenant, h.tenant)
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = h.tenant
    where g.status <> 'discarded'
    group by g.name, g.generation
    order by g.name, g.generation"""


class Overtaken(EventsError):
    """Somebody else moved, replaced or dropped these rows: read the positions again."""


class Positions:
    """`by_tenant` as last read or committed."""

    def __init__(self, pool: asyncpg.Pool, generation: Generation) -> None:
        self.by_tenant: dict[str, int] = {}
        self._pool = pool
        self._name = generation.name
        self._numbers = (generation.name, generation.generation)
        self._epochs: dict[str, int] = {}

    async def load(self) -> None:
        self.by_tenant.clear()
        await self._read(None)

    async def add(self, tenants: Collection[str]) -> None:
        """Raises `Overtaken` when the generation is no more."""
        await self._pool.execute(ADD, *self._numbers, list(tenants))
        await self._read(list(tenants))
        if not self.by_tenant.keys() >= set(tenants):
            raise Overtaken(self._name)

    async def move(
        self, connection: Connection, tenant: str, upto: int, *, resumed: bool
    ) -> tuple[int, int]:
        """Within the transaction; `keep` what is returned once that is committed.

        `resumed`: rows have changed that stood before the position. Raises `Overtaken`.
        """
        was, epoch = self.by_tenant[tenant], self._epochs[tenant]
        new = (upto, epoch + resumed)
        if not await connection.fetchval(MOVE, *self._numbers, tenant, was, epoch, *new):
            raise Overtaken(self._name)
        return new

    def keep(self, tenant: str, moved: tuple[int, int]) -> None:
        self.by_tenant[tenant], self._epochs[tenant] = moved

    async def _read(self, tenants: list[str] | None) -> None:
        for record in await self._pool.fetch(READ, *self._numbers, tenants):
            self.keep(record["tenant"], (record["position"], record["epoch"]))


class ModelStatus(msgspec.Struct, frozen=True):
    """Positions and heads are sums over the tenants; a past generation's head is where it ends.

    `parked`: events that could not be folded, and those that wait behind them.
    `built`: a rebuild had reached the log's end, and made what queries look up by.
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
    built: bool

    @property
    def lag(self) -> int:
        return self.head - self.position


async def model_status(
    pool: "asyncpg.Pool[asyncpg.Record] | Connection", tenant: str | None = None
) -> list[ModelStatus]:
    return [ModelStatus(*record) for record in await pool.fetch(STATUS, tenant)]
