"""The log as read models read it: only what they hear, decoded; what cannot be is said so."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import asyncpg

from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Undecodable

COLUMNS = "position, stream, type, data::text, occurred_at, recorded_at"
BETWEEN = f"""select {COLUMNS} from log.events
    where tenant = $1 and position > $2 and position <= $3 and type = any($4) order by position"""
AT = f"""select {COLUMNS} from log.events
    where tenant = $1 and position = any($2) order by position"""

Codecs = Mapping[str, Codec[Any]]


class Facts(NamedTuple):
    facts: list[Fact[Any]]
    characters: int


async def facts_between(
    pool: asyncpg.Pool, codecs: Codecs, tenant: str, after: int, upto: int
) -> Facts:
    """With how many characters their data had."""
    records = await pool.fetch(BETWEEN, tenant, after, upto, list(codecs))
    with _uncollected():
        facts = _decoded(codecs, records)
    return Facts(facts, sum(len(record[3]) for record in records))


async def facts_at(
    pool: asyncpg.Pool, codecs: Codecs, tenant: str, positions: Sequence[int]
) -> list[Fact[Any]]:
    return _decoded(codecs, await pool.fetch(AT, tenant, positions))


def codecs_of(*codecs: Codec[Any]) -> Codecs:
    """By tag."""
    return {tag: codec for codec in codecs for tag in codec.tags}


@contextmanager
def _uncollected() -> Iterator[None]:
    """Events have no cycles; looking for some among so many took as long as decoding them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _decoded(codecs: Codecs, records: Sequence[asyncpg.Record]) -> list[Fact[Any]]:
    facts: list[Fact[Any]] = []
    # Of one stream there are many: its key is one text, which is found faster in each fold's rows.
    streams: dict[str, tuple[str, str]] = {}
    for position, stream, tag, data, occurred_at, recorded_at in records:
        try:
            event: Any = codecs[tag].decode(tag, data, occurred_at)
        except Exception as error:  # noqa: BLE001 - parked, for a person to read
            event = Undecodable(error)
        if (name := streams.get(stream)) is None:
            category, _, key = stream.partition("-")
            name = streams[stream] = (category, key)
        facts.append(Fact(position, name[0], name[1], tag, event, recorded_at))
    return facts
