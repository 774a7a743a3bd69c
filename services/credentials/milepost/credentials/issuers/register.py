"""The number of each credential in its school, and its status as lists tell it: two tables.

Both follow from the log: the n-th award of a school has the number n, for good.
"""

from collections.abc import Sequence
from typing import TypeAlias

import asyncpg

from milepost.contracts.records import (
    CredentialAwarded,
    CredentialDeclined,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
)
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.parking.parked import Connection
from milepost.events.subscriptions.handler import TransactionalHandler

Registered: TypeAlias = (
    CredentialAwarded
    | CredentialSuspended
    | CredentialReinstated
    | CredentialRevoked
    | CredentialSuperseded
    | CredentialDeclined
)
_EVENTS: Codec[Registered] = Codec(Registered)

# A school's awards are numbered one after the other: the handler keeps them in order.
_AWARD = """
insert into credentials.awards (credential, tenant, ordinal)
select new.credential, $2,
       coalesce((select max(ordinal) from credentials.awards where tenant = $2), -1)
           + row_number() over (order by new.place)
from unnest($1::text[]) with ordinality as new(credential, place)
where not exists (
    select from credentials.awards known
    where known.tenant = $2 and known.credential = new.credential)
on conflict do nothing"""
_STATUS = """
insert into credentials.statuses (tenant, credential, revoked, suspended) values ($1, $2, $3, $4)
on conflict (tenant, credential) do update
   set revoked = statuses.revoked or excluded.revoked, suspended = excluded.suspended"""


# Who asks for a document before it has its number is asked to come again.
REST_SECONDS = 0.1


def registering() -> TransactionalHandler:
    async def handle(connection: Connection, recorded: Recorded) -> None:
        await _register(connection, [recorded])

    return TransactionalHandler(
        "credential-register",
        tuple(("credentials", tag) for tag in _EVENTS.classes),
        handle,
        key_of=_school,
        handle_all=_register,
        rest_seconds=REST_SECONDS,
    )


async def _register(connection: Connection, batch: Sequence[Recorded]) -> None:
    """Of one school: awards first, which statuses refer to; each of both in order."""
    events, tenant = [_EVENTS.read(one) for one in batch], batch[0].tenant
    awarded = dict.fromkeys(one.credential for one in events if isinstance(one, CredentialAwarded))
    if awarded:
        await connection.execute(_AWARD, list(awarded), tenant)
    for event in events:
        match event:
            case CredentialAwarded():
                pass
            case CredentialSuspended() | CredentialReinstated():
                suspended = isinstance(event, CredentialSuspended)
                await connection.execute(_STATUS, tenant, event.credential, False, suspended)
            case _:
                await connection.execute(_STATUS, tenant, event.credential, True, False)


def _school(recorded: Recorded) -> str:
    return recorded.tenant


class Register:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def ordinal(self, tenant: str, credential: str) -> int | None:
        """None: it was awarded a moment ago, or never."""
        value: int | None = await self._pool.fetchval(
            "select ordinal from credentials.awards where tenant = $1 and credential = $2",
            tenant,
            credential,
        )
        return value

    async def count(self, tenant: str) -> int:
        value: int = await self._pool.fetchval(
            "select coalesce(max(ordinal) + 1, 0) from credentials.awards where tenant = $1", tenant
        )
        return value

    async def set_bits(self, tenant: str, first: int, end: int, purpose: str) -> list[int]:
        """The ordinals from `first` to before `end` whose bit is set."""
        condition = "suspended" if purpose == "suspension" else "(revoked or suspended)"
        rows = await self._pool.fetch(
            f"""select ordinal from credentials.awards
            join credentials.statuses using (tenant, credential)
            where tenant = $1 and ordinal >= $2 and ordinal < $3 and {condition}
            order by ordinal""",
            tenant,
            first,
            end,
        )
        return [row["ordinal"] for row in rows]
