"""What a read model is: events folded into rows. Pure; the projector does the reading and writing.

A fold must give the same rows for any cut of the log into batches, and may not look at a clock.
What cannot be folded is parked with all later events of the same stream key, and may be folded
later than others: so a row that is replaced belongs to one stream key, and what several keys write
is a tally. (A value that Postgres cannot hold counts as a failure where a batch ends with it.)
"""

import copy
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from milepost.events.codec import Codec
from milepost.events.event import Event

R = TypeVar("R", bound=msgspec.Struct)
E = TypeVar("E", bound=Event)
Key: TypeAlias = tuple[str, ...]
Loaded: TypeAlias = dict[str, dict[Key, Any]]

PG_TYPES: Mapping[Any, str] = {
    str: 'text collate "C"',
    int: "bigint",
    float: "double precision",
    bool: "boolean",
    datetime: "timestamptz",
}


class Fact(msgspec.Struct, Generic[E], frozen=True, gc=False):
    """An event where it stands in its tenant's log, on the stream `category-key`.

    `type` is the tag it is stored under; `recorded_at`: when the log took it.
    """

    position: int
    category: str
    key: str
    type: str
    event: E
    recorded_at: datetime


class StreamKey(msgspec.Struct, frozen=True):
    """As a table's `key_of`: the row named as the fact's stream key, of streams of these
    categories. What a whole batch is about is told at once.
    """

    categories: frozenset[str]

    def __call__(self, fact: Fact[Any]) -> Key | None:
        return (fact.key,) if fact.category in self.categories else None

    def of_all(self, facts: Iterable[Fact[Any]]) -> set[Key]:
        categories = self.categories
        return {(key,) for key in {one.key for one in facts if one.category in categories}}


class EventKey(msgspec.Struct, frozen=True):
    """As a table's `key_of`: only events of these classes name a row."""

    classes: frozenset[type[Event]]
    of: Callable[[Any], Key | None]

    def __call__(self, fact: Fact[Any]) -> Key | None:
        return self.of(fact.event) if type(fact.event) in self.classes else None

    def of_all(self, facts: Iterable[Fact[Any]]) -> set[Key]:
        classes = self.classes
        events = [one.event for one in facts if type(one.event) in classes]
        return {key for event in events if (key := self.of(event)) is not None}


class Undecodable(msgspec.Struct, frozen=True):
    """Stands in a fact where its event should be."""

    error: Exception


class Column(msgspec.Struct, frozen=True):
    """`adds`: in a tally, a change is added to what is there; otherwise the latest value stands."""

    name: str
    pg_type: str
    required: bool
    adds: bool


class Table(msgspec.Struct, Generic[R], frozen=True, eq=False):
    """One table of a read model; `tenant` is its first column and the first of its key.

    `row` is a mutable struct: the key's fields first, then columns with defaults.
    `key_of` names the row that a fact may read or change: it is loaded before the fold. A table
    without it is a tally: its rows start from their defaults in every batch and are added to what
    the database holds: numbers by their sum, optional values by the latest that is not None.
    `indexes` are column lists; the tenant is put before each.
    `linked`: a table before this one, and which row of this one a row there names. That is loaded
    too, to be looked up: by it a fold knows what another stream has said, a course's plan say.
    Who looks up must do with None, since what could not be folded there is missing here.
    `weight`: a row takes as much memory as so many small ones.
    """

    name: str
    row: type[R]
    key: tuple[str, ...]
    key_of: Callable[[Fact[Any]], Key | None] | None = None
    indexes: tuple[str, ...] = ()
    linked: "tuple[Table[Any], Callable[[Any], Key | None]] | None" = None
    weight: int = 1

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(_column(name, hint) for name, hint in get_type_hints(self.row).items())


class Rows:
    """The rows of one tenant that one batch touches."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.changed: Loaded = {}

    def of(self, table: Table[R], *key: str) -> R:
        """The row to change, new when there is none. Raises `KeyError` when it was not loaded."""
        try:
            row: R = self.changed[table.name][key]
        except KeyError:
            row = self._first(table, key)
        return row

    def _first(self, table: Table[R], key: Key) -> R:
        row: R | None = None
        if table.key_of is not None:
            row = self._loaded[table.name][key]
        row = row or table.row(*key)
        self.changed.setdefault(table.name, {})[key] = row
        return row

    def find(self, table: Table[R], *key: str) -> R | None:
        """The row to read, if there is one. Raises `KeyError` when it was not loaded."""
        changed = self.changed.get(table.name)
        row: R | None = changed.get(key) if changed else None
        return self._loaded[table.name][key] if row is None else row

    def look_up(self, table: Table[R], *key: str) -> R | None:
        """A row that another one names, as far as it is known here."""
        changed = self.changed.get(table.name, {})
        row: R | None = changed.get(key) or self._loaded.get(table.name, {}).get(key)
        return row


class UndoableRows(Rows):
    """Rows of which what was changed since the last `mark` can be taken back."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self._before: dict[tuple[str, Key], tuple[Any, bool]] = {}

    def mark(self) -> None:
        self._before.clear()

    def of(self, table: Table[R], *key: str) -> R:
        row, was_changed = self._standing(table, key)
        if (table.name, key) not in self._before:
            self._before[table.name, key] = (copy.copy(row), was_changed)
        return super().of(table, *key)

    def touched(self) -> list[tuple[str, Any]]:
        """The rows changed since the mark, each with its table's name."""
        return [(name, self.changed[name][key]) for name, key in self._before]

    def undo(self) -> None:
        for (name, key), (row, was_changed) in self._before.items():
            if was_changed:
                self.changed[name][key] = row
                continue
            self.changed[name].pop(key, None)
            if name in self._loaded:
                self._loaded[name][key] = row
        self._before.clear()

    def _standing(self, table: Table[R], key: Key) -> tuple[R | None, bool]:
        row = self.changed.get(table.name, {}).get(key)
        if row is not None or table.key_of is None:
            return row, row is not None
        return self._loaded[table.name][key], False


class KeyFold(msgspec.Struct, frozen=True):
    """As a model's `fold`: all that a batch has of one stream key, in its order, at once.

    What is read out of a row then is read once, and written once. Keys are folded in any order:
    what they have in common must be sums. `between`: tags of what others look up; it is folded
    after all that stands before it, and before all that stands behind.
    """

    fold: Callable[[Rows, str, Sequence[Fact[Any]]], None]
    between: frozenset[str] = frozenset()

    def __call__(self, rows: Rows, fact: Fact[Any]) -> None:
        self.fold(rows, fact.key, (fact,))

    def fold_all(self, rows: Rows, facts: Sequence[Fact[Any]]) -> None:
        begin = 0
        if not self.between.isdisjoint({fact.type for fact in facts}):
            for place, fact in enumerate(facts):
                if fact.type in self.between:
                    self._fold_keys(rows, facts[begin:place])
                    self(rows, fact)
                    begin = place + 1
        self._fold_keys(rows, facts[begin:])

    def _fold_keys(self, rows: Rows, facts: Sequence[Fact[Any]]) -> None:
        by_key: dict[str, list[Fact[Any]]] = {}
        for fact in facts:
            if (of_key := by_key.get(fact.key)) is None:
                of_key = by_key[fact.key] = []
            of_key.append(fact)
        for key, of_key in by_key.items():
            self.fold(rows, key, of_key)


class ReadModel(msgspec.Struct, frozen=True, eq=False):
    """`version` is raised with every change of the tables or the fold: it is then built anew."""

    name: str
    version: int
    codec: Codec[Any]
    tables: tuple[Table[Any], ...]
    fold: Callable[[Rows, Fact[Any]], None] | KeyFold

    @property
    def kept(self) -> tuple[Table[Any], ...]:
        return tuple(table for table in self.tables if table.key_of is not None)


def _column(name: str, hint: Any) -> Column:
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    required = type(None) not in choices
    (plain,) = (choice for choice in choices if choice is not type(None))
    return Column(name, PG_TYPES[plain], required, adds=required and plain in (int, float))
