"""Whose program has opened a connection from this machine: the kernel knows, and no header.

Loopback is reached by everybody on the machine, and by a proxy that hides itself. Both mostly run
as another user. Linux tells whose a socket is; elsewhere nothing does.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
KNOWN: Final = sys.platform == "linux"
ROOT: Final = 0


def is_own(client: tuple[str, int]) -> bool:
    """Whether the socket at `client` (address, port) is this user's, or root's. Not on Linux: True.

    Who is root reads the key of the development issuer anyhow.
    """
    return not KNOWN or owner(client) in {os.getuid(), ROOT}


def owner(client: tuple[str, int]) -> int | None:
    """The user id; None: no such connection."""
    wanted = {f"{one}:{int(client[1]):04X}" for one in _forms(client[0])}
    for table in TABLES:
        for line in _lines(table):
            fields = line.split(None, 8)
            if len(fields) > 7 and fields[1] in wanted:
                return int(fields[7])
    return None


def _lines(table: Path) -> Iterator[str]:
    try:
        with table.open("r", encoding="ascii") as lines:
            yield from lines
    except OSError:
        return


def _forms(address: str) -> Iterator[str]:
    """As the tables have it: words of four bytes in the machine's order; IPv4 also within IPv6."""
    if ":" in address:
        yield _words(socket.inet_pton(socket.AF_INET6, address))
    else:
        packed = socket.inet_pton(socket.AF_INET, address)
        yield _words(packed)
        yield _words(bytes(10) + b"\xff\xff" + packed)


def _words(packed: bytes) -> str:
    count = len(packed) // 4
    return "".join(f"{word:08X}" for word in struct.unpack(f"={count}I", packed))
