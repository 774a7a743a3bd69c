"""Makes a backup while people work: all of it is true for one moment, the snapshot's."""

import asyncio
import importlib.metadata
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from milepost.enrollment.vault.rotation import wrapped_by_key
from milepost.events.store.postgres import owner_connection
from milepost.events.store.verify import Head
from milepost.operations.backup import postgres_tools
from milepost.operations.backup.manifest import DUMP, HEADS, MANIFEST, Manifest, digest
from milepost.operations.backup.postgres_tools import Server
from milepost.operations.installation.signed_heads import signed
from milepost.operations.terminal.errors import Trouble
from milepost.web.auth.signing_key import SigningKey

HEADS_NOW = (
    "select tenant, head as position, encode(link, 'hex') as link from log.heads where head > 0"
)
SIZE = "select pg_database_size(current_database())"
# A read model's generation may be dropped between the snapshot and the dump.
ATTEMPTS = 3
LOOK_SECONDS = 0.2

# Called with what is being done, how much of it is done, and how much there is about.
OnProgress = Callable[[str, int, int], None]


async def look(owner: str) -> dict[str, Any]:
    """How much there is to back up."""
    async with owner_connection(owner) as connection:
        heads = await connection.fetch(HEADS_NOW)
        size = await connection.fetchval(SIZE)
    return {
        "schools": len(heads),
        "events": sum(row["position"] for row in heads),
        "database_bytes": size,
    }


async def make(owner: str, folder: Path, key: SigningKey, on_progress: OnProgress) -> Manifest:
    """Write `folder`, which appears when it is whole. Raises `Trouble` when it exists."""
    require_new(folder)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    try:
        manifest = await _written(owner, part, key, on_progress)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    await _record(owner, manifest)
    return manifest


async def _written(owner: str, folder: Path, key: SigningKey, on_progress: OnProgress) -> Manifest:
    for _ in range(ATTEMPTS - 1):
        with suppress(Trouble):
            return await _write(owner, folder, key, on_progress)
    return await _write(owner, folder, key, on_progress)


def require_new(folder: Path) -> None:
    """Raises `Trouble`."""
    if folder.exists():
        raise Trouble(f"{folder} exists, and a backup overwrites nothing: name another folder.")


async def _write(owner: str, folder: Path, key: SigningKey, on_progress: OnProgress) -> Manifest:
    async with (
        owner_connection(owner) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        snapshot, began_at, version = await connection.fetchrow(  # type: ignore[misc]
            "select pg_export_snapshot(), now(), current_setting('server_version')"
        )
        heads = [Head(**row) for row in await connection.fetch(HEADS_NOW)]
        size, learners = await connection.fetchval(SIZE), await wrapped_by_key(connection)
        server = await postgres_tools.server_of(connection)
        arguments = (server, owner, folder / DUMP, snapshot)
        await _dump(*arguments, lambda done: on_progress("dump", done, size))
    (folder / HEADS).write_text(_signed(key, heads), "utf-8")
    manifest = Manifest(
        milepost=importlib.metadata.version("milepost"),
        postgres=version,
        began_at=began_at,
        events=sum(head.position for head in heads),
        schools={head.tenant: head.position for head in heads},
        bytes=(folder / DUMP).stat().st_size,
        sha256=await asyncio.to_thread(digest, folder / DUMP),
        learners=learners,
    )
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


async def _dump(
    server: Server, owner: str, file: Path, snapshot: str, tell: Callable[[int], None]
) -> None:
    file.touch(mode=0o600)  # noqa: ASYNC240 - at once
    options = ("--format=custom", "--compress=gzip:3", f"--snapshot={snapshot}", f"--file={file}")
    process = await postgres_tools.start("pg_dump", server, owner, *options)
    assert process.stderr is not None, "it has a pipe"
    said = asyncio.create_task(process.stderr.read())
    try:
        while not said.done():
            await asyncio.wait((said,), timeout=LOOK_SECONDS)
            tell(file.stat().st_size)  # noqa: ASYNC240 - at once
        await postgres_tools.require_success("pg_dump", process, said)
    finally:
        await postgres_tools.end(process)


def _signed(key: SigningKey, heads: Sequence[Head]) -> str:
    key.publish()
    return "".join(f"{signed(key, head)}\n" for head in heads)


async def _record(owner: str, manifest: Manifest) -> None:
    statement = "insert into consumer.backups (began_at, events, bytes) values ($1, $2, $3)"
    async with owner_connection(owner) as connection:
        await connection.execute(statement, manifest.began_at, manifest.events, manifest.bytes)
