"""Destroys master keys that wrap nothing any more, and discards what nobody can open.

What a destroyed key had wrapped is opened by nobody, wherever it is: erased learners in dead rows,
WAL and backups; and everybody in a backup of the time when that key was in use.
"""

import asyncio
from collections.abc import Collection, Sequence

from milepost.enrollment.vault.erasures import unregistered
from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.rotation import PROMOTE, next_key, rotation_lock
from milepost.enrollment.vault.store import keys_in_use
from milepost.events.projections.tables import Connection

KNOWN = "select key_id from vault.master_keys union all select key_id from vault.retired_keys"
ADOPT = """insert into vault.retired_keys (key_id, number) select unnest($1::text[]), 0
    on conflict do nothing"""
RETIRED = "select key_id from vault.retired_keys order by number desc, key_id"
# Nobody begins to use a key while it is destroyed.
NO_NEW_ONES = "lock table vault.master_keys in share mode"
DISCARD = """with gone as (delete from vault.learners where key_id = $1 returning 1)
    select count(*) from gone"""
RETIRE_ONE = """with gone as (
        delete from vault.master_keys where key_id = $1 returning key_id, number, since)
    insert into vault.retired_keys (key_id, number, since) select * from gone
    on conflict do nothing"""


class KeyInUse(Exception):
    """It is not retired, or can be opened: what it wraps is not lost."""


async def adopt(connection: Connection, keyring: Keyring) -> None:
    """Keep of old keys, which were retired before anybody kept that, that they are."""
    known = [row["key_id"] for row in await connection.fetch(KNOWN)]
    await connection.execute(ADOPT, unregistered(keyring.keys, known))


async def retired_here(connection: Connection, keyring: Keyring) -> list[str]:
    """The newest first."""
    await adopt(connection, keyring)
    retired = [row["key_id"] for row in await connection.fetch(RETIRED)]
    return [key_id for key_id in retired if key_id in keyring.keys]


async def destroy(connection: Connection, keyring: Keyring, key_ids: Collection[str]) -> None:
    """Under the rotation lock, from the keyring's file. Raises `KeyInUse`, `OSError`."""
    async with connection.transaction():
        await connection.execute(NO_NEW_ONES)
        retired = [row["key_id"] for row in await connection.fetch(RETIRED)]
        if {*key_ids} - {*retired} or {*key_ids} & {*await keys_in_use(connection)}:
            raise KeyInUse
        await asyncio.to_thread(keyring.destroy, key_ids)


async def discard(connection: Connection, keyring: Keyring, key_id: str) -> int:
    """Delete what this lost key wraps; how many learners. They may be entered again.

    As the owner of the tables. Raises `RotationUnderWay`, `KeyInUse` when the key is here or wraps
    nothing, `NoNewKey` when the vault would be left without one.
    """
    async with rotation_lock(connection), connection.transaction():
        registered: Sequence[str] = await keys_in_use(connection)
        if key_id in keyring.keys or key_id not in registered:
            raise KeyInUse
        if not {*registered} & {*keyring.keys}:
            target = await next_key(connection, keyring) or keyring.add().id
            await connection.execute(PROMOTE, target)
        learners: int = await connection.fetchval(DISCARD, key_id)
        await connection.execute(RETIRE_ONE, key_id)
        return learners
