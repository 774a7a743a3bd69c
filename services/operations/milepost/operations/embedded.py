"""Postgres and NATS of our own, in one data directory that one process at a time may use."""

import asyncio
import fcntl
import hashlib
import os
import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from milepost.operations import embedded_nats, embedded_postgres
from milepost.operations.child import Child
from milepost.operations.embedded_nats import EmbeddedNats
from milepost.operations.embedded_postgres import EmbeddedPostgres
from milepost.operations.trouble import Trouble


class DirectoryInUse(Trouble):
    def __init__(self, data_dir: Path, holder: str) -> None:
        super().__init__(
            f"{data_dir} is in use by process {holder}: stop that one,"
            " or choose another directory with --data-dir."
        )


class Addresses(msgspec.Struct, frozen=True):
    """Chosen once per data directory, so that what others were told stays true."""

    postgres_port: int
    nats_port: int
    postgres_password: str
    nats_token: str


class Embedded:
    """Both servers, from entering to leaving.

    `postgres_child` and `nats_child` may be watched; `restart_postgres` and `restart_nats` start a
    server again that has died, at the same address.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self._lock: IO[str] | None = None

    @property
    def postgres(self) -> str:
        return self._postgres.dsn

    @property
    def nats(self) -> str:
        return self._nats.url

    async def __aenter__(self) -> Self:
        # Passable for the user that Postgres runs as; every secret inside is 0600.
        self.data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._lock = _take(self.data_dir)
        try:
            await self._start()
        except BaseException:
            self._lock.close()
            raise
        return self

    async def _start(self) -> None:
        mark = f"milepost-{hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]}"
        # First, for they may still hold the ports.
        await asyncio.to_thread(embedded_postgres.end_leftovers, mark)
        await asyncio.to_thread(embedded_nats.end_leftovers, mark)
        addresses = _addresses(self.data_dir / "addresses.json")
        self._postgres = EmbeddedPostgres(
            self.data_dir / "postgres",
            mark=mark,
            port=addresses.postgres_port,
            password=addresses.postgres_password,
        )
        self._nats = EmbeddedNats(
            self.data_dir / "nats",
            mark=mark,
            port=addresses.nats_port,
            token=addresses.nats_token,
        )
        self.postgres_child = await self._postgres.start()
        try:
            self.nats_child = await self._nats.start()
        except BaseException:
            await self.postgres_child.stop()
            raise

    async def restart_postgres(self) -> Child:
        self.postgres_child = await self._postgres.start()
        return self.postgres_child

    async def restart_nats(self) -> Child:
        self.nats_child = await self._nats.start()
        return self.nats_child

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.gather(self.nats_child.stop(), self.postgres_child.stop())
        assert self._lock is not None
        self._lock.close()


def _take(data_dir: Path) -> IO[str]:
    """Lock the directory for as long as the answer stays open. Raises `DirectoryInUse`."""
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


def _addresses(path: Path) -> Addresses:
    kept = msgspec.json.decode(path.read_bytes(), type=Addresses) if path.exists() else None
    chosen = Addresses(
        postgres_port=_free_port(kept.postgres_port if kept else 0),
        nats_port=_free_port(kept.nats_port if kept else 0),
        postgres_password=kept.postgres_password if kept else secrets.token_urlsafe(24),
        nats_token=kept.nats_token if kept else secrets.token_urlsafe(24),
    )
    if chosen != kept:
        write_secret(path, msgspec.json.encode(chosen))
    return chosen


def _free_port(wish: int) -> int:
    """`wish` when nobody listens there, else another."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wish))
        except OSError:
            return _free_port(0)
        return int(probe.getsockname()[1])


def write_secret(path: Path, content: bytes) -> None:
    """Replace a file that only its owner may read, whole or not at all."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    beside.replace(path)
