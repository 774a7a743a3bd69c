"""The log in Postgres. The rules live in `sql/`; this only carries arrays there and rows back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from milepost.events.event import Invalid
from milepost.events.log import (
    LAST,
    PAGE,
    AlreadyDone,
    Appended,
    Command,
    Conflict,
    DuplicateEventId,
    Recorded,
    Result,
)
from milepost.events.sizes import require_fit
from milepost.events.store.batched_reads import After, BatchedReads, Range
from milepost.events.store.tenant_share import SharedPool

ROLE = "milepost_service"

COLUMNS = (
    "tenant, position, stream, version, type, data, metadata, occurred_at, recorded_at, event_id"
)
APPEND = """select * from log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
    $14, $15)"""
READ_CATEGORY = f"""select {COLUMNS} from log.events
    where tenant = $1 and stream >= $2 and stream < $3 and position > $4 order by position"""
READ = f"""select {COLUMNS} from log.events
    where tenant = $1 and position > $2 order by position limit $3"""
READ_TYPES = f"""select {COLUMNS} from log.events
    where tenant = $1 and position > $2 and type = any($4) order by position limit $3"""
# Apart: of a log that was filled just now Postgres has no statistics, takes the range to be small,
# and sorts all of it for each page.
READ_UPTO = f"""select {COLUMNS} from log.events
    where tenant = $1 and position > $2 and position <= $4 order by position limit $3"""
READ_TYPES_UPTO = f"""select {COLUMNS} from log.events
    where tenant = $1 and position > $2 and position <= $5 and type = any($4)
    order by position limit $3"""
# By whether types are given, and where to end.
READS = {
    (False, False): READ,
    (True, False): READ_TYPES,
    (False, True): READ_UPTO,
    (True, True): READ_TYPES_UPTO,
}
HEADS = "select tenant, head from log.heads where head > 0"
HEADS_OF = "select tenant, head from log.heads where head > 0 and tenant = any($1)"
SHORT = 20
# As `asyncpg.create_pool` has them, but for the first.
POOL: Mapping[str, Any] = {
    "min_size": 0,
    "max_queries": 50_000,
    "max_inactive_connection_lifetime": 300.0,
    "loop": None,
    "connection_class": asyncpg.Connection,
    "record_class": asyncpg.Record,
}


class Unstorable(Invalid):
    """A text holds a character that Postgres cannot store (NUL)."""


async def connect_pool(
    dsn: str,
    *,
    name: str,
    size: int = 6,
    command_timeout_seconds: float | None = 60,
    role: str = ROLE,
) -> asyncpg.Pool:
    """A pool whose connections act as `role`, the services', and speak jsonb as UTF-8 bytes.

    That is no protection by itself, for `set role none` undoes it: the login must have no more.

    One tenant's requests hold a part of it at most (`tenant_share`).
    A statement is given up after its timeout (None: never), a connection attempt after 10 s.
    Who changes a session (`set`, `listen`, session locks) must undo it or close the connection: it
    is not reset between uses, for that would cost every statement a second round trip.
    """
    return await SharedPool(
        dsn,
        **POOL,
        max_size=size,
        init=speak_json_bytes,
        reset=_leave_as_it_is,
        timeout=10,
        command_timeout=command_timeout_seconds,
        server_settings={"role": role, "application_name": name, "timezone": "UTC"},
    )


@asynccontextmanager
async def owner_connection(
    dsn: str, *, timeout_seconds: float = 10
) -> AsyncIterator[asyncpg.Connection]:
    """One connection for the block, as the user that the address names, who may do anything.

    For what the services' role must not: to migrate, to make and drop databases, to look around.
    """
    connection = await asyncpg.connect(dsn, timeout=timeout_seconds)
    try:
        yield connection
    finally:
        await connection.close()


async def _leave_as_it_is(_: asyncpg.Connection) -> None: ...


async def speak_json_bytes(connection: asyncpg.Connection) -> None:
    """Jsonb in and out as bytes: its binary form is a version byte, 1, before the text."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda data: b"\x01" + data,
        decoder=lambda data: bytes(data[1:]),
    )


class PostgresLog:
    """`milepost.events.log.Log` on a pool from `connect_pool`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._reader = BatchedReads(pool)

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        require_fit(commands)
        streams, arrays = _arrays(commands)
        try:
            row = await self.pool.fetchrow(APPEND, tenant, streams, *arrays)
        except asyncpg.UntranslatableCharacterError as error:
            raise Unstorable from error
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "events_by_id":
                raise DuplicateEventId from error
            raise
        assert row is not None, "the append function always answers"
        return [_result(row, index, streams) for index in range(len(commands))]

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        return await self._reader.streams.load(tenant, After(stream, after))

    async def read_category(self, tenant: str, category: str, after: int = 0) -> list[Recorded]:
        # In "C" order "." follows "-", so the range holds the streams `category-…` and no others.
        low, high = f"{category}-", f"{category}."
        return _recorded(await self.pool.fetch(READ_CATEGORY, tenant, low, high, after))

    async def read(
        self,
        tenant: str,
        after: int = 0,
        limit: int = PAGE,
        types: Sequence[str] | None = None,
        upto: int = LAST,
    ) -> list[Recorded]:
        if types is None and limit <= SHORT:  # without gaps, a limit is a last position
            return await self._reader.ranges.load(tenant, Range(after, min(after + limit, upto)))
        asked: list[Any] = [tenant, after, limit]
        if types is not None:
            asked.append([*types])
        if upto < LAST:
            asked.append(upto)
        statement = READS[types is not None, upto < LAST]
        return _recorded(await self.pool.fetch(statement, *asked))

    async def heads(self, tenants: Sequence[str] | None = None) -> dict[str, int]:
        asked = (HEADS,) if tenants is None else (HEADS_OF, list(tenants))
        rows = await self.pool.fetch(*asked)
        return {row["tenant"]: row["head"] for row in rows}

    async def done(self, tenant: str, command_ids: Sequence[UUID]) -> dict[UUID, AlreadyDone]:
        return await self._reader.done.load(tenant, command_ids)


def _recorded(rows: Sequence[asyncpg.Record]) -> list[Recorded]:
    return [Recorded(*row) for row in rows]


def _arrays(commands: Sequence[Command]) -> tuple[list[str], list[list[Any]]]:
    numbers: dict[str, int] = {}
    for command in commands:
        for stream, _ in command.expects:
            numbers.setdefault(stream, len(numbers) + 1)
    expects = [
        (number, numbers[stream], version)
        for number, command in enumerate(commands, 1)
        for stream, version in command.expects
    ]
    own: dict[UUID, int] = {}
    afters: list[tuple[int, int]] = []
    for number, command in enumerate(commands, 1):
        afters += [(number, own[earlier]) for earlier in command.after]
        own[command.command_id] = number  # only now: a later twin is nobody's foundation
    events = [
        (number, numbers[e.stream], e.type, e.data, e.metadata, e.occurred_at, e.event_id)
        for number, command in enumerate(commands, 1)
        for e in command.events
    ]
    ids = [command.command_id for command in commands]
    return list(numbers), [
        ids,
        *_columns(expects, 3),
        *_columns(afters, 2),
        *_columns(events, 7),
    ]


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _result(row: asyncpg.Record, index: int, streams: list[str]) -> Result:
    if (first := row["first"][index]) is None:
        stream = streams[row["conflict_stream"][index] - 1]
        return Conflict(stream, row["conflict_version"][index])
    if row["repeated"][index]:
        return AlreadyDone(first, row["last"][index])
    return Appended(first, row["last"][index], row["recorded_at"])
