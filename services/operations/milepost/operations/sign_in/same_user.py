"""The user who owns a connection from this machine: the kernel knows, and no header.

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


def is_own(client: tuple[str, int], port: int) -> bool:
    """Whether the socket at `client` (address, port) that leads to our `port` is this user's, or
    root's. Not on Linux: True.

    Who is root reads the key of the development issuer anyhow.
    """
    if not KNOWN:
        return True
    found = owners(client, port)
    return bool(found) and found <= {os.getuid(), ROOT}


def owners(client: tuple[str, int], port: int) -> set[int]:
    """The user ids; none: no such connection.

    A port may lead to several places, and one that is closing belongs to nobody: the table then
    says that it is root's. So what leads elsewhere, or has no inode, says nothing here.
    """
    wanted = {f"{one}:{client[1]:04X}" for one in _forms(client[0])}
    found: set[int] = set()
    for table in TABLES:
        for line in _lines(table):
            fields = line.split(None, 10)
            if len(fields) <= 9 or fields[1] not in wanted or fields[9] == "0":
                continue
            if int(fields[2].rpartition(":")[2], 16) == port:
                found.add(int(fields[7]))
    return found


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
