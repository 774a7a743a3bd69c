"""The log as read models read it: only what they hear, decoded; what cannot be is said so."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Undecodable
from milepost.events.runtime.event_loop import uncollected

# Times as the 8 bytes that Postgres sends: many are equal, and made only once.
COLUMNS = """position, stream, type, data::text,
    timestamptz_send(occurred_at), timestamptz_send(recorded_at)"""
BETWEEN = f"""select {COLUMNS} from log.events
    where tenant = $1 and position > $2 and position <= $3 and type = any($4) order by position"""
AT = f"""select {COLUMNS} from log.events
    where tenant = $1 and position = any($2) order by position"""

Codecs = Mapping[str, Codec[Any]]

_SENT_SINCE = datetime(2000, 1, 1, tzinfo=UTC)


class Facts(NamedTuple):
    facts: list[Fact[Any]]
    characters: int


async def facts_between(
    pool: asyncpg.Pool, codecs: Codecs, tenant: str, after: int, upto: int
) -> Facts:
    """With how many characters their data had."""
    records = await pool.fetch(BETWEEN, tenant, after, upto, list(codecs))
    with uncollected():
        facts = _decoded(codecs, records)
    return Facts(facts, sum(len(record[3]) for record in records))


async def facts_at(
    pool: asyncpg.Pool, codecs: Codecs, tenant: str, positions: Sequence[int]
) -> list[Fact[Any]]:
    return _decoded(codecs, await pool.fetch(AT, tenant, positions))


def codecs_of(*codecs: Codec[Any]) -> Codecs:
    """By tag."""
    return {tag: codec for codec in codecs for tag in codec.tags}


def _decoded(codecs: Codecs, records: Sequence[asyncpg.Record]) -> list[Fact[Any]]:
    facts: list[Fact[Any]] = []
    # Of one stream there are many: its key is one text, which is found faster in each fold's rows.
    streams: dict[str, tuple[str, str]] = {}
    moments, set_field = _Moments(), msgspec.structs.force_setattr
    undated = {tag: read for codec in codecs.values() for tag, read in codec.undated.items()}
    for position, stream, tag, data, occurred, recorded in records:
        occurred_at, recorded_at = moments[occurred], moments[recorded]
        try:
            if (read := undated.get(tag)) is None:
                event: Any = codecs[tag].decode(tag, data, occurred_at)
            else:
                event = read(data)
                set_field(event, "occurred_at", occurred_at)
        except Exception as error:  # noqa: BLE001 - parked, for a person to read
            event = Undecodable(error)
        if (name := streams.get(stream)) is None:
            category, _, key = stream.partition("-")
            name = streams[stream] = (category, key)
        facts.append(Fact(position, name[0], name[1], tag, event, recorded_at))
    return facts


class _Moments(dict[bytes, datetime]):
    """By how Postgres sends them: microseconds since 2000, eight bytes."""

    def __missing__(self, sent: bytes) -> datetime:
        microseconds = int.from_bytes(sent, "big", signed=True)
        moment = self[sent] = _SENT_SINCE + timedelta(0, 0, microseconds)
        return moment
