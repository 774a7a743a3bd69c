"""One generation of a read model, as the process that fills it sees it: a batch in, rows out.

Rows and position are committed together, only from the position that this process believes in
(`Overtaken` otherwise), so that a second projector can neither repeat nor skip anything.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from milepost.events.generations import Generation
from milepost.events.projection import Fact, Key, ReadModel, Rows, Table, Undecodable
from milepost.events.tables import Shape

POSITIONS = """select tenant, position, epoch from dashboards.positions
    where name = $1 and generation = $2 and ($3::text[] is null or tenant = any($3))"""
NEW_TENANTS = """insert into dashboards.positions (name, generation, tenant)
    select g.name, g.generation, t.tenant
      from dashboards.generations g, unnest($3::text[]) as t(tenant)
     where g.name = $1 and g.generation = $2
    on conflict do nothing"""
MOVE = """update dashboards.positions
    set position = $6, failed_at = $7, failure = $8, recorded_at =
        (select e.recorded_at from log.events e where e.tenant = $3 and e.position = $6)
    where name = $1 and generation = $2 and tenant = $3 and position = $4 and epoch = $5
    returning true"""
ROWS_IN_MEMORY = 100_000  # of one read model, about 60 MB

FOLDED = Counter("milepost_projection_events", "Events folded into a read model.", ["model"])
STOPPED = Gauge(
    "milepost_projection_stopped_at", "The event a model stands before.", ["model", "tenant"]
)

_log = structlog.get_logger()


class Overtaken(Exception):
    """Somebody else moved, replaced or dropped these rows: read the positions again."""


class Unfoldable(Exception):
    """These facts cannot be made into rows; the cause says why."""


# What asyncpg cannot encode it refuses with a ValueError of its own.
UNFOLDABLE = (Unfoldable, asyncpg.DataError, ValueError)


class Copy:
    """`positions` by tenant as last committed or read; `stopped`: the event that failed."""

    def __init__(self, pool: asyncpg.Pool, model: ReadModel, generation: Generation) -> None:
        self.model = model
        self.generation = generation
        self.positions: dict[str, int] = {}
        self.stopped: dict[str, int] = {}
        self._pool = pool
        self._numbers = (model.name, generation.generation)
        self._epochs: dict[str, int] = {}
        self._tags = frozenset(model.codec.tags)
        self._shapes = {
            table.name: Shape(generation.table(table.name), table) for table in model.tables
        }
        self._kept: dict[str, dict[str, dict[Key, Any]]] = {}

    async def recall(self) -> None:
        """Read the positions and forget all rows; what had failed is tried again."""
        for tenant in self.stopped:
            STOPPED.remove(self.model.name, tenant)
        self.positions.clear()
        self.stopped.clear()
        self._kept.clear()
        await self._recall(None)

    async def add_tenants(self, tenants: AbstractSet[str]) -> None:
        """Raises `Overtaken` when the generation is no more."""
        if not tenants:
            return
        await self._pool.execute(NEW_TENANTS, *self._numbers, list(tenants))
        await self._recall(list(tenants))
        if not tenants <= self.positions.keys():
            raise Overtaken(self.model.name)

    async def _recall(self, tenants: list[str] | None) -> None:
        for record in await self._pool.fetch(POSITIONS, *self._numbers, tenants):
            self.positions[record["tenant"]] = record["position"]
            self._epochs[record["tenant"]] = record["epoch"]

    async def take(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        """Fold and commit what follows the tenant's position, up to `upto`.

        An event that cannot be folded stops this tenant before it. Raises `Overtaken`.
        """
        await self._take(tenant, [fact for fact in facts if fact.type in self._tags], upto)

    async def _take(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        try:
            await self._fold_and_commit(tenant, facts, upto)
        except UNFOLDABLE as error:
            self._kept.pop(tenant, None)
            if len(facts) == 1:
                await self._stop(tenant, facts[0], error)
                return
            middle = facts[len(facts) // 2].position
            await self._take(tenant, [fact for fact in facts if fact.position < middle], middle - 1)
            if tenant not in self.stopped:
                await self._take(tenant, [fact for fact in facts if fact.position >= middle], upto)
        except asyncpg.UndefinedTableError as error:
            raise Overtaken(self.model.name) from error
        except BaseException:
            self._kept.pop(tenant, None)  # half folded, or not committed
            raise

    async def _fold_and_commit(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        _refuse_undecodable(facts)
        rows = Rows(await self._load(tenant, facts))
        _fold(self.model, rows, facts)
        await self._commit(tenant, rows, upto)
        self._remember(tenant, rows)
        FOLDED.labels(self.model.name).inc(len(facts))

    async def _load(
        self, tenant: str, facts: Sequence[Fact[Any]]
    ) -> Mapping[str, Mapping[Key, Any]]:
        """The rows that these facts are about, from memory or the database; None: not there."""
        kept = self._kept.setdefault(tenant, {})
        for table in self.model.kept:
            rows = kept.setdefault(table.name, {})
            missing = _keys(table, facts).difference(rows)
            if missing:
                loaded = await self._shapes[table.name].load(self._pool, tenant, missing)
                rows.update({key: loaded.get(key) for key in missing})
        return kept

    async def _commit(
        self, tenant: str, rows: Rows, upto: int, failed_at: int | None = None, failure: str = ""
    ) -> None:
        seen = (self.positions[tenant], self._epochs[tenant])
        async with self._pool.acquire() as connection, connection.transaction():
            # What a crash of Postgres undoes here is read from the log again, so none need wait.
            await connection.execute("set local synchronous_commit = off")
            moved = await connection.fetchval(
                MOVE, *self._numbers, tenant, *seen, upto, failed_at, failure or None
            )
            if not moved:
                raise Overtaken(self.model.name)
            for name, changed in rows.changed.items():
                await self._shapes[name].write(connection, tenant, changed.values())
        self.positions[tenant] = upto

    def _remember(self, tenant: str, rows: Rows) -> None:
        for table in self.model.kept:
            self._kept[tenant][table.name].update(rows.changed.get(table.name, {}))
        held = (len(rows) for tables in self._kept.values() for rows in tables.values())
        if sum(held) > ROWS_IN_MEMORY:
            self._kept.clear()

    async def _stop(self, tenant: str, fact: Fact[Any], error: Exception) -> None:
        cause = error.__cause__ or error
        words = f"{type(cause).__name__}: {cause}"[:500]
        await self._commit(tenant, Rows({}), fact.position - 1, fact.position, words)
        self.stopped[tenant] = fact.position
        STOPPED.labels(self.model.name, tenant).set(fact.position)
        _log.error(
            "projection_stopped",
            model=self.model.name,
            tenant=tenant,
            position=fact.position,
            type=fact.type,
            exc_info=cause,
        )


def _refuse_undecodable(facts: Sequence[Fact[Any]]) -> None:
    for fact in facts:
        if type(fact.event) is Undecodable:
            raise Unfoldable(fact.type) from fact.event.error


def _keys(table: Table[Any], facts: Sequence[Fact[Any]]) -> set[Key]:
    assert table.key_of is not None, "a tally is not loaded"
    try:
        keys = {table.key_of(fact) for fact in facts}
    except Exception as error:
        raise Unfoldable(table.name) from error
    return {key for key in keys if key is not None}


def _fold(model: ReadModel, rows: Rows, facts: Sequence[Fact[Any]]) -> None:
    fold = model.fold
    try:
        for fact in facts:
            fold(rows, fact)
    except Exception as error:
        raise Unfoldable(model.name) from error
