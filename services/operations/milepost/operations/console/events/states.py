"""The state of a stream at any of its versions, by the fold of the room that owns it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec

from milepost.events.log import Recorded
from milepost.events.store.postgres import COLUMNS
from milepost.events.streams import Category, category_of
from milepost.operations.rooms import rooms

# Streams are not folded here beyond it.
MOST: Final = 10_000
UPTO: Final = f"""select {COLUMNS} from log.events
    where tenant = $1 and stream = $2 and version <= $3 order by version"""
LAST: Final = """select version from log.events where tenant = $1 and stream = $2
    order by version desc limit 1"""


class Change(NamedTuple):
    """At `path` of the state; None: there was, or is, nothing."""

    path: str
    before: str | None
    after: str | None


async def last_version(pool: asyncpg.Pool, tenant: str, stream: str) -> int:
    """0: there is no such stream."""
    return await pool.fetchval(LAST, tenant, stream) or 0


def fold_of(stream: str) -> Category[Any, Any] | None:
    """None: no room offers one for streams of this category."""
    name = category_of(stream)
    return next((one for room in rooms() for one in room.categories if one.name == name), None)


async def states_at(
    pool: asyncpg.Pool, tenant: str, stream: str, versions: Sequence[int]
) -> Sequence[Mapping[str, str]] | None:
    """At each of them, paths and values, both texts; None: nobody can tell, or one is too far.

    It is read and folded once, in a thread: others are answered meanwhile.
    """
    category, last = fold_of(stream), max(versions)
    if category is None or last > MOST:
        return None
    rows = await pool.fetch(UPTO, tenant, stream, last)
    return await asyncio.to_thread(_folded, category, rows, versions)


def _folded(
    category: Category[Any, Any], rows: Sequence[asyncpg.Record], versions: Sequence[int]
) -> Sequence[Mapping[str, str]]:
    state, upto, found = category.initial(), 0, dict[int, Mapping[str, str]]()
    for version in sorted({*versions}):
        state = category.fold((Recorded(*row) for row in rows[upto:version]), state)
        shown = msgspec.to_builtins(state, str_keys=True, enc_hook=_plain)
        upto, found[version] = version, dict(_flat("", shown))
    return [found[version] for version in versions]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> Sequence[Change]:
    """In the order of the paths."""
    return [
        Change(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), one)
    elif isinstance(value, list | tuple) and value:
        for number, one in enumerate(value):
            yield from _flat(f"{path}[{number}]", one)
    else:
        yield path or "state", value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=_plain).decode()


def _plain(value: Any) -> Any:
    """Sets, and classes of a room's own, whose attributes are the state."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__dict__"):
        return {name: one for name, one in vars(value).items() if not name.startswith("__")}
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    if slots:
        return {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return str(value)
