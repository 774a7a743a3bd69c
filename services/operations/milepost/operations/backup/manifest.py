"""What a backup is: a folder with the dump, and what the log's heads were when it was made.

    database.dump   by `pg_dump`, of one moment: log, consumers, vault (sealed), jobs, read models
    heads.jwt       each school's last position and link at that moment, signed: a line each
    manifest.json   when, by which version, how much, and the dump's SHA-256

The vault's master keys are never in it, nor is the key that signs: whoever holds the folder alone
reads no learner's data, and cannot make a false one that verifies.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec

from milepost.operations.terminal.errors import Trouble

DUMP, HEADS, MANIFEST = "database.dump", "heads.jwt", "manifest.json"
CHUNK_BYTES = 1 << 20
LAST = (
    "select began_at, ended_at, events, bytes from consumer.backups order by began_at desc limit 1"
)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`schools`: the last position of each. `sha256` and `bytes` are the dump's.

    `learners`: how many each of the vault's master keys opens; older backups do not say.
    """

    milepost: str
    postgres: str
    began_at: datetime
    events: int
    schools: dict[str, int]
    bytes: int
    sha256: str
    learners: dict[str, int] = {}


class LastBackup(msgspec.Struct, frozen=True):
    """`began_at` is the moment of which it is."""

    began_at: datetime
    ended_at: datetime
    events: int
    bytes: int


async def last_backup(connection: "asyncpg.Connection[asyncpg.Record]") -> LastBackup | None:
    """The newest that `milepost backup` has made of this database; None without any."""
    row = await connection.fetchrow(LAST)
    return LastBackup(*row) if row else None


def read_manifest(folder: Path) -> Manifest:
    """Raises `Trouble`."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise Trouble(
            f"{folder} is no backup ({MANIFEST}: {error.strerror}): name a folder that"
            " `milepost backup` has made."
        ) from error
    except msgspec.DecodeError as error:
        raise Trouble(f"{folder / MANIFEST} is damaged: {error}") from error


def require_whole(folder: Path, manifest: Manifest) -> None:
    """Raises `Trouble` when the dump is not, to the byte, what was written."""
    try:
        found = digest(folder / DUMP)
    except OSError as error:
        raise Trouble(f"{folder / DUMP}: {error.strerror}.") from error
    if found != manifest.sha256:
        raise Trouble(f"{folder / DUMP} is damaged: its SHA-256 is not the manifest's.")


def digest(file: Path, tell: Callable[[int], object] = lambda _: None) -> str:
    whole = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            whole.update(chunk)
            tell(len(chunk))
    return whole.hexdigest()
