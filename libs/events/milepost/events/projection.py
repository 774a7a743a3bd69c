"""What a read model is: events folded into rows. Pure; the projector does the reading and writing.

A fold must give the same rows for any cut of the log into batches, and may not look at a clock.
"""

import types
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from milepost.events.codec import Codec
from milepost.events.event import Event

R = TypeVar("R", bound=msgspec.Struct)
E = TypeVar("E", bound=Event)
Key: TypeAlias = tuple[str, ...]

PG_TYPES: Mapping[Any, str] = {
    str: 'text collate "C"',
    int: "bigint",
    float: "double precision",
    bool: "boolean",
    datetime: "timestamptz",
}


class Fact(msgspec.Struct, Generic[E], frozen=True, gc=False):
    """An event where it stands in its tenant's log, on the stream `category-key`.

    `type` is the tag it is stored under.
    """

    position: int
    category: str
    key: str
    type: str
    event: E


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
    """

    name: str
    row: type[R]
    key: tuple[str, ...]
    key_of: Callable[[Fact[Any]], Key | None] | None = None
    indexes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(_column(name, hint) for name, hint in get_type_hints(self.row).items())


class Rows:
    """The rows of one tenant that one batch touches."""

    def __init__(self, loaded: Mapping[str, Mapping[Key, Any]]) -> None:
        self._loaded = loaded
        self.changed: dict[str, dict[Key, Any]] = {}

    def of(self, table: Table[R], *key: str) -> R:
        """The row to change, new when there is none. Raises `KeyError` when it was not loaded."""
        changed = self.changed.setdefault(table.name, {})
        row: R | None = changed.get(key)
        if row is None:
            if table.key_of is not None:
                row = self._loaded[table.name][key]
            row = row or table.row(*key)
            changed[key] = row
        return row

    def find(self, table: Table[R], *key: str) -> R | None:
        """The row to read, if there is one. Raises `KeyError` when it was not loaded."""
        changed = self.changed.get(table.name, {})
        row: R | None = changed.get(key) or self._loaded[table.name][key]
        return row


class ReadModel(msgspec.Struct, frozen=True, eq=False):
    """`version` is raised with every change of the tables or the fold: it is then built anew."""

    name: str
    version: int
    codec: Codec[Any]
    tables: tuple[Table[Any], ...]
    fold: Callable[[Rows, Fact[Any]], None]

    @property
    def kept(self) -> tuple[Table[Any], ...]:
        return tuple(table for table in self.tables if table.key_of is not None)


def _column(name: str, hint: Any) -> Column:
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    required = type(None) not in choices
    (plain,) = (choice for choice in choices if choice is not type(None))
    return Column(name, PG_TYPES[plain], required, adds=required and plain in (int, float))
