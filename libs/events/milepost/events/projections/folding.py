"""A batch of facts into rows: all at once, or one by one to tell apart what cannot be folded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from milepost.events.errors import EventsError
from milepost.events.parking.parked import Failure, Parked
from milepost.events.projections.read_model import (
    EventKey,
    Fact,
    Key,
    KeyFold,
    Loaded,
    ReadModel,
    Rows,
    StreamKey,
    Table,
    Undecodable,
    UndoableRows,
)
from milepost.events.projections.tables import PgTable
from milepost.events.runtime.event_loop import uncollected


class Unfoldable(EventsError):
    """One of these facts cannot be made into rows; the cause says why."""


class Unfit(EventsError):
    """A fold left something in a row that its table cannot hold."""


class BatchOutcome(msgspec.Struct, frozen=True):
    """What a batch came to, beside its rows.

    failures  to be parked
    resolved  parked before, and done or skipped now
    again     parked before, and failed once more
    """

    failures: Sequence[Failure] = ()
    resolved: Sequence[Parked] = ()
    again: tuple[Parked, Failure] | None = None


def fold_all(model: ReadModel, rows: Rows, facts: Sequence[Fact[Any]]) -> None:
    """Raises `Unfoldable`: then the rows are of no use any more."""
    fold = model.fold
    try:
        for fact in facts:
            if type(fact.event) is Undecodable:
                raise fact.event.error  # noqa: TRY301 - as if its fold had failed
        with uncollected():
            if isinstance(fold, KeyFold):
                fold.fold_all(rows, facts)
            else:
                for fact in facts:
                    fold(rows, fact)
    except Exception as error:
        raise Unfoldable(model.name) from error


def fold_each(
    model: ReadModel,
    shapes: Mapping[str, PgTable[Any]],
    rows: UndoableRows,
    tenant: str,
    facts: Sequence[Fact[Any]],
) -> list[Failure]:
    """Fold those that can be; answer those that cannot, and what comes after them of their keys."""
    failures: list[Failure] = []
    failed: set[str] = set()
    for fact in facts:
        if fact.key in failed:
            failures.append(behind(tenant, fact))
        elif error := _failure(model, shapes, rows, fact):
            failed.add(fact.key)
            failures.append(failure_of(tenant, fact, error))
    return failures


def occurred_by(fact: Fact[Any], until: datetime) -> bool:
    """What cannot be decoded says no time: it is kept, to be parked."""
    occurred_at: datetime | None = getattr(fact.event, "occurred_at", None)
    return occurred_at is None or occurred_at <= until


def behind(tenant: str, fact: Fact[Any]) -> Failure:
    return Failure(tenant, fact.position, fact.key)


def failure_of(tenant: str, fact: Fact[Any], error: Exception) -> Failure:
    return Failure(tenant, fact.position, fact.key, repr(error), attempts=1)


def keys(table: Table[Any], facts: Sequence[Fact[Any]]) -> set[Key]:
    """The keys of the rows that these facts are about. Raises `Unfoldable`."""
    assert table.key_of is not None, "a tally is not loaded"
    try:
        if isinstance(table.key_of, StreamKey | EventKey):
            return table.key_of.of_all(facts)
        found = {table.key_of(fact) for fact in facts}
    except Exception as error:
        raise Unfoldable(table.name) from error
    return {key for key in found if key is not None}


def linked_keys(table: Table[Any], loaded: Loaded, known: Mapping[str, set[Key]]) -> set[Key]:
    """The keys of the rows that loaded rows name; `known`: which these are, by table."""
    if table.linked is None:
        return set()
    naming, key_of = table.linked
    rows = loaded[naming.name]
    found = {key_of(row) for key in known[naming.name] if (row := rows.get(key)) is not None}
    return {key for key in found if key is not None}


def keyed(model: ReadModel, facts: Sequence[Fact[Any]]) -> list[Fact[Any]]:
    """Those of which every table can tell the row."""
    return [fact for fact in facts if _unkeyed(model, fact) is None]


def _failure(
    model: ReadModel, shapes: Mapping[str, PgTable[Any]], rows: UndoableRows, fact: Fact[Any]
) -> Exception | None:
    """Why it cannot be folded; the rows are as if it had not been tried."""
    if error := _unkeyed(model, fact):
        return error
    rows.mark()
    try:
        model.fold(rows, fact)
        _refuse_unfit(shapes, rows)
    except Exception as error:  # noqa: BLE001 - parked, for a person to read
        rows.undo()
        return error
    return None


def _unkeyed(model: ReadModel, fact: Fact[Any]) -> Exception | None:
    if type(fact.event) is Undecodable:
        return fact.event.error
    try:
        for table in model.kept:
            keys(table, (fact,))
    except Unfoldable as error:
        cause = error.__cause__
        return cause if isinstance(cause, Exception) else error
    return None


def _refuse_unfit(shapes: Mapping[str, PgTable[Any]], rows: UndoableRows) -> None:
    for name, row in rows.touched():
        if column := shapes[name].unfit(row):
            raise Unfit(f"{name}.{column} = {getattr(row, column)!r}"[:500])
