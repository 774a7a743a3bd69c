"""Files that only their owner may read (mode 600), written whole or not at all.

Once written they outlive a power failure: the content is synced before the file gets its name, the
folder after it.
"""

import contextlib
import os
import tempfile
from pathlib import Path


def create_once(path: Path, content: bytes) -> None:
    """Whoever comes second keeps the first one's. Makes the folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = _write_beside(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink()
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


def _write_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 600
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
