"""The generations of read models: their tables, and which of them there are.

    status      how many  fed by           becomes
    ──────────  ────────  ───────────────  ─────────────────────────────────────────────
    building    0 or 1    a rebuild        live, by a switch; dropped, when canceled
    live        1         the projector    retired, by the switch of another
    retired     0 or 1    nobody           live, by a rollback; discarded, by the next switch
    discarded   any       nobody           dropped, once nobody reads it
    past        any       a rebuild as of  dropped, when canceled

A generation's tables are `dashboards.<table>_g<generation>`; the views `dashboards.<table>`, which
queries read, show the live one's. A rebuild for one tenant is never live: its rows replace those.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import asyncpg
import msgspec

from milepost.events.errors import EventsError
from milepost.events.parking.parked import consumer_of, drop_generation
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.tables import Connection, PgTable

# How the moment of a past generation begins that is one of `occurred_at`.
HAPPENED = "happened by "

COLUMNS = "name, generation, version, status, only_tenant, as_of, tables"
ALL = f"select {COLUMNS} from dashboards.generations where name = $1 order by generation"
OF_MODELS = f"""select {COLUMNS} from dashboards.generations
    where name = any($1) and status in ('building', 'live', 'retired')"""
ADD = f"""insert into dashboards.generations
        (name, generation, version, status, only_tenant, as_of, tables)
    select $1, coalesce(max(generation), 0) + 1, $2, $3, $4, $5, $6
      from dashboards.generations where name = $1
    returning {COLUMNS}"""
ENDS = """insert into dashboards.positions (name, generation, tenant, upto)
    select $1, $2, * from unnest($3::text[], $4::bigint[])
    on conflict (name, generation, tenant) do update
    set upto = greatest(excluded.upto, positions.upto)"""
REMOVE = "delete from dashboards.generations where name = $1 and generation = $2"
DROP_LOCK_TIMEOUT = "set local lock_timeout = '5s'"


class RebuildUnderWay(EventsError):
    """Another rebuild of this model, of other tenants, has been begun: finish or cancel it."""


class OtherVersion(EventsError):
    """What is to be built on is of another version of the model than this code."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(name, version)
        self.name = name
        self.version = version


class NoGeneration(EventsError):
    """The model has no such generation; `which` was looked for."""

    def __init__(self, name: str, which: str) -> None:
        super().__init__(f"{name} has no {which}")
        self.which = which


class Live(EventsError):
    """The live generation is never dropped."""


class Generation(msgspec.Struct, frozen=True):
    """`tables` are those it was made with, by the names that their views have."""

    name: str
    generation: int
    version: int
    status: str
    only_tenant: str | None
    as_of: str | None
    tables: tuple[str, ...]

    @property
    def happened_by(self) -> datetime | None:
        """What occurred later is left out of it, whenever it was recorded."""
        if self.as_of is None or not self.as_of.startswith(HAPPENED):
            return None
        return datetime.fromisoformat(self.as_of.removeprefix(HAPPENED))

    def table(self, name: str) -> str:
        return f"dashboards.{name}_g{self.generation}"


async def generations(
    connection: "Connection | asyncpg.Pool", names: Iterable[str]
) -> dict[str, dict[str, Generation]]:
    """By model, then by status: `live`, `building`, `retired`, of which there is one at most."""
    found: dict[str, dict[str, Generation]] = {name: {} for name in names}
    for record in await connection.fetch(OF_MODELS, list(found)):
        found[record["name"]][record["status"]] = _generation(record)
    return found


async def every_generation(connection: "Connection | asyncpg.Pool", name: str) -> list[Generation]:
    return [_generation(record) for record in await connection.fetch(ALL, name)]


async def ensure_live(pool: asyncpg.Pool, model: ReadModel) -> None:
    """The first generation ever is live from the start: there is nothing better to show."""
    async with pool.acquire() as connection, connection.transaction():
        known = await locked(connection, model.name)
        if "live" not in known:
            created = await _create(connection, model, "live")
            await index(connection, model, created)
            await show(connection, created)


async def begin(pool: asyncpg.Pool, model: ReadModel, only_tenant: str | None) -> Generation:
    """The generation to build: the one begun before, else a new one.

    Raises `RebuildUnderWay`, `OtherVersion`.
    """
    await drop_discarded(pool, model.name)
    async with pool.acquire() as connection, connection.transaction():
        known = await locked(connection, model.name)
        _refuse_version(known, model, only_tenant)
        building = known.get("building")
        if building is not None and building.version < model.version:
            await _drop(connection, building)
            building = None
        if building is None:
            return await _create(connection, model, "building", only_tenant)
        if building.only_tenant != only_tenant:
            raise RebuildUnderWay(model.name)
        return building


async def begin_past(
    pool: asyncpg.Pool,
    model: ReadModel,
    as_of: str,
    ends: Mapping[str, int],
    only_tenant: str | None,
) -> Generation:
    """A generation that ends at these positions: the one begun before, else a new one.

    One that ended earlier goes on: what is known of a past day grows.
    """
    async with pool.acquire() as connection, connection.transaction():
        await locked(connection, model.name)
        wanted = ("past", as_of, only_tenant, model.version)
        begun = [
            one
            for one in await every_generation(connection, model.name)
            if (one.status, one.as_of, one.only_tenant, one.version) == wanted
        ]
        past = begun[0] if begun else await _create(connection, model, "past", only_tenant, as_of)
        numbers = (model.name, past.generation)
        await connection.execute(ENDS, *numbers, list(ends), list(ends.values()))
        return past


async def drop(pool: asyncpg.Pool, name: str, number: int) -> Generation:
    """Raises `NoGeneration`, `Live`."""
    async with pool.acquire() as connection, connection.transaction():
        await locked(connection, name)
        for one in await every_generation(connection, name):
            if one.generation == number:
                if one.status == "live":
                    raise Live(name)
                await _drop(connection, one)
                return one
    raise NoGeneration(name, f"generation {number}")


async def drop_discarded(pool: asyncpg.Pool, name: str) -> None:
    """What a switch has left over. Somebody who still reads it is waited for 5 seconds."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            await locked(connection, name)
            for one in await every_generation(connection, name):
                if one.status == "discarded":
                    await _drop(connection, one)
    except asyncpg.LockNotAvailableError:
        return  # the next rebuild tries again


async def locked(connection: Connection, name: str) -> dict[str, Generation]:
    """As `generations`, and they change no more until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('generations/' || $1, 0))", name
    )
    return (await generations(connection, [name]))[name]


async def index(connection: Connection, model: ReadModel, generation: Generation) -> None:
    for table in model.tables:
        await PgTable(generation.table(table.name), table).index(connection)


async def show(connection: Connection, generation: Generation) -> None:
    for table in generation.tables:
        await connection.execute(
            f"create view dashboards.{table} as select * from {generation.table(table)}"
        )


def _refuse_version(
    known: Mapping[str, Generation], model: ReadModel, only_tenant: str | None
) -> None:
    """Older code must not undo what newer code builds; one tenant's rows must fit the others'."""
    live = known["live"]
    for one in (live, known.get("building", live)):
        if one.version > model.version:
            raise OtherVersion(model.name, one.version)
    if only_tenant is not None and live.version != model.version:
        raise OtherVersion(model.name, live.version)


async def _create(
    connection: Connection,
    model: ReadModel,
    status: str,
    only_tenant: str | None = None,
    as_of: str | None = None,
) -> Generation:
    names = [table.name for table in model.tables]
    row = (model.name, model.version, status, only_tenant, as_of, names)
    record = await connection.fetchrow(ADD, *row)
    assert record is not None, "an insert without conflict returns its row"
    created = _generation(record)
    for table in model.tables:
        await PgTable(created.table(table.name), table).create(connection)
    return created


async def _drop(connection: Connection, generation: Generation) -> None:
    await connection.execute(DROP_LOCK_TIMEOUT)
    await connection.execute(REMOVE, generation.name, generation.generation)
    await drop_generation(connection, consumer_of(generation.name), generation.generation)
    for table in generation.tables:
        await connection.execute(f"drop table {generation.table(table)}")


def _generation(record: asyncpg.Record) -> Generation:
    return msgspec.convert(dict(record), Generation)
