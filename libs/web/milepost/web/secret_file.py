"""Files that only their owner may read (mode 600), written whole or not at all."""

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


def replace(path: Path, content: bytes) -> None:
    """Whoever could read the file before still can, also when somebody else replaces it."""
    written = _write_beside(path, content)
    if path.exists():
        before = path.stat()
        os.chown(written, before.st_uid, before.st_gid)
    written.replace(path)


def _write_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 600
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
