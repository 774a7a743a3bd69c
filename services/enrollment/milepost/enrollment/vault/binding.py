"""Which database Milepost's own key file is renewed for, so that nobody destroys another's keys.

Two databases may share a data directory for a while: a restore that is tried out beside the one in
use, say. What one has retired the other may still need. So the first that looks keeps the file,
and only an operator (`milepost vault rotate`) gives it to another.
"""

from pathlib import Path

from milepost.enrollment.vault.keyring import Keyring
from milepost.events.projections.tables import Connection
from milepost.web import secret_file

# A restored dump is another database, a standby that takes over is the same.
IDENTITY = """select format('%s/%s', (select system_identifier from pg_control_system()), oid)
    from pg_database where datname = current_database()"""


class OfAnotherDatabase(Exception):
    """The key file is renewed for another database than this one."""


async def keep(connection: Connection, keyring: Keyring) -> None:
    """For this database, unless it is another's. Raises `OfAnotherDatabase`, `OSError`."""
    if (file := _beside(keyring)) is not None:
        identity: str = await connection.fetchval(IDENTITY)
        secret_file.create_once(file, identity.encode())
        if file.read_text("ascii") != identity:
            raise OfAnotherDatabase


async def take_over(connection: Connection, keyring: Keyring) -> None:
    """From now on for this database. Raises `OSError`."""
    if (file := _beside(keyring)) is not None:
        identity: str = await connection.fetchval(IDENTITY)
        secret_file.create_once(file, identity.encode())
        secret_file.replace(file, identity.encode())


async def is_anothers(connection: Connection, keyring: Keyring) -> bool:
    file = _beside(keyring)
    if file is None or not file.exists():
        return False
    identity: str = await connection.fetchval(IDENTITY)
    return file.read_text("ascii") != identity


def _beside(keyring: Keyring) -> Path | None:
    """None where the keys are the operator's to renew."""
    return keyring.file.with_name("database") if keyring.ours and keyring.file else None
