"""The generations of read models: their tables, which one is live, and the switch between them."""

from collections.abc import Iterable

import asyncpg
import msgspec

from milepost.events.projection import ReadModel
from milepost.events.tables import Connection, Shape

COLUMNS = "name, generation, version, status, only_tenant, tables"
OF_MODELS = f"select {COLUMNS} from dashboards.generations where name = any($1)"
ADD = f"""insert into dashboards.generations
        (name, generation, version, status, only_tenant, tables)
    select $1, coalesce(max(generation), 0) + 1, $2,
           case when $3::text is null and count(*) = 0 then 'live' else 'building' end, $3, $4
      from dashboards.generations where name = $1
    returning {COLUMNS}"""
REMOVE = "delete from dashboards.generations where name = $1 and generation = $2"
STATUS = """update dashboards.generations
    set status = $3, live_at = case $3 when 'live' then now() else live_at end
    where name = $1 and generation = $2"""
# The generation's row keeps new tenants out, those of its positions the others.
STAND_STILL = "select from dashboards.generations where name = $1 and status = 'live' for update"
STAND_STILL_TENANTS = """select from dashboards.positions p
    join dashboards.generations g using (name, generation)
    where name = $1 and status = 'live' for update of p"""
GONE_BACK = """select count(*) from dashboards.positions l
    left join dashboards.positions b
      on b.name = l.name and b.generation = $3 and b.tenant = l.tenant
    where l.name = $1 and l.generation = $2 and l.position > coalesce(b.position, 0)
      and ($4::text is null or l.tenant = $4)"""
REPLACE_POSITION = """insert into dashboards.positions as live
        (name, generation, tenant, position, recorded_at, failed_at, failure)
    select name, $2, tenant, position, recorded_at, failed_at, failure
      from dashboards.positions where name = $1 and generation = $3 and tenant = $4
    on conflict (name, generation, tenant) do update set
        position = excluded.position, recorded_at = excluded.recorded_at,
        failed_at = excluded.failed_at, failure = excluded.failure, epoch = live.epoch + 1"""


class RebuildUnderWay(Exception):
    """Another rebuild of this model, of other tenants, has been begun: finish or cancel it."""


class BehindLive(Exception):
    """The new generation has not read all that the live one has: reads would go back."""


class Generation(msgspec.Struct, frozen=True):
    """`tables` are those it was made with, by the names that their views have."""

    name: str
    generation: int
    version: int
    status: str
    only_tenant: str | None
    tables: tuple[str, ...]

    def table(self, name: str) -> str:
        return f"dashboards.{name}_g{self.generation}"


async def generations(
    connection: "Connection | asyncpg.Pool", names: Iterable[str]
) -> dict[str, dict[str, Generation]]:
    """By model, then by status."""
    found: dict[str, dict[str, Generation]] = {name: {} for name in names}
    for record in await connection.fetch(OF_MODELS, list(found)):
        found[record["name"]][record["status"]] = _generation(record)
    return found


async def ensure_live(pool: asyncpg.Pool, model: ReadModel) -> None:
    """The first generation ever is live from the start: there is nothing better to show."""
    async with pool.acquire() as connection, connection.transaction():
        known = await _locked(connection, model)
        if "live" not in known:
            await _show(connection, await _create(connection, model, None))


async def begin(pool: asyncpg.Pool, model: ReadModel, only_tenant: str | None) -> Generation:
    """The generation to build: the one begun before, else a new one. Raises `RebuildUnderWay`."""
    async with pool.acquire() as connection, connection.transaction():
        building = (await _locked(connection, model)).get("building")
        if building is not None and building.version != model.version:
            await _drop(connection, building)
            building = None
        if building is None:
            return await _create(connection, model, only_tenant)
        if building.only_tenant != only_tenant:
            raise RebuildUnderWay(model.name)
        return building


async def abandon(pool: asyncpg.Pool, model: ReadModel) -> bool:
    """Drop the generation that is being built. False when there is none."""
    async with pool.acquire() as connection, connection.transaction():
        building = (await _locked(connection, model)).get("building")
        if building is not None:
            await _drop(connection, building)
        return building is not None


async def stand_still(connection: Connection, name: str) -> None:
    """Until the transaction ends, the live generation of this model does not move."""
    await connection.execute("set local lock_timeout = '2s'")
    await connection.execute(STAND_STILL, name)
    await connection.execute(STAND_STILL_TENANTS, name)


async def take_over(connection: Connection, model: ReadModel, building: Generation) -> None:
    """Point the views at `building`; keep the live one as retired, drop the one before.

    In a transaction that made the live one stand still. Raises `BehindLive`.
    """
    known = await _locked(connection, model)
    live = known["live"]
    await _refuse_going_back(connection, live, building)
    if "retired" in known:
        await _drop(connection, known["retired"])
    await connection.execute(STATUS, model.name, live.generation, "retired")
    await connection.execute(STATUS, model.name, building.generation, "live")
    for table in live.tables:
        await connection.execute(f"drop view dashboards.{table}")
    await _show(connection, building)


async def take_over_tenant(connection: Connection, model: ReadModel, building: Generation) -> None:
    """Put one tenant's rows, built beside, in the place of the live ones. As `take_over`."""
    live = (await _locked(connection, model))["live"]
    tenant = building.only_tenant
    await _refuse_going_back(connection, live, building)
    for table in building.tables:
        await connection.execute(f"delete from {live.table(table)} where tenant = $1", tenant)
        await connection.execute(
            f"insert into {live.table(table)} select * from {building.table(table)}"
        )
    await connection.execute(
        REPLACE_POSITION, model.name, live.generation, building.generation, tenant
    )
    await _drop(connection, building)


async def _refuse_going_back(
    connection: Connection, live: Generation, building: Generation
) -> None:
    numbers = (live.name, live.generation, building.generation, building.only_tenant)
    if await connection.fetchval(GONE_BACK, *numbers):
        raise BehindLive(live.name)


async def _locked(connection: Connection, model: ReadModel) -> dict[str, Generation]:
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('generations/' || $1, 0))", model.name
    )
    return (await generations(connection, [model.name]))[model.name]


async def _create(connection: Connection, model: ReadModel, only_tenant: str | None) -> Generation:
    names = [table.name for table in model.tables]
    record = await connection.fetchrow(ADD, model.name, model.version, only_tenant, names)
    assert record is not None, "an insert without conflict returns its row"
    created = _generation(record)
    for table in model.tables:
        await Shape(created.table(table.name), table).create(connection)
    return created


async def _drop(connection: Connection, generation: Generation) -> None:
    await connection.execute(REMOVE, generation.name, generation.generation)
    for table in generation.tables:
        await connection.execute(f"drop table {generation.table(table)}")


async def _show(connection: Connection, generation: Generation) -> None:
    for table in generation.tables:
        await connection.execute(
            f"create view dashboards.{table} as select * from {generation.table(table)}"
        )


def _generation(record: asyncpg.Record) -> Generation:
    return msgspec.convert(dict(record), Generation)
