"""Become a server's program: end with the parent, and give up root where the program asks for it.

    python -m milepost.operations.local.drop_privileges PARENT SIGNAL USER PROGRAM [ARGUMENT…]

PARENT is the process id that must still be there; when it goes, this process gets SIGNAL (Linux
only: elsewhere the next start finds the orphan and stops it). USER is a name, or "-" to stay who
one is. Standard library only: it is started often and must be quick.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_SECUREBITS = 1, 8, 28
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8
SECBIT_NO_SETUID_FIXUP = 4
CAPABILITY_VERSION_3 = 0x20080522
LINUX = sys.platform == "linux"


def main() -> None:
    parent, signal, user, program, *arguments = sys.argv[1:]
    if user != "-":
        _become(user, program)
    if LINUX:
        _prctl(PR_SET_PDEATHSIG, int(signal))
    if os.getppid() != int(parent):
        sys.exit("the process that started this one is gone")
    os.execv(program, [program, *arguments])  # noqa: S606 no shell wanted


def _become(user: str, program: str) -> None:
    entry = pwd.getpwnam(user)
    if LINUX:
        _prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if os.access(program, os.X_OK) and os.access(Path.cwd(), os.R_OK | os.X_OK):
        return
    # A clone or a data directory below /root: the way there is closed to everybody else. The right
    # to pass closed directories is the least that opens it.
    if not (LINUX and any(map(_keep_capability, (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)))):
        sys.exit(f"the user {user} cannot reach {program} or {Path.cwd()}")


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


def _prctl(option: int, *arguments: int) -> int:
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    return int(ctypes.CDLL(None).prctl(option, *words))


if __name__ == "__main__":
    main()
