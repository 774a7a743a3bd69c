"""Retires and destroys the master keys in Milepost's own file, so that erasures reach everything.

Whoever gets keys by variable, or names a file, has copies of them that nobody here knows: there an
operator does the same by `milepost vault`, and `milepost doctor` says when.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, NoReturn

import asyncpg
import msgspec
import structlog

from milepost.enrollment.vault.binding import OfAnotherDatabase, keep
from milepost.enrollment.vault.destruction import adopt, destroy
from milepost.enrollment.vault.erasures import Term, destroy_by, rotation_due, standings
from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.enrollment.vault.rotation import (
    Damaged,
    RotationUnderWay,
    rotate_locked,
    rotation_lock,
)
from milepost.enrollment.vault.store import NEWEST
from milepost.events.projections.tables import Connection
from milepost.events.runtime.outages import TRANSIENT
from milepost.web.settings import SettingInvalid

EVERY_SECONDS = 600.0

_log = structlog.get_logger()


class Renewed(msgspec.Struct, frozen=True, kw_only=True):
    """`rotated`: the new key, if there had to be one. `destroyed`: keys that are no more."""

    rotated: str | None = None
    destroyed: tuple[str, ...] = ()


async def renew(pool: asyncpg.Pool, keyring: Keyring, term: Term, now: datetime) -> Renewed:
    """Do what is due at `now`. It may die anywhere, and be done by several at once.

    Raises `RotationUnderWay`, `Damaged`, `MasterKeyMissing`, `OfAnotherDatabase`, `OSError`,
    `SettingInvalid`.
    """
    keyring.refresh()
    if not keyring.ours or not keyring.keys:
        return Renewed()
    async with pool.acquire() as connection, rotation_lock(connection):
        keyring.refresh()
        if (newest := await connection.fetchval(NEWEST)) is None:
            return Renewed()
        keyring.get(newest)
        await keep(connection, keyring)
        rotated = await _rotated(connection, keyring, term, now)
        due = destroy_by(await standings(connection, keyring.keys), term)
        gone = tuple(key_id for key_id, by in due.items() if by <= now)
        if gone:
            await destroy(connection, keyring, gone)
        return Renewed(rotated=rotated, destroyed=gone)


async def _rotated(
    connection: Connection, keyring: Keyring, term: Term, now: datetime
) -> str | None:
    await adopt(connection, keyring)
    if not rotation_due(await standings(connection, keyring.keys), now, term):
        return None
    return (await rotate_locked(connection, keyring)).to


def renewing(
    pool: asyncpg.Pool, keyring: Keyring, term: Term, clock: Callable[[], datetime]
) -> Callable[[], Coroutine[Any, Any, NoReturn]]:
    """Renew now and then, until canceled."""

    async def run() -> NoReturn:
        while True:
            await _try(lambda: renew(pool, keyring, term, clock()))
            await asyncio.sleep(EVERY_SECONDS)

    return run


async def _try(work: Callable[[], Coroutine[Any, Any, Renewed]]) -> None:
    try:
        done = await work()
    except RotationUnderWay:
        return  # by another process, or by hand
    except TRANSIENT as error:
        _log.warning("vault_keys_not_renewed", error=repr(error))
    except (MasterKeyMissing, SettingInvalid) as error:
        _log.error("vault_keys_not_renewed", error=str(error))
    except OfAnotherDatabase:
        _log.error("vault_keys_not_renewed", error="they are another database's")
    except Damaged as damaged:
        _log.error("vault_keys_not_renewed", damaged=len(damaged.learners))
    except Exception:  # noqa: BLE001 - a defect, or tables not made yet: serving goes on
        _log.exception("vault_keys_not_renewed")
    else:
        if done.rotated:
            _log.info("vault_key_rotated", key=done.rotated)
        if done.destroyed:
            _log.info("vault_keys_destroyed", keys=done.destroyed)
