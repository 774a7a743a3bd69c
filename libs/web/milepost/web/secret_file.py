"""Files that only their owner may read (mode 600), written whole or not at all.

Once written they outlive a power failure: the content is synced before the file gets its name, the
folder after it.
"""

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import IO, Final

LOCK_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.02


def create_once(path: Path, content: bytes) -> None:
    """Whoever comes second keeps the first one's. Makes the folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = _write_beside(path, content)
    try:
        with suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Whoever could read the file before still can, also when somebody else replaces it."""
    written = _write_beside(path, content)
    try:
        if path.exists():
            before = path.stat()
            os.chown(written, before.st_uid, before.st_gid)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def replace_readable(path: Path, content: bytes) -> None:
    """Whole or not at all, as `replace`, but anybody may read it: it holds no secret."""
    written = _write_beside(path, content)
    try:
        written.chmod(0o644)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def replace_and_shred(path: Path, content: Callable[[], bytes]) -> None:
    """As `replace`, by what `content` makes of the file while no other process does this.

    What stood there is overwritten, as far as the file system does so: one that copies on write,
    and most flash, keep the old blocks for a while. Raises `TimeoutError` after 10 s.
    """
    with _alone(path) as before:
        replace(path, content())
        _overwrite(before)


def shred_leftovers(path: Path) -> None:
    """What processes that died while they wrote have left beside `path`: nobody may be writing."""
    for leftover in path.parent.glob(f"{escape(_temporary(path))}????????"):
        with suppress(FileNotFoundError), leftover.open("r+b") as before:
            leftover.unlink()
            _overwrite(before)


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """The file, for one process and one thread at a time."""
    until = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < until:
        with path.open("r+b") as file:
            # Who waited may have opened what another has replaced.
            if _locked(file) and os.path.samestat(path.stat(), os.fstat(file.fileno())):
                yield file
                return
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(errno.ETIMEDOUT, "somebody else is writing it", str(path))


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _overwrite(file: IO[bytes]) -> None:
    """Unless it has another name: who died in `create_once` leaves the file itself two."""
    if os.fstat(file.fileno()).st_nlink:
        return
    file.write(b"\0" * os.fstat(file.fileno()).st_size)
    file.flush()
    os.fsync(file.fileno())


def _temporary(path: Path) -> str:
    return f".{path.name}."


def _write_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_temporary(path))  # mode 600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()  # a full disk leaves no half secret behind
        raise
    return Path(name)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
