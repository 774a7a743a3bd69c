"""The log's head, and how far each read model is behind it."""

from datetime import datetime

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.queries.consistent_read import HEAD, Select, Snapshot, read
from milepost.dashboards.read_models import READ_MODELS


class Head(msgspec.Struct, frozen=True):
    head: int


class ModelStanding(msgspec.Struct, frozen=True, kw_only=True):
    """`lag` in events. `parked`: events that could not be folded, and what waits behind them."""

    name: str
    generation: int
    version: int
    status: str
    position: int
    lag: int
    as_of: datetime | None = None
    parked: int = 0


class OperationsSnapshot(Snapshot, frozen=True, kw_only=True):
    head: int
    models: list[ModelStanding]


HEAD_OF_LOG = Select(Decoder(list[Head]), HEAD)
MODELS = Select(
    Decoder(list[ModelStanding]),
    """select g.name, g.generation, g.version, g.status, coalesce(p.position, 0) as position,
        coalesce(h.head, 0) - coalesce(p.position, 0) as lag, p.recorded_at as as_of,
        (select count(*) from consumer.parked k
          where k.consumer = 'projection/' || g.name and k.generation = g.generation
            and k.tenant = :tenant and k.status not in ('done', 'skipped')) as parked
    from dashboards.generations g
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = :tenant
    left join log.heads h on h.tenant = :tenant
    where g.status in ('building', 'live') and (g.only_tenant is null or g.only_tenant = :tenant)
    order by g.name, g.generation""",
)


async def read_operations(
    pool: asyncpg.Pool, tenant: str, *, awaited: int | None = None
) -> OperationsSnapshot:
    """Of the read models that are live or being built."""
    found = await read(pool, tenant, READ_MODELS, (HEAD_OF_LOG, MODELS), awaited=awaited)
    heads, models = found.rows
    return OperationsSnapshot(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        head=heads[0].head if heads else 0,
        models=models,
    )
