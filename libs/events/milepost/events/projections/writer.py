"""One generation of a read model, as the process that fills it sees it: a batch in, rows out.

Rows and position are committed together, only from the position that this process believes in
(`Overtaken` otherwise), so that a second projector can neither repeat nor skip anything. What
cannot be folded is parked, in that same transaction, with all that follows of its stream key.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import asyncpg
import msgspec
import structlog
from prometheus_client import Counter

from milepost.events.errors import EventsError
from milepost.events.parking.parked import (
    Failure,
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
    Unfoldable,
    behind,
    failure_of,
    fold_all,
    fold_each,
    keyed,
    keys,
)
from milepost.events.projections.generations import Generation
from milepost.events.projections.log_reader import codecs_of, facts_at
from milepost.events.projections.read_model import Fact, Loaded, ReadModel, Rows, UndoableRows
from milepost.events.projections.tables import Connection, PgTable

POSITIONS = """select tenant, position, epoch from dashboards.positions
    where name = $1 and generation = $2 and ($3::text[] is null or tenant = any($3))"""
NEW_TENANTS = """insert into dashboards.positions (name, generation, tenant)
    select g.name, g.generation, t.tenant
      from dashboards.generations g, unnest($3::text[]) as t(tenant)
     where g.name = $1 and g.generation = $2
    on conflict do nothing"""
MOVE = """update dashboards.positions set position = $6, epoch = $7, recorded_at =
        (select e.recorded_at from log.events e where e.tenant = $3 and e.position = $6)
    where name = $1 and generation = $2 and tenant = $3 and position = $4 and epoch = $5
    returning true"""
ROWS_IN_MEMORY = 100_000  # of one read model, about 60 MB
AT_ONCE = 10_000  # of what is parked of one key

FOLDED = Counter("milepost_projection_events", "Events folded into a read model.", ["model"])

_log = structlog.get_logger()


class Overtaken(EventsError):
    """Somebody else moved, replaced or dropped these rows: read the positions again."""


# What Postgres refuses to hold; what asyncpg cannot encode is a ValueError of its own.
UNSTORABLE = (asyncpg.DataError, ValueError)


class BatchOutcome(msgspec.Struct, frozen=True):
    """What a batch came to, beside its rows."""

    failures: Sequence[Failure] = ()
    settled: Sequence[Parked] = ()
    again: tuple[Parked, Failure] | None = None


class GenerationWriter:
    """`positions` by tenant as last committed or read."""

    def __init__(self, pool: asyncpg.Pool, model: ReadModel, generation: Generation) -> None:
        self.model = model
        self.generation = generation
        self.consumer = consumer_of(model.name)
        self.positions: dict[str, int] = {}
        self.parked_events = 0
        self._pool = pool
        self._numbers = (model.name, generation.generation)
        self._epochs: dict[str, int] = {}
        self._codecs = codecs_of(model.codec)
        self._shapes = {
            table.name: PgTable(generation.table(table.name), table) for table in model.tables
        }
        self._kept: dict[str, Loaded] = {}
        self._parked: set[tuple[str, str]] = set()
        self._skipped: AbstractSet[tuple[str, int]] = frozenset()

    async def recall(self) -> None:
        """Read the positions, then what is parked, and forget all rows."""
        self.positions.clear()
        self._kept.clear()
        await self._recall(None)
        await self._recall_parked()

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

    async def _recall_parked(self) -> list[tuple[str, str]]:
        """Answers the keys of which an operator wants something done."""
        self._skipped = await skipped(self._pool, self.consumer)
        held = await held_keys(self._pool, self.consumer, self.generation.generation)
        self._parked = {(one.tenant, one.key) for one in held}
        self.parked_events = sum(one.events for one in held)
        return [(one.tenant, one.key) for one in held if one.resumable]

    async def take(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        """Fold and commit what follows the tenant's position, up to `upto`. Raises `Overtaken`."""
        heard = [fact for fact in facts if fact.type in self._codecs]
        if self._skipped:
            heard = [fact for fact in heard if (tenant, fact.position) not in self._skipped]
        try:
            await self._take_together(tenant, heard, upto)
        except (Unfoldable, *UNSTORABLE):
            await self._take_apart(tenant, heard, upto)
        FOLDED.labels(self.model.name).inc(len(heard))

    async def hear(self) -> None:
        """Retry or skip what operators have said of what is parked. Raises `Overtaken`."""
        while asked := await self._recall_parked():
            for tenant, key in asked:
                await self._resume(tenant, key)

    async def _take_together(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        free, waits = self._sorted_out(tenant, facts)
        with self._forgetting(tenant):
            rows = Rows(await self._load(tenant, free))
            fold_all(self.model, rows, free)
            await self._commit(tenant, rows, upto, BatchOutcome(waits))

    async def _take_apart(self, tenant: str, facts: Sequence[Fact[Any]], upto: int) -> None:
        """Fold one by one; where only Postgres can tell what it refuses, in ever smaller parts."""
        free, waits = self._sorted_out(tenant, facts)
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
            await self._take_apart(tenant, [f for f in facts if f.position < middle], middle - 1)
            await self._take_apart(tenant, [f for f in facts if f.position >= middle], upto)

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
            await self._do(tenant, todo)
        except UNSTORABLE:
            for one in todo:
                if not await self._do_alone(tenant, one):
                    return

    async def _do(self, tenant: str, todo: Sequence[Parked]) -> bool:
        """False when one of them failed again: what follows it stays as it is."""
        positions = [one.position for one in todo if one.status != "skip"]
        facts = await facts_at(self._pool, self._codecs, tenant, positions)
        rows, failures = await self._folded_each(tenant, facts)
        stays = failures[0].position if failures else None
        outcome = BatchOutcome(
            settled=[one for one in todo if stays is None or one.position < stays],
            again=next(((one, failures[0]) for one in todo if one.position == stays), None),
        )
        await self._commit(tenant, rows, self.positions[tenant], outcome)
        return not failures

    async def _do_alone(self, tenant: str, one: Parked) -> bool:
        try:
            return await self._do(tenant, [one])
        except UNSTORABLE as error:
            failure = Failure(tenant, one.position, one.key, repr(error), attempts=1)
            outcome = BatchOutcome(again=(one, failure))
            await self._commit(tenant, Rows({}), self.positions[tenant], outcome)
            return False

    async def _folded_each(
        self, tenant: str, facts: Sequence[Fact[Any]]
    ) -> tuple[Rows, list[Failure]]:
        with self._forgetting(tenant):
            rows = UndoableRows(await self._load(tenant, keyed(self.model, facts)))
            return rows, fold_each(self.model, self._shapes, rows, tenant, facts)

    @contextmanager
    def _forgetting(self, tenant: str) -> Iterator[None]:
        """Rows that were half folded, or not committed, are read again."""
        try:
            yield
        except asyncpg.UndefinedTableError as error:
            raise Overtaken(self.model.name) from error
        except BaseException:
            self._kept.pop(tenant, None)
            raise

    def _sorted_out(
        self, tenant: str, facts: Sequence[Fact[Any]]
    ) -> tuple[Sequence[Fact[Any]], list[Failure]]:
        """What may be folded, and what waits behind an event that is parked."""
        if not self._parked:
            return facts, []
        waits = [behind(tenant, fact) for fact in facts if (tenant, fact.key) in self._parked]
        return [fact for fact in facts if (tenant, fact.key) not in self._parked], waits

    async def _load(self, tenant: str, facts: Sequence[Fact[Any]]) -> Loaded:
        """The rows that these facts are about, from memory or the database; None: not there."""
        kept = self._kept.setdefault(tenant, {})
        for table in self.model.kept:
            rows = kept.setdefault(table.name, {})
            missing = keys(table, facts).difference(rows)
            if missing:
                loaded = await self._shapes[table.name].load(self._pool, tenant, missing)
                rows.update({key: loaded.get(key) for key in missing})
        return kept

    async def _commit(self, tenant: str, rows: Rows, upto: int, outcome: BatchOutcome) -> None:
        was, epoch = self.positions[tenant], self._epochs[tenant]
        # Who resumes what was parked stays at a position: the epoch tells that rows have changed.
        new_epoch = epoch + 1 if outcome.settled or outcome.again else epoch
        move = (*self._numbers, tenant, was, epoch, upto, new_epoch)
        with self._forgetting(tenant):
            async with self._pool.acquire() as connection, connection.transaction():
                # What a crash of Postgres undoes here is read from the log again: none need wait.
                await connection.execute("set local synchronous_commit = off")
                if not await connection.fetchval(MOVE, *move):
                    raise Overtaken(self.model.name)
                for name, changed in rows.changed.items():
                    await self._shapes[name].write(connection, tenant, changed.values())
                await self._settle(connection, outcome)
        self.positions[tenant], self._epochs[tenant] = upto, new_epoch
        self._remember(tenant, rows)
        self._tell(tenant, outcome.failures)

    async def _settle(self, connection: Connection, outcome: BatchOutcome) -> None:
        if outcome.failures:
            await park(connection, self.consumer, outcome.failures, self.generation.generation)
        if outcome.settled and await mark_resolved(connection, outcome.settled) < len(
            outcome.settled
        ):
            raise Overtaken(self.model.name)
        if outcome.again:
            await failed_again(connection, *outcome.again)

    def _remember(self, tenant: str, rows: Rows) -> None:
        kept = self._kept.setdefault(tenant, {})
        for table in self.model.kept:
            kept.setdefault(table.name, {}).update(rows.changed.get(table.name, {}))
        held = (len(rows) for tables in self._kept.values() for rows in tables.values())
        if sum(held) > ROWS_IN_MEMORY:
            self._kept.clear()

    def _tell(self, tenant: str, failures: Sequence[Failure]) -> None:
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
