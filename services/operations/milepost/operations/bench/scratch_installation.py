"""Ground to measure on: servers of our own with fsync and checksums on, a fresh database."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from milepost.events.store.migrations import migrate
from milepost.events.store.postgres import owner_connection
from milepost.operations.local.embedded import Embedded
from milepost.operations.rooms import schemas
from milepost.web.settings import Settings


@asynccontextmanager
async def ground(settings: Settings) -> AsyncIterator[Settings]:
    """Settings whose Postgres database and data directory are new, and gone afterwards.

    Servers that the settings already name are used; of theirs only the database is ours.
    """
    folder = _folder()
    try:
        async with (
            Embedded(folder, postgres=settings.postgres, nats=settings.nats) as servers,
            _database(servers.postgres) as postgres,
        ):
            yield Settings(
                postgres=postgres,
                nats=servers.nats,
                nats_ca_file=settings.nats_ca_file,
                nats_cert_file=settings.nats_cert_file,
                nats_key_file=settings.nats_key_file,
                data_dir=folder / "running",  # the folder itself is held by the servers
                log_level="error",
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="milepost-bench-"))
    folder.chmod(0o711)  # Postgres runs as somebody else when we are root
    return folder


@asynccontextmanager
async def _database(server: str) -> AsyncIterator[str]:
    name = f"milepost_bench_{uuid4().hex}"
    await _execute(server, f"create database {name}")
    dsn = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    try:
        async with owner_connection(dsn) as connection:
            await migrate(connection, schemas())
        yield dsn
    finally:
        await _execute(server, f"drop database {name} with (force)")


async def _execute(dsn: str, statement: str) -> None:
    async with owner_connection(dsn) as connection:
        await connection.execute(statement)
