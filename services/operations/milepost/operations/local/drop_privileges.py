"""Become a server's program: end with the parent, and give up root where the program asks for it.

    python -m milepost.operations.local.drop_privileges PARENT SIGNAL USER PROGRAM [ARGUMENT…]

PARENT is the process id that must still be there; when it goes, this process gets SIGNAL (Linux
only: elsewhere the next start finds the orphan and stops it). USER is a name or a number, or "-" to
stay who one is. Nobody keeps a capability, nor can gain one; but where a closed folder on the way
cannot be opened (by root of a container), the right to pass it is kept, and said. Standard library
only: it is started often and must be quick.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

from milepost.operations.local import open_way

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, PR_CAP_AMBIENT_CLEAR_ALL = 47, 2, 4
PR_SET_KEEPCAPS, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP = 8, 28, 4
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8
CAPABILITY_VERSION_3 = 0x20080522
LAST_CAPABILITY = 63
LINUX = sys.platform == "linux"


def main() -> None:
    parent, signal, user, program, *arguments = sys.argv[1:]
    if user != "-":
        _become(user, program)
    if LINUX:
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
        _prctl(PR_SET_PDEATHSIG, int(signal))
    if os.getppid() != int(parent):
        sys.exit("the process that started this one is gone")
    os.execv(program, [program, *arguments])  # noqa: S606 no shell wanted


def _become(user: str, program: str) -> None:
    uid, gid = _ids(user)
    home = Path.cwd()
    closed = LINUX and not _open_ways(home)
    if closed:
        _prctl(PR_SET_KEEPCAPS, 1)
    elif LINUX:
        for number in range(LAST_CAPABILITY + 1):
            _prctl(PR_CAPBSET_DROP, number)
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if os.access(program, os.X_OK) and os.access(home, os.R_OK | os.X_OK):
        return
    if closed and any(map(_keep_capability, (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE))):
        sys.stderr.write(f"{home} is below a closed folder: Postgres may read all files\n")
        return
    sys.exit(
        f"as root, Postgres runs as the user {user}, who cannot reach {program} or {home}:"
        " let others pass the folders above (chmod o+x), choose another --data-dir, or start"
        " Milepost as an ordinary user"
    )


def _open_ways(home: Path) -> bool:
    """A clone or a data directory below /root: the way there is closed to everybody else."""
    try:
        open_way.open_ways((home, Path(sys.prefix)))
    except OSError:
        return False
    return True


def _keep_capability(number: int) -> bool:
    """Hold one capability across exec. False when this process never had it."""
    # access(2), by which initdb looks for postgres, leaves capabilities out unless told otherwise.
    if _capset(number, CAP_SETPCAP):
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    return _capset(number) and _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number) == 0


def _capset(*numbers: int) -> bool:
    """Have these capabilities and no others."""
    mask = sum(1 << number for number in numbers)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)  # effective, permitted, inheritable
    return int(ctypes.CDLL(None).capset(header, data)) == 0


def _ids(user: str) -> tuple[int, int]:
    if user.isdecimal():
        return int(user), int(user)
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def _prctl(option: int, *arguments: int) -> int:
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    return int(ctypes.CDLL(None).prctl(option, *words))


if __name__ == "__main__":
    main()
