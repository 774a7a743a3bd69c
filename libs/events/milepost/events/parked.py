"""What a consumer could not do: parked with everything later of the same stream, so order holds.

An operator says `retry` or `skip`; the running consumer hears it within a second. Rows stay when
they are settled, and tell who did what and why.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from milepost.events.event import Conflicting, Unknown
from milepost.events.log import Recorded

MAX_ERROR_CHARACTERS = 2000

Status: TypeAlias = Literal["parked", "behind", "retry", "skip", "done", "skipped"]
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class Parked(msgspec.Struct, frozen=True):
    """`attempts` is 0 for what only waits behind another. `actor`, `reason`: who asked, and why."""

    id: int
    tenant: str
    consumer: str
    position: int
    stream: str
    event_id: UUID
    type: str
    status: Status
    error: str
    attempts: int
    parked_at: datetime
    changed_at: datetime
    actor: str | None
    reason: str | None


class NotParked(Unknown):
    def __init__(self, id: int) -> None:  # noqa: A002 - the fact's name
        self.id = id


class Settled(Conflicting):
    """It has been retried or skipped before."""

    def __init__(self, id: int, status: str) -> None:  # noqa: A002 - the fact's name
        self.id = id
        self.status = status


class WaitsBehind(Conflicting):
    """An earlier event of the stream did not fail itself: retry or skip that one first."""

    def __init__(self, id: int, first: int) -> None:  # noqa: A002 - the fact's name
        self.id = id
        self.first = first


COLUMNS = ", ".join(Parked.__struct_fields__)
LIST = f"""select {COLUMNS} from consumer.parked
    where ($1::text is null or tenant = $1) and ($2::text is null or consumer = $2)
      and ($3 or status not in ('done', 'skipped'))
    order by consumer, tenant, stream, position"""
ONE = f"select {COLUMNS} from consumer.parked where id = $1"
FIRST = """select min(id) from consumer.parked
    where tenant = $1 and consumer = $2 and stream = $3 and status in ('parked', 'retry', 'skip')"""
ASK = """update consumer.parked set status = $2, actor = $3, reason = $4, changed_at = now()
    where id = $1"""
PARK = """insert into consumer.parked
    (tenant, consumer, position, stream, event_id, type, status, error, attempts)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::uuid[], $6::text[],
                         $7::text[], $8::text[], $9::integer[])
    on conflict do nothing"""
KEYS = """select distinct tenant, stream from consumer.parked
    where consumer = $1 and status not in ('done', 'skipped')"""
ASKED = """select distinct tenant, stream from consumer.parked
    where consumer = $1 and status in ('retry', 'skip')"""
OF_KEY = f"""select {COLUMNS} from consumer.parked
    where consumer = $1 and tenant = $2 and stream = $3 and status not in ('done', 'skipped')
    order by position"""
SETTLE = """update consumer.parked set status = $2, changed_at = now() where id = $1"""
FAILED = """update consumer.parked
    set status = 'parked', error = $2, attempts = attempts + $3, changed_at = now() where id = $1"""

Key: TypeAlias = tuple[str, str]


async def list_parked(
    pool: Pool, *, tenant: str | None = None, consumer: str | None = None, settled: bool = False
) -> list[Parked]:
    """What is parked, or with `settled` what ever was, in the order it will be done."""
    return [Parked(*row) for row in await pool.fetch(LIST, tenant, consumer, settled)]


async def find(pool: Pool, id: int) -> Parked:  # noqa: A002 - the fact's name
    """Raises `NotParked`."""
    row = await pool.fetchrow(ONE, id)
    if row is None:
        raise NotParked(id)
    return Parked(*row)


async def retry(pool: Pool, id: int, *, actor: str) -> Parked:  # noqa: A002
    """Try it again, and if it succeeds what waits behind it. Raises `NotParked`, `Conflicting`."""
    parked = await _unsettled(pool, id)
    if parked.status == "behind":
        first = await pool.fetchval(FIRST, parked.tenant, parked.consumer, parked.stream)
        raise WaitsBehind(id, first)
    await pool.execute(ASK, id, "retry", actor, None)
    return parked


async def skip(pool: Pool, id: int, *, actor: str, reason: str) -> Parked:  # noqa: A002
    """Leave it out for good; what waits behind it goes on. Raises `NotParked`, `Settled`."""
    parked = await _unsettled(pool, id)
    await pool.execute(ASK, id, "skip", actor, reason)
    return parked


async def _unsettled(pool: Pool, id: int) -> Parked:  # noqa: A002
    parked = await find(pool, id)
    if parked.status in ("done", "skipped"):
        raise Settled(id, parked.status)
    return parked


# What the running consumer asks and tells.


class Failure(msgspec.Struct, frozen=True):
    """An event to park. `attempts` is 0 when it was not tried: an earlier one is in its way."""

    event: Recorded
    error: str = ""
    attempts: int = 0


async def park(connection: Connection, consumer: str, failures: Sequence[Failure]) -> None:
    rows = [
        (
            f.event.tenant,
            consumer,
            f.event.position,
            f.event.stream,
            f.event.event_id,
            f.event.type,
            "parked" if f.attempts else "behind",
            _storable(f.error),
            f.attempts,
        )
        for f in failures
    ]
    await connection.execute(PARK, *(list(column) for column in zip(*rows, strict=True)))


async def parked_keys(pool: Pool, consumer: str) -> set[Key]:
    """The (tenant, stream) whose events must wait."""
    return {(row["tenant"], row["stream"]) for row in await pool.fetch(KEYS, consumer)}


async def asked_keys(pool: Pool, consumer: str) -> set[Key]:
    """Those of which an operator wants something retried or skipped."""
    return {(row["tenant"], row["stream"]) for row in await pool.fetch(ASKED, consumer)}


async def of_key(pool: Pool, consumer: str, key: Key) -> list[Parked]:
    """Everything unsettled of a stream, in order."""
    return [Parked(*row) for row in await pool.fetch(OF_KEY, consumer, *key)]


async def settled(pool: Pool, parked: Parked, status: Literal["done", "skipped"]) -> None:
    await pool.execute(SETTLE, parked.id, status)


async def failed_again(pool: Pool, parked: Parked, failure: Failure) -> None:
    await pool.execute(FAILED, parked.id, _storable(failure.error), failure.attempts)


def _storable(error: str) -> str:
    return error.replace("\x00", "�")[:MAX_ERROR_CHARACTERS]
