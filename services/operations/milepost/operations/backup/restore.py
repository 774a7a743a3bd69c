"""Puts a backup into an empty database, wholly or not at all, and holds it against its heads."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import asyncpg
import msgspec

from milepost.enrollment.vault.rotation import wrapped_by_key
from milepost.events.nats import jetstream
from milepost.events.nats.connection import Server
from milepost.events.relay.stream_inventory import StreamInventory
from milepost.events.store.migrations import migrate
from milepost.events.store.postgres import ROLE, PostgresLog, connect_pool, owner_connection
from milepost.events.store.verify import Fault, Head, headless, verify
from milepost.operations.backup import postgres_tools
from milepost.operations.backup.erased import Erased, erased_since
from milepost.operations.backup.manifest import CHUNK_BYTES, DUMP
from milepost.operations.rooms import ENROLLMENT_ROLE, schemas
from milepost.operations.terminal.errors import Trouble
from milepost.web.secrets.sealing import Purpose

GROUPS = f"""do $$
begin
    if to_regrole('{ROLE}') is null then create role {ROLE} nologin; end if;
    if to_regrole('{ENROLLMENT_ROLE}') is null then
        create role {ENROLLMENT_ROLE} nologin;
    end if;
    grant {ROLE} to {ENROLLMENT_ROLE};
    execute format('grant {ROLE}, {ENROLLMENT_ROLE} to %I', current_user);
end $$"""
# Generations of read models are made and dropped by the services' role: they are its own.
OWNED = f"""do $$
declare v_table regclass;
begin
    for v_table in
        select c.oid from pg_class c
         where c.relnamespace = 'dashboards'::regnamespace and c.relkind in ('r', 'p', 'v')
           and c.relname not in ('generations', 'positions')
    loop
        execute format('alter table %s owner to {ROLE}', v_table);
    end loop;
end $$"""

# Called with what is being done, how much of it is done, and how much there is.
OnProgress = Callable[[str, int, int], None]


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Positions, first to last, that NATS has published and the restored log does not know."""

    tenant: str
    first: int
    last: int


async def require_empty(owner: str) -> None:
    """Raises `Trouble` when the database has a log."""
    async with owner_connection(owner) as connection:
        if await connection.fetchval("select to_regnamespace('log') is not null"):
            raise Trouble(
                "The database holds a log already, and a restore overwrites nothing: name an empty"
                " database, or move the data directory's `postgres` folder away first."
            )


async def restore(owner: str, folder: Path, on_progress: OnProgress) -> None:
    """Raises `Trouble`; then the database is as empty as before."""
    await require_empty(owner)
    async with owner_connection(owner) as connection:
        await connection.execute(GROUPS)
        server = await postgres_tools.server_of(connection)
    await _feed(server, owner, folder / DUMP, on_progress)
    async with owner_connection(owner) as connection:
        await connection.execute(OWNED)
        await migrate(connection, schemas())


async def _feed(
    server: postgres_tools.Server, owner: str, file: Path, on_progress: OnProgress
) -> None:
    options = ("--no-owner", "--exit-on-error", "--single-transaction")
    process = await postgres_tools.start("pg_restore", server, owner, *options, reads=True)
    assert process.stderr is not None, "it has pipes"
    assert process.stdin is not None, "it has pipes"
    said = asyncio.create_task(process.stderr.read())
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # its last words say why
            await _pour(file, process.stdin, on_progress)
        process.stdin.close()
        await postgres_tools.require_success("pg_restore", process, said)
    finally:
        await postgres_tools.end(process)


async def _pour(file: Path, into: asyncio.StreamWriter, on_progress: OnProgress) -> None:
    size, done = file.stat().st_size, 0  # noqa: ASYNC240 - at once
    with file.open("rb") as source:
        while chunk := await asyncio.to_thread(source.read, CHUNK_BYTES):
            into.write(chunk)
            await into.drain()
            done += len(chunk)
            on_progress("restore", done, size)


async def verified(owner: str, heads: Sequence[Head], on_progress: OnProgress) -> tuple[Fault, ...]:
    """Every school's chain, up to exactly where its head was."""
    faults: list[Fault] = []
    pool = await connect_pool(owner, name="milepost restore", command_timeout_seconds=None)
    async with pool:
        known = await PostgresLog(pool).heads()
        for head in heads:
            if known.pop(head.tenant, 0) != head.position:
                faults.append(
                    Fault(tenant=head.tenant, fault="rewritten", first=1, last=head.position)
                )
                continue
            done = 0

            def tell(more: int, head: Head = head) -> None:
                nonlocal done
                done += more
                on_progress(f"verify {head.tenant}", done, head.position)

            faults += await verify(pool, head.tenant, tell, against=[head])
        faults += [
            Fault(tenant=one, fault="event_added", first=1, last=last)
            for one, last in known.items()
        ]
        faults += await headless(pool)
    return tuple(faults)


async def wrapped(owner: str) -> dict[str, int]:
    """How many learners each master key opens."""
    async with owner_connection(owner) as connection:
        return await wrapped_by_key(connection)


async def sealed(owner: str, purpose: Purpose) -> str | None:
    """The fingerprint of the key that seals these; None: there are none."""
    async with owner_connection(owner) as connection:
        try:
            return await purpose.fingerprint_used(connection)
        except asyncpg.UndefinedTableError:  # a backup of before there were any
            return None


async def erased(nats: Server, heads: Sequence[Head]) -> list[Erased]:
    """Who was erased since, and is back."""
    async with jetstream.connected(nats, "restore") as client:
        return await erased_since(client.jetstream(), {one.tenant: one.position for one in heads})


async def lost(nats: Server, heads: Sequence[Head], on_progress: OnProgress) -> list[Lost]:
    """What the stream claims beyond the restored heads: subscribers have heard of it."""
    ends = {head.tenant: head.position for head in heads}
    async with jetstream.connected(nats, "restore") as client:
        inventory = StreamInventory(client.jetstream())
        await inventory.read_on(on_progress)
    found = sorted(inventory.highest.items())
    return [
        Lost(tenant=tenant, first=ends.get(tenant, 0) + 1, last=last)
        for tenant, last in found
        if last > ends.get(tenant, 0)
    ]
