"""The data directory: one process at a time holds it, others may read how to reach what runs."""

import fcntl
import os
from pathlib import Path
from typing import IO

import msgspec

from milepost.operations.terminal.errors import Trouble
from milepost.web import secret_file


class DirectoryInUse(Trouble):
    def __init__(self, data_dir: Path, holder: str) -> None:
        super().__init__(
            f"{data_dir} is in use by process {holder}: stop that one,"
            " or choose another directory with --data-dir."
        )


class Runtime(msgspec.Struct, frozen=True):
    """How to reach what runs. The addresses hold passwords.

    `owner` and `enrollment` are empty where `postgres` is the login for everything.
    """

    postgres: str
    nats: str
    http: str
    owner: str = ""
    enrollment: str = ""


def lock_directory(data_dir: Path) -> IO[str]:
    """Make the directory and lock it while the answer is open. Raises `DirectoryInUse`."""
    # Passable for the user that Postgres runs as; every secret inside is 0600.
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    lock = (data_dir / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "?"
        lock.close()
        raise DirectoryInUse(data_dir, holder) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def write_runtime(data_dir: Path, runtime: Runtime) -> None:
    secret_file.replace(data_dir / "runtime.json", msgspec.json.encode(runtime))


def running(data_dir: Path) -> Runtime | None:
    """What runs there now; None when nobody holds the directory."""
    path = data_dir / "runtime.json"
    if not path.exists() or not _is_locked(data_dir):
        return None
    return msgspec.json.decode(path.read_bytes(), type=Runtime)


def _is_locked(data_dir: Path) -> bool:
    with (data_dir / "lock").open(encoding="ascii") as lock:
        try:
            # Shared, so that two who look at once do not take each other for the holder.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
