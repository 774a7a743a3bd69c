"""The number of each credential in its school, and its status as lists tell it: two tables.

Both follow from the log: the n-th award of a school has the number n, for good.
"""

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
select $1, $2, coalesce((select max(ordinal) + 1 from credentials.awards where tenant = $2), 0)
on conflict do nothing"""
_STATUS = """
insert into credentials.statuses (credential, revoked, suspended) values ($1, $2, $3)
on conflict (credential) do update
   set revoked = statuses.revoked or excluded.revoked, suspended = excluded.suspended"""


def registering() -> TransactionalHandler:
    async def handle(connection: Connection, recorded: Recorded) -> None:
        event = _EVENTS.read(recorded)
        match event:
            case CredentialAwarded():
                await connection.execute(_AWARD, event.credential, recorded.tenant)
            case CredentialSuspended() | CredentialReinstated():
                suspended = isinstance(event, CredentialSuspended)
                await connection.execute(_STATUS, event.credential, False, suspended)
            case _:
                await connection.execute(_STATUS, event.credential, True, False)

    types = tuple(("credentials", tag) for tag in _EVENTS.classes)
    return TransactionalHandler("credential-register", types, handle, key_of=_school)


def _school(recorded: Recorded) -> str:
    return recorded.tenant


class Register:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def ordinal(self, credential: str) -> int | None:
        value: int | None = await self._pool.fetchval(
            "select ordinal from credentials.awards where credential = $1", credential
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
            f"""select ordinal from credentials.awards join credentials.statuses using (credential)
            where tenant = $1 and ordinal >= $2 and ordinal < $3 and {condition}
            order by ordinal""",
            tenant,
            first,
            end,
        )
        return [row["ordinal"] for row in rows]
