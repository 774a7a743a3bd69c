"""Rotation: every learner's key wrapped anew, by a newer master key. What it wraps is not touched.

Whoever is erased is not wrapped anew: once the older keys are destroyed, nobody opens what is left.

It may be stopped anywhere and begun again: it goes on with the key that it had begun to use.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg
import msgspec

from milepost.enrollment.vault.cipher import MasterKey, Unreadable
from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.store import NEWEST, keys_in_use
from milepost.events.projections.tables import Connection

BATCH = 1000

TRY_LOCK = "select pg_try_advisory_lock(hashtextextended('vault/rotation', 0))"
UNLOCK = "select pg_advisory_unlock(hashtextextended('vault/rotation', 0))"
WRAPPED = """select key_id, count(*) from vault.learners where key_id is not null
    group by key_id order by key_id"""
PROMOTE = "insert into vault.master_keys (key_id) values ($1) on conflict do nothing"
USED = "select key_id from vault.master_keys union all select key_id from vault.retired_keys"
OF_KEY = """select tenant, learner, wrapped_key from vault.learners
    where key_id = $1 and (tenant, learner) > ($2, $3)
    order by tenant, learner limit $4 for update"""
REWRAP = """update vault.learners l set key_id = $1, wrapped_key = n.wrapped_key
    from unnest($2::text[], $3::text[], $4::bytea[]) as n(tenant, learner, wrapped_key)
    where l.tenant = n.tenant and l.learner = n.learner"""
# Whoever wraps with an old key at this moment holds it: then the foreign key refuses.
RETIRE = """with gone as (
        delete from vault.master_keys where key_id <> $1 returning key_id, number, since)
    insert into vault.retired_keys (key_id, number, since) select * from gone
    on conflict do nothing"""


class RotationUnderWay(Exception):
    """Somebody else is rotating this vault."""


class VaultEmpty(Exception):
    """Nothing was ever put into the vault: there is no key to replace."""


class NoNewKey(Exception):
    """There is no key that was never used before, and this process may not make one."""


class Damaged(Exception):
    """Some keys do not open, for somebody has changed them. All others are wrapped anew."""

    def __init__(self, learners: Sequence["LearnerId"]) -> None:
        super().__init__(len(learners))
        self.learners = learners


class LearnerId(NamedTuple):
    tenant: str
    learner: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`learners`: how many each old key still wraps. `to`: None for a key that is yet to be made.

    `resumed`: an earlier rotation was stopped, and this one goes on with its key.
    """

    to: str | None
    resumed: bool
    learners: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.learners.values())


async def plan(connection: Connection, keyring: Keyring) -> Plan:
    """Raises `VaultEmpty`, `NoNewKey`, `MasterKeyMissing`."""
    newest: str | None = await connection.fetchval(NEWEST)
    if newest is None:
        raise VaultEmpty
    wrapped = await wrapped_by_key(connection)
    for key_id in (newest, *wrapped):
        keyring.get(key_id)
    behind = {key_id: count for key_id, count in wrapped.items() if key_id != newest}
    if behind or len(await keys_in_use(connection)) > 1:
        return Plan(to=newest, resumed=True, learners=behind)
    return Plan(to=await next_key(connection, keyring), resumed=False, learners=wrapped)


async def wrapped_by_key(connection: Connection) -> dict[str, int]:
    """How many learners' keys each master key wraps."""
    return {row["key_id"]: row["count"] for row in await connection.fetch(WRAPPED)}


async def next_key(connection: Connection, keyring: Keyring) -> str | None:
    """The first, if it was never used; None for one that is yet to be made. Raises `NoNewKey`."""
    first = keyring.first().id
    if first not in {row["key_id"] for row in await connection.fetch(USED)}:
        return first
    if keyring.file is None:
        raise NoNewKey
    return None


def _tell_nobody(_: object) -> None: ...


async def rotate(
    pool: asyncpg.Pool,
    keyring: Keyring,
    on_planned: Callable[[Plan], None] = _tell_nobody,
    on_rewrapped: Callable[[int], None] = _tell_nobody,
) -> Plan:
    """What was done. `on_planned` is called once, `on_rewrapped` after each batch with its size.

    Raises `RotationUnderWay`, `VaultEmpty`, `NoNewKey`, `MasterKeyMissing`, `Damaged`.
    """
    async with pool.acquire() as connection, rotation_lock(connection):
        return await rotate_locked(connection, keyring, on_planned, on_rewrapped)


async def rotate_locked(
    connection: Connection,
    keyring: Keyring,
    on_planned: Callable[[Plan], None] = _tell_nobody,
    on_rewrapped: Callable[[int], None] = _tell_nobody,
) -> Plan:
    """As `rotate`, under the rotation lock."""
    planned = await plan(connection, keyring)
    target = keyring.get(planned.to) if planned.to else await asyncio.to_thread(keyring.add)
    on_planned(planned)
    await connection.execute(PROMOTE, target.id)
    while not await _retired(connection, target.id):
        if damaged := await _rewrap_all(connection, keyring, target, on_rewrapped):
            raise Damaged(damaged)
    return msgspec.structs.replace(planned, to=target.id)


@asynccontextmanager
async def rotation_lock(connection: Connection) -> AsyncIterator[None]:
    """One at a time makes, retires or destroys keys. Raises `RotationUnderWay`."""
    if not await connection.fetchval(TRY_LOCK):
        raise RotationUnderWay
    try:
        yield
    finally:
        await connection.execute(UNLOCK)


async def _retired(connection: Connection, target: str) -> bool:
    """Whether no other key wraps anything any more; from now on none can."""
    try:
        await connection.execute(RETIRE, target)
    except asyncpg.ForeignKeyViolationError:
        return False
    return True


async def _rewrap_all(
    connection: Connection, keyring: Keyring, target: MasterKey, on_rewrapped: Callable[[int], None]
) -> list[LearnerId]:
    """The learners whose keys do not open."""
    damaged: list[LearnerId] = []
    for row in await connection.fetch(WRAPPED):
        if row["key_id"] != target.id:
            after = LearnerId("", "")
            while batch := await _rewrap_batch(
                connection, keyring.get(row["key_id"]), target, after
            ):
                after = list(batch)[-1]
                on_rewrapped(sum(batch.values()))
                damaged += [one for one, opened in batch.items() if not opened]
    return damaged


async def _rewrap_batch(
    connection: Connection, old: MasterKey, new: MasterKey, after: LearnerId
) -> dict[LearnerId, bool]:
    """In order, each learner, and whether their key is wrapped anew."""
    async with connection.transaction():
        rows = await connection.fetch(OF_KEY, old.id, *after, BATCH)
        found = {LearnerId(row["tenant"], row["learner"]): row["wrapped_key"] for row in rows}
        wrapped = {one: _rewrap(old, new, one, key) for one, key in found.items()}
        keys = {one: key for one, key in wrapped.items() if key is not None}
        tenants, learners = [one.tenant for one in keys], [one.learner for one in keys]
        await connection.execute(REWRAP, new.id, tenants, learners, list(keys.values()))
    return {one: key is not None for one, key in wrapped.items()}


def _rewrap(old: MasterKey, new: MasterKey, one: LearnerId, wrapped: bytes) -> bytes | None:
    try:
        return new.wrap(old.unwrap(wrapped, *one), *one)
    except Unreadable:
        return None
