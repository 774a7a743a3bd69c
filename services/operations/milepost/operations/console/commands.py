"""Commands whose effect is in tables, not in the log: done once per Idempotency-Key, too."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

import asyncpg
import msgspec

from milepost.events.projections.tables import Connection
from milepost.web.requests.commands import Call
from milepost.web.requests.idempotency import (
    IdempotencyKeyReused,
    body_digest,
    command_id,
    idempotency_key,
)

T = TypeVar("T")

REMEMBERED: Final = timedelta(days=30)
FORGOTTEN_AT_ONCE: Final = 100

# Whoever comes with the same id at the same time waits here for the other to end.
LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('operations/' || $1 || '/' || $2, 0))"
DONE: Final = "select digest, answer from operations.commands where tenant = $1 and command = $2"
KEEP: Final = """insert into operations.commands (tenant, command, digest, answer)
    values ($1, $2, $3, $4)"""
FORGET: Final = """delete from operations.commands where (tenant, command) in (
        select tenant, command from operations.commands
         where done_at < now() - $1::interval order by done_at limit $2)"""


async def run_once(
    request: Call,
    pool: asyncpg.Pool,
    answer: type[T],
    work: Callable[[Connection], Awaitable[T]],
) -> T:
    """What `work` answers, in its transaction; what it answered, if the key came before.

    What is refused leaves no trace. Raises `IdempotencyKeyReused`, and what `work` raises.
    """
    tenant, command = request.user.tenant, command_id(request)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK, tenant, str(command))
        if (done := await connection.fetchrow(DONE, tenant, command)) is not None:
            return _again(request, done, answer)
        made = await work(connection)
        encoded = msgspec.json.encode(made)
        await connection.execute(KEEP, tenant, command, body_digest(request), encoded)
        await connection.execute(FORGET, REMEMBERED, FORGOTTEN_AT_ONCE)
    return made


def _again(request: Call, done: Any, answer: type[T]) -> T:
    if done["digest"] != body_digest(request):
        raise IdempotencyKeyReused(idempotency_key(request) or "")
    return msgspec.json.decode(done["answer"], type=answer)
