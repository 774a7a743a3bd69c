"""Let another user reach folders below closed ones, in this process and its children alone.

In a mount namespace of its own, an empty folder lies over each closed one (`/root`), and in it,
at their old paths, the wanted folders alone. Nothing changes for anybody else, and whatever else is
in the closed folder cannot even be seen. Only root of a whole machine may; a container's rarely.
"""

import ctypes
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def open_ways(wanted: Sequence[Path]) -> None:
    """Nothing is done where all may pass already. Raises `OSError` where this is not allowed."""
    closed = sorted({one for path in wanted for one in _closed(path.resolve())})
    if not closed:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(CLONE_NEWNS))
    _mount(libc, "none", "/", "", MS_REC | MS_PRIVATE)
    held = {path.resolve(): os.open(path.resolve(), os.O_PATH) for path in wanted}
    for folder in _outermost(closed):
        _mount(libc, "milepost", str(folder), "tmpfs", 0, "mode=0755")
        for path, descriptor in held.items():
            if path.is_relative_to(folder):
                path.mkdir(parents=True, exist_ok=True)
                _mount(libc, f"/proc/self/fd/{descriptor}", str(path), "", MS_BIND | MS_REC)
    for descriptor in held.values():
        os.close(descriptor)
    os.chdir(wanted[0])


def _closed(path: Path) -> Iterator[Path]:
    """The folders above it that others may not pass."""
    yield from (one for one in path.parents if not one.stat().st_mode & stat.S_IXOTH)


def _outermost(folders: Sequence[Path]) -> list[Path]:
    return [one for one in folders if not any(other in one.parents for other in folders)]


def _mount(  # noqa: PLR0917 - as mount(2) has it
    libc: ctypes.CDLL, source: str, target: str, kind: str, flags: int, options: str = ""
) -> None:
    words = [os.fsencode(one) or None for one in (source, target, kind)]
    _check(libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(options) or None))


def _check(answer: int) -> None:
    if answer != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
