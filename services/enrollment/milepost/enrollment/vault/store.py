"""The learners' vault: who a learner is. Sealed here, so that no database ever sees it.

It keeps nothing in memory: what is erased is forgotten by every process at once.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from milepost.enrollment.vault.cipher import MasterKey, Sealed, seal, unseal
from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.events.event import Conflicting, Unknown
from milepost.events.parking.parked import Connection

ROTATIONS_AT_MOST = 5

READ = """select key_id, wrapped_key, sealed, version, erased_at from vault.learners
    where tenant = $1 and learner = $2"""
PUT = """insert into vault.learners as l (tenant, learner, key_id, wrapped_key, sealed)
    values ($1, $2, $3, $4, $5)
    on conflict (tenant, learner) do update set key_id = excluded.key_id,
        wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, version = l.version + 1
    where l.erased_at is null
    returning version"""
ERASE = """insert into vault.learners as l (tenant, learner, erased_at) values ($1, $2, $3)
    on conflict (tenant, learner) do update set key_id = null, wrapped_key = null, sealed = null,
        version = l.version + 1, erased_at = excluded.erased_at
    where l.erased_at is null"""
NEWEST = "select key_id from vault.master_keys order by number desc limit 1"
IN_USE = "select exists (select from vault.master_keys where key_id = $1)"
KEYS = "select key_id from vault.master_keys order by number desc"
# Two processes with keys of their own must not both be first.
ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended('vault/master-keys', 0))"
REGISTER = "insert into vault.master_keys (key_id) values ($1) on conflict do nothing"


@dataclass
class UnknownLearner(Unknown):
    """The vault holds nothing about this learner, or nothing any more."""

    learner: str
    erased_at: datetime | None


@dataclass
class AlreadyErased(Conflicting):
    """What was erased stays so: who comes back comes with a new id."""

    learner: str
    erased_at: datetime


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Stored sealed, and without a repr so that no log shows it. `locale`: as BCP 47 has it."""

    name: str
    email: str | None = None
    locale: str | None = None

    def __repr__(self) -> str:
        return "Person(…)"


class Vault:
    """On a pool from `connect_pool`."""

    def __init__(self, pool: asyncpg.Pool, keyring: Keyring) -> None:
        self._pool = pool
        self._keyring = keyring

    async def put(self, tenant: str, learner: str, person: Person) -> int:
        """The version that this makes, from 1.

        Raises `AlreadyErased`, `MasterKeyMissing`.
        """
        text = msgspec.json.encode(person)
        for _ in range(ROTATIONS_AT_MOST):
            master = await self._newest()
            sealed = seal(master, text, tenant, learner)
            row = (sealed.key_id, sealed.wrapped_key, sealed.text)
            try:
                version = await self._pool.fetchval(PUT, tenant, learner, *row)
            except asyncpg.ForeignKeyViolationError:
                continue  # rotated away at this moment
            if version is None:
                raise AlreadyErased(learner, await self._erased_at(tenant, learner))
            return int(version)
        raise TimeoutError("master keys come and go too quickly")

    async def get(self, tenant: str, learner: str) -> tuple[int, Person]:
        """Its version and the person.

        Raises `UnknownLearner`, `MasterKeyMissing`, `Unreadable`.
        """
        for _ in range(ROTATIONS_AT_MOST):
            row = await self._pool.fetchrow(READ, tenant, learner)
            if row is None or row["erased_at"] is not None:
                raise UnknownLearner(learner, row["erased_at"] if row else None)
            master = await self._still(row["key_id"])
            if master is not None:
                sealed = Sealed(row["key_id"], row["wrapped_key"], row["sealed"])
                text = unseal(master, sealed, tenant, learner)
                return row["version"], msgspec.json.decode(text, type=Person)
        raise TimeoutError("master keys come and go too quickly")

    async def erase(
        self, tenant: str, learner: str, at: datetime, connection: "Connection | None" = None
    ) -> None:
        """Drop the key, and what it sealed. Repeating it does nothing.

        Dead rows, WAL and backups hold both until the master keys of today are destroyed.
        """
        await (connection or self._pool).execute(ERASE, tenant, learner, at)

    async def _erased_at(self, tenant: str, learner: str) -> datetime:
        row = await self._pool.fetchrow(READ, tenant, learner)
        assert row is not None, "an erased learner's row stays"
        at: datetime = row["erased_at"]
        return at

    async def _newest(self) -> MasterKey:
        """The master key that wraps now: the first one, when the vault is new."""
        for _ in range(ROTATIONS_AT_MOST):
            key_id: str = await self._pool.fetchval(NEWEST) or await self._begin()
            if (master := await self._still(key_id)) is not None:
                return master
        raise TimeoutError("master keys come and go too quickly")

    async def _still(self, key_id: str) -> MasterKey | None:
        """None for one that was retired and destroyed since. Raises `MasterKeyMissing`."""
        try:
            return self._keyring.get(key_id)
        except MasterKeyMissing:
            if await self._pool.fetchval(IN_USE, key_id):
                raise
            return None

    async def _begin(self) -> str:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(ONE_BY_ONE)
            key_id: str | None = await connection.fetchval(NEWEST)
            if key_id is None:
                key_id = self._keyring.first().id
                await connection.execute(REGISTER, key_id)
            return key_id


async def keys_in_use(connection: "Connection") -> list[str]:
    """The ids of the master keys that the vault needs to be opened, the newest first."""
    return [row["key_id"] for row in await connection.fetch(KEYS)]
