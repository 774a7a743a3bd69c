"""Postgres and NATS of our own, in one data directory that one process at a time may use."""

import asyncio
import hashlib
import os
import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeAlias

import msgspec

from milepost.operations.installation.data_directory import lock_directory
from milepost.operations.local import embedded_nats, embedded_postgres
from milepost.operations.local.child_process import Child
from milepost.operations.local.embedded_nats import EmbeddedNats
from milepost.operations.local.embedded_postgres import EmbeddedPostgres
from milepost.web import secret_file

MARK = "milepost-"  # our servers' names begin with it
# Linux hands out 32768 and above to callers, macOS 49152 and above.
CHOSEN_PORTS = range(20_000, 32_000)
PORT_TRIES = 50

Server: TypeAlias = EmbeddedPostgres | EmbeddedNats


class Addresses(msgspec.Struct, frozen=True):
    """Chosen once per data directory, so that what others were told stays true."""

    postgres_port: int
    nats_port: int
    postgres_password: str
    nats_token: str
    service_password: str = ""
    enrollment_password: str = ""


class Logins(msgspec.Struct, frozen=True):
    """Addresses for processes, which own nothing; `ensure_login` makes the logins. Else empty."""

    service: str = ""
    enrollment: str = ""


class Embedded:
    """Both servers, from entering to leaving; one whose address is given is used, not started.

    `postgres` is the owner's address. `children` holds the processes by server name, to be
    watched; `restart` starts one again that has died, at the same address. `queue` is our NATS.
    """

    def __init__(self, data_dir: Path, *, postgres: str = "", nats: str = "") -> None:
        self.data_dir = data_dir.resolve()
        self.postgres = postgres
        self.nats = nats
        self.logins = Logins()
        self.children: dict[str, Child] = {}
        self.queue: EmbeddedNats | None = None
        self._servers: dict[str, Server] = {}
        self._lock: IO[str] | None = None

    async def __aenter__(self) -> Self:
        self._lock = lock_directory(self.data_dir)
        try:
            await self._choose()
            for name in self._servers:
                await self.restart(name)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop()

    async def restart(self, name: str) -> Child:
        self.children[name] = await self._servers[name].start()
        return self.children[name]

    async def _choose(self) -> None:
        mark = f"{MARK}{hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]}"
        # First, for they may still hold the ports.
        await asyncio.to_thread(embedded_postgres.end_leftovers, mark)
        await asyncio.to_thread(embedded_nats.end_leftovers, mark)
        chosen = _addresses(self.data_dir / "addresses.json")
        if not self.postgres:
            home, port = self.data_dir / "postgres", chosen.postgres_port
            server = EmbeddedPostgres(home, mark=mark, port=port, password=chosen.postgres_password)
            self._servers["postgres"] = server
            self.postgres = server.address
            self.logins = Logins(
                service=server.login("milepost_service_login", chosen.service_password),
                enrollment=server.login("milepost_enrollment_login", chosen.enrollment_password),
            )
        if not self.nats:
            home, port = self.data_dir / "nats", chosen.nats_port
            queue = EmbeddedNats(home, mark=mark, port=port, token=chosen.nats_token)
            self._servers["nats"] = queue
            self.nats, self.queue = queue.address, queue

    async def _stop(self) -> None:
        await asyncio.gather(*(child.stop() for child in self.children.values()))
        assert self._lock is not None
        self._lock.close()


def _addresses(path: Path) -> Addresses:
    kept = msgspec.json.decode(path.read_bytes(), type=Addresses) if path.exists() else None
    chosen = Addresses(
        postgres_port=free_port(kept.postgres_port if kept else 0),
        nats_port=free_port(kept.nats_port if kept else 0),
        postgres_password=kept.postgres_password if kept else secrets.token_urlsafe(24),
        nats_token=kept.nats_token if kept else secrets.token_urlsafe(24),
        service_password=(kept and kept.service_password) or secrets.token_urlsafe(24),
        enrollment_password=(kept and kept.enrollment_password) or secrets.token_urlsafe(24),
    )
    if chosen != kept:
        secret_file.replace(path, msgspec.json.encode(chosen))
    return chosen


def free_port(preferred: int) -> int:
    """`preferred` when nobody listens there, else another; 0: any.

    Below those that systems hand out to whoever calls: between the choice and the listening no
    outgoing connection takes it.
    """
    wanted = [preferred] if preferred else []
    tries = (secrets.choice(CHOSEN_PORTS) for _ in range(PORT_TRIES))
    for port in (*wanted, *tries, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")
