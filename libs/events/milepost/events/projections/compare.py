"""Whether two generations of a read model hold the same, where both stand at the same positions.

The live one stands still for as long as the other needs to come to where it is: a few events.
Then both are read in one snapshot, while the live one goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import msgspec

from milepost.events.errors import EventsError
from milepost.events.projections.catch_up import CatchUp
from milepost.events.projections.generations import Generation
from milepost.events.projections.switch import stand_still
from milepost.events.projections.tables import LONG_SECONDS, Connection

NAMED = 10
ATTEMPTS, PAUSE_SECONDS = 40, 0.25
APART = """select count(*) from dashboards.positions l
    left join dashboards.positions o
      on o.name = l.name and o.generation = $3 and o.tenant = l.tenant
    where l.name = $1 and l.generation = $2 and ($4::text is null or l.tenant = $4)
      and l.position <> coalesce(o.position, 0)"""
COLUMNS = """select a.attname::text as name, coalesce(a.attnum = any(i.indkey), false) as key
      from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum"""
PARKED = """select count(*) from consumer.parked
    where consumer = 'projection/' || $1 and generation = $2 and status not in ('done', 'skipped')
      and ($3::text is null or tenant = $3)"""


class LiveStands(EventsError):
    """The live generation is behind the other, and does not come nearer: nobody feeds it."""


class Difference(msgspec.Struct, frozen=True):
    """`column` is None when the whole row is missing; the values then are the rows."""

    table: str
    key: dict[str, str]
    column: str | None
    live: Any
    other: Any


class Compared(msgspec.Struct, frozen=True):
    """A table: its rows, and the sum of their hashes, in the live generation and in the other."""

    table: str
    rows: tuple[int, int]
    checksums: tuple[str, str]

    @property
    def identical(self) -> bool:
        return self.rows[0] == self.rows[1] and self.checksums[0] == self.checksums[1]


class Comparison(msgspec.Struct, frozen=True):
    """Generation `live` against `other`, at `position` (the sum over the tenants).

    `only_in_one` names tables and columns; of the others the first `differences` are told.
    `parked`: unsettled events of each.
    """

    name: str
    live: int
    other: int
    tenant: str | None
    position: int
    tables: tuple[Compared, ...]
    only_in_one: tuple[str, ...]
    differences: tuple[Difference, ...]
    parked: tuple[int, int]

    @property
    def identical(self) -> bool:
        return not self.only_in_one and all(table.identical for table in self.tables)


async def compare_with_live(catch_up: CatchUp) -> Comparison:
    """Raises `LiveStands`, `Overtaken`."""
    live, other = await catch_up.live(), catch_up.writer.generation
    async with _at_one_position(catch_up, live) as (snapshot, position):
        return await _compared(snapshot, live, other, catch_up.only_tenant, position)


@asynccontextmanager
async def _at_one_position(
    catch_up: CatchUp, live: Generation
) -> AsyncIterator[tuple[Connection, int]]:
    """A transaction that sees both generations where they stood at one moment, and where that is.

    Its first statement takes its snapshot, not its beginning.
    """
    await catch_up.to_live()
    async with (
        catch_up.pool.acquire() as snapshot,
        snapshot.transaction(isolation="repeatable_read", readonly=True),
    ):
        for _ in range(ATTEMPTS):
            with suppress(asyncpg.LockNotAvailableError):  # a long batch: the next is shorter
                ends = await _meet(catch_up, snapshot, live)
                if ends is not None:
                    break
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            raise LiveStands(live.name)
        yield snapshot, sum(ends.values())


async def _meet(
    catch_up: CatchUp, snapshot: Connection, live: Generation
) -> Mapping[str, int] | None:
    """Where both stand now; None: the live one must come nearer first."""
    async with catch_up.pool.acquire() as connection, connection.transaction():
        ends = await stand_still(connection, live.name, catch_up.only_tenant)
        if _is_beyond(catch_up, ends):
            return None
        await catch_up.up_to(ends)
        numbers = (live.name, live.generation, catch_up.writer.generation.generation)
        apart = await snapshot.fetchval(APART, *numbers, catch_up.only_tenant)
        assert not apart, "nothing moved meanwhile"
        return ends


def _is_beyond(catch_up: CatchUp, ends: Mapping[str, int]) -> bool:
    return any(
        position > ends.get(tenant, 0)
        for tenant, position in catch_up.writer.positions.items()
        if catch_up.only_tenant in (None, tenant)
    )


async def _compared(
    snapshot: Connection, live: Generation, other: Generation, tenant: str | None, position: int
) -> Comparison:
    shared = [table for table in live.tables if table in other.tables]
    alone = sorted(set(live.tables) ^ set(other.tables))
    tables: list[Compared] = []
    differences: list[Difference] = []
    for table in shared:
        names = (live.table(table), other.table(table))
        columns, only = await _columns(snapshot, names)
        alone += [f"{table}.{column}" for column in only]
        compared = await _summed(snapshot, table, names, list(columns), tenant)
        tables.append(compared)
        if not compared.identical:
            differences += await _differences(snapshot, table, names, columns, tenant)
    parked = [
        await snapshot.fetchval(PARKED, live.name, one.generation, tenant) for one in (live, other)
    ]
    return Comparison(
        name=live.name,
        live=live.generation,
        other=other.generation,
        tenant=tenant,
        position=position,
        tables=tuple(tables),
        only_in_one=tuple(alone),
        differences=tuple(differences[:NAMED]),
        parked=(parked[0], parked[1]),
    )


async def _columns(
    snapshot: Connection, names: tuple[str, str]
) -> tuple[dict[str, bool], list[str]]:
    """Those that both have, and whether they are of the key; and those that only one has."""
    first, second = [
        {row["name"]: row["key"] for row in await snapshot.fetch(COLUMNS, name)} for name in names
    ]
    shared = {name: key for name, key in first.items() if name in second}
    return shared, sorted(first.keys() ^ second.keys())


async def _summed(
    snapshot: Connection,
    table: str,
    names: tuple[str, str],
    columns: Sequence[str],
    tenant: str | None,
) -> Compared:
    """The sum does not depend on the order of the rows, so none need be sorted."""
    hashed = f"hash_record_extended(row({', '.join(columns)}), 0)"
    sums = [
        await snapshot.fetchrow(
            f"select count(*), coalesce(sum({hashed}), 0) from {name}"
            " where $1::text is null or tenant = $1",
            tenant,
            timeout=LONG_SECONDS,
        )
        for name in names
    ]
    rows, checksums = zip(*((int(one[0]), str(one[1])) for one in sums if one), strict=True)
    return Compared(table, rows, checksums)


async def _differences(
    snapshot: Connection,
    table: str,
    names: tuple[str, str],
    columns: Mapping[str, bool],
    tenant: str | None,
) -> list[Difference]:
    """Of the first rows by key that differ."""
    key = ", ".join(name for name, is_key in columns.items() if is_key)
    rows = [
        f"(select {', '.join(columns)} from {name} where $1::text is null or tenant = $1)"
        for name in names
    ]
    found = await snapshot.fetch(
        f"""select to_jsonb(l)::text, to_jsonb(o)::text from {rows[0]} l
        full join {rows[1]} o using ({key}) where l is distinct from o
        order by {key} limit {NAMED}""",
        tenant,
        timeout=LONG_SECONDS,
    )
    keys = [name for name, is_key in columns.items() if is_key]
    return [one for row in found for one in _named(table, keys, *map(_decoded, row))]


def _decoded(row: str | None) -> dict[str, Any] | None:
    return None if row is None else msgspec.json.decode(row)


def _named(
    table: str, keys: Sequence[str], live: dict[str, Any] | None, other: dict[str, Any] | None
) -> list[Difference]:
    if live is None or other is None:
        key = {name: (live or other or {})[name] for name in keys}
        return [Difference(table, key, None, live, other)]
    key = {name: live[name] for name in keys}
    return [
        Difference(table, key, column, live[column], other[column])
        for column in live
        if live[column] != other[column]
    ]
