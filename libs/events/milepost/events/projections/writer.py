"""One generation of a read model, as the process that fills it sees it: a batch in, rows out.

    facts ─▶ parked keys out ─▶ load rows ─▶ fold ─▶ one transaction: rows, what is parked, position
               │                (cached)      ✗                 ✗
               └▶ wait behind                 └────────┬────────┘
                                              each alone: what fails is parked with its key

Rows and position are committed together, only from the position that this process believes in
(`Overtaken` otherwise), so that a second projector can neither repeat nor skip anything. What
cannot be folded is parked, in that same transaction, with all that follows of its stream key.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import asyncpg
import structlog
from prometheus_client import Counter

from milepost.events.parking.parked import (
    Failure,
    HeldKey,
    Parked,
    consumer_of,
    failed_again,
    held_keys,
    mark_resolved,
    park,
    skipped,
    unsettled_of_key,
)
from milepost.events.projections.folding import (
    BatchOutcome,
    Unfoldable,
    behind,
    failure_of,
    fold_all,
    fold_each,
    keyed,
    keys,
    linked_keys,
    occurred_by,
)
from milepost.events.projections.generations import Generation
from milepost.events.projections.log_reader import codecs_of, facts_at
from milepost.events.projections.positions import Overtaken, Positions
from milepost.events.projections.read_model import Fact, Key, Loaded, ReadModel, Rows, UndoableRows
from milepost.events.projections.tables import UNSTORABLE, Connection, PgTable

ROWS_IN_MEMORY = 100_000  # of one read model, about 60 MB
AT_ONCE = 10_000  # of what is parked of one key

FOLDED = Counter("milepost_projection_events", "Events folded into a read model.", ["model"])

_log = structlog.get_logger()


class GenerationWriter:
    """A batch of a tenant at a time; `load` before the first.

    `lock_ms`: so long a batch waits for a lock, then `asyncpg.LockNotAvailableError`; 0: no end.
    """

    def __init__(
        self, pool: asyncpg.Pool, model: ReadModel, generation: Generation, *, lock_ms: int = 0
    ) -> None:
        self.model = model
        self.generation = generation
        self.consumer = consumer_of(model.name)
        self.parked_events = 0
        self._pool = pool
        # What a crash of Postgres undoes here is read from the log again: none need wait.
        self._begin = f"set local synchronous_commit = off; set local lock_timeout = {lock_ms}"
        self._positions = Positions(pool, generation)
        self._codecs = codecs_of(model.codec)
        self._tables = {
            table.name: PgTable(generation.table(table.name), table) for table in model.tables
        }
        self._cached: dict[str, Loaded] = {}
        self._parked: set[tuple[str, str]] = set()
        self._skipped: AbstractSet[tuple[str, int]] = frozenset()
        self._happened_by = generation.happened_by

    @property
    def positions(self) -> Mapping[str, int]:
        """By tenant, as last committed or read."""
        return self._positions.by_tenant

    async def load(self) -> None:
        """Read the positions, then what is parked, and forget all rows."""
        self._cached.clear()
        await self._positions.load()
        await self._load_parked()

    async def add_tenants(self, tenants: Collection[str]) -> None:
        """Raises `Overtaken` when the generation is no more."""
        if tenants:
            await self._positions.add(tenants)

    def hears(self, types: AbstractSet[str]) -> bool:
        """Whether anything of these types changes the model."""
        return not types.isdisjoint(self._codecs)

    async def write(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        """Fold and commit what follows the tenant's position, up to `upto`. Raises `Overtaken`."""
        own = [fact for fact in facts if fact.type in self._codecs]
        if self._skipped:
            own = [fact for fact in own if (tenant, fact.position) not in self._skipped]
        if until := self._happened_by:
            own = [fact for fact in own if occurred_by(fact, until)]
        try:
            await self._write_together(tenant, own, upto)
        except (Unfoldable, *UNSTORABLE):
            await self._write_apart(tenant, own, upto)
        FOLDED.labels(self.model.name).inc(len(own))

    async def changed(self) -> set[str]:
        """The tenants for which operators have said something of what is parked."""
        held = await self._held(None)
        differing = self._parked ^ {(one.tenant, one.key) for one in held}
        return {one.tenant for one in held if one.resumable} | {tenant for tenant, _ in differing}

    async def resume(self, tenant: str | None = None) -> None:
        """Retry or skip what operators have said, of a tenant or of all. Raises `Overtaken`.

        Not while that tenant's events are written: what is to be parked is not there yet.
        """
        while resumable := await self._load_parked(tenant):
            for one in resumable:
                await self._resume(*one)

    async def _load_parked(self, tenant: str | None = None) -> list[tuple[str, str]]:
        """Returns the keys whose first event is to be retried or skipped."""
        held = await self._held(tenant)
        others = {key for key in self._parked if tenant not in (None, key[0])}
        self._parked = others | {(one.tenant, one.key) for one in held}
        return [(one.tenant, one.key) for one in held if one.resumable]

    async def _held(self, tenant: str | None) -> list[HeldKey]:
        self._skipped = await skipped(self._pool, self.consumer)
        held = await held_keys(self._pool, self.consumer, self.generation.generation, tenant=tenant)
        if tenant is None:
            self.parked_events = sum(one.events for one in held)
        return held

    async def _write_together(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        free, waits = self._free_of_parked(tenant, facts)
        with self._uncached_on_error(tenant):
            rows = Rows(await self._load_rows(tenant, free))
            fold_all(self.model, rows, free)
            await self._commit(tenant, rows, upto, BatchOutcome(waits))

    async def _write_apart(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        """Fold one by one; where only Postgres can tell what it refuses, in ever smaller parts."""
        free, waits = self._free_of_parked(tenant, facts)
        try:
            rows, failures = await self._folded_each(tenant, free)
            await self._commit(tenant, rows, upto, BatchOutcome([*failures, *waits]))
        except UNSTORABLE as error:
            if len(facts) == 1:
                await self._commit(
                    tenant, Rows({}), upto, BatchOutcome([failure_of(tenant, facts[0], error)])
                )
                return
            middle = facts[len(facts) // 2].position
            await self._write_apart(tenant, [f for f in facts if f.position < middle], middle - 1)
            await self._write_apart(tenant, [f for f in facts if f.position >= middle], upto)

    async def _resume(self, tenant: str, key: str) -> None:
        """Do what is parked of a key, in order, up to what nobody has decided on."""
        number = self.generation.generation
        rows = await unsettled_of_key(
            self._pool, self.consumer, tenant, key, limit=AT_ONCE, generation=number
        )
        todo = list(takewhile(lambda one: one.status != "parked", rows))
        if not todo:
            return
        try:
            await self._redo(tenant, todo)
        except UNSTORABLE:
            for one in todo:
                if not await self._redo_alone(tenant, one):
                    return

    async def _redo(self, tenant: str, todo: Sequence[Parked]) -> bool:
        """False when one of them failed again: what follows it stays as it is."""
        positions = [one.position for one in todo if one.status != "skip"]
        facts = await facts_at(self._pool, self._codecs, tenant, positions)
        rows, failures = await self._folded_each(tenant, facts)
        stays = failures[0].position if failures else None
        outcome = BatchOutcome(
            resolved=[one for one in todo if stays is None or one.position < stays],
            again=next(((one, failures[0]) for one in todo if one.position == stays), None),
        )
        await self._commit(tenant, rows, self.positions[tenant], outcome)
        return not failures

    async def _redo_alone(self, tenant: str, one: Parked) -> bool:
        try:
            return await self._redo(tenant, [one])
        except UNSTORABLE as error:
            failure = Failure(tenant, one.position, one.key, repr(error), attempts=1)
            outcome = BatchOutcome(again=(one, failure))
            await self._commit(tenant, Rows({}), self.positions[tenant], outcome)
            return False

    async def _folded_each(
        self, tenant: str, facts: Sequence[Fact[Any]]
    ) -> tuple[Rows, list[Failure]]:
        with self._uncached_on_error(tenant):
            rows = UndoableRows(await self._load_rows(tenant, keyed(self.model, facts)))
            return rows, fold_each(self.model, self._tables, rows, tenant, facts)

    @contextmanager
    def _uncached_on_error(self, tenant: str) -> Iterator[None]:
        """Rows that were half folded, or not committed, are read again."""
        try:
            yield
        except asyncpg.UndefinedTableError as error:
            raise Overtaken(self.model.name) from error
        except BaseException:
            self._cached.pop(tenant, None)
            raise

    def _free_of_parked(
        self, tenant: str, facts: Sequence[Fact[Any]]
    ) -> tuple[Sequence[Fact[Any]], list[Failure]]:
        """What may be folded, and what waits behind an event that is parked."""
        if not self._parked:
            return facts, []
        waits = [behind(tenant, fact) for fact in facts if (tenant, fact.key) in self._parked]
        return [fact for fact in facts if (tenant, fact.key) not in self._parked], waits

    async def _load_rows(self, tenant: str, facts: Sequence[Fact[Any]]) -> Loaded:
        """The rows that these facts are about, from memory or the database; None: not there."""
        kept = self._cached.setdefault(tenant, {})
        wanted: dict[str, set[Key]] = {}
        for table in self.model.kept:
            rows = kept.setdefault(table.name, {})
            wanted[table.name] = keys(table, facts) | linked_keys(table, kept, wanted)
            missing = wanted[table.name].difference(rows)
            if missing:
                loaded = await self._tables[table.name].load(self._pool, tenant, missing)
                rows.update({key: loaded.get(key) for key in missing})
        return kept

    async def _commit(self, tenant: str, rows: Rows, upto: int, outcome: BatchOutcome) -> None:
        # Who resumes what was parked stays at a position: the epoch tells that rows have changed.
        resumed = bool(outcome.resolved or outcome.again)
        with self._uncached_on_error(tenant):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(self._begin)
                moved = await self._positions.move(connection, tenant, upto, resumed=resumed)
                for name, changed in rows.changed.items():
                    await self._tables[name].write(connection, tenant, changed.values())
                await self._park(connection, outcome)
        self._positions.keep(tenant, moved)
        self._cache(tenant, rows)
        self._report(tenant, outcome.failures)

    async def _park(self, connection: Connection, outcome: BatchOutcome) -> None:
        if outcome.failures:
            await park(connection, self.consumer, outcome.failures, self.generation.generation)
        if outcome.resolved and await mark_resolved(connection, outcome.resolved) < len(
            outcome.resolved
        ):
            raise Overtaken(self.model.name)
        if outcome.again:
            await failed_again(connection, *outcome.again)

    def _cache(self, tenant: str, rows: Rows) -> None:
        kept = self._cached.setdefault(tenant, {})
        for table in self.model.kept:
            kept.setdefault(table.name, {}).update(rows.changed.get(table.name, {}))
        weights = {table.name: table.weight for table in self.model.kept}
        held = (
            len(rows) * weights[name]
            for tables in self._cached.values()
            for name, rows in tables.items()
        )
        if sum(held) > ROWS_IN_MEMORY:
            self._cached.clear()

    def _report(self, tenant: str, failures: Sequence[Failure]) -> None:
        if not failures:
            return
        self._parked |= {(tenant, one.key) for one in failures}
        self.parked_events += len(failures)
        for first in [one for one in failures if one.attempts][:1]:
            _log.error(
                "events_parked",
                model=self.model.name,
                generation=self.generation.generation,
                tenant=tenant,
                position=first.position,
                error=first.error,
                events=len(failures),
            )


async def writer_of(
    pool: asyncpg.Pool, model: ReadModel, generation: Generation, *, lock_ms: int = 0
) -> GenerationWriter:
    """A writer that knows where its generation stands."""
    writer = GenerationWriter(pool, model, generation, lock_ms=lock_ms)
    await writer.load()
    return writer
