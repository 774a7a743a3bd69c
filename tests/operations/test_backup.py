"""Backed up under load, all lost, restored beside the same NATS; and what is refused."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import msgspec
import pytest
from tests.commands.forked import forked
from tests.events.traffic import append, messages, relaying
from tests.eventually import eventually
from tests.tenants import new_tenant

from milepost.enrollment.domain.erasure import VAULT, erase
from milepost.events.commands.transact import Transactor
from milepost.events.relay.strays import strays_by_tenant
from milepost.events.store.migrations import migrate
from milepost.events.store.postgres import ROLE, PostgresLog, connect_pool, owner_connection
from milepost.events.store.verify import head_of
from milepost.operations.backup.manifest import last_backup
from milepost.operations.backup.restore import verified
from milepost.operations.installation.data_directory import DirectoryInUse
from milepost.operations.local.embedded import Embedded
from milepost.operations.rooms import schemas

pytestmark = [pytest.mark.servers, pytest.mark.faults]  # they start processes

SEALED = b"sealed-name-of-ada"


class Said(NamedTuple):
    code: int
    out: str
    errors: str

    @property
    def told(self):
        return json.loads(self.out.splitlines()[-1])


async def milepost(data_dir: Path, *arguments: object, **variables: str) -> Said:
    names = {name: "" for name in os.environ if name.startswith("MILEPOST_")}
    process = await asyncio.create_subprocess_exec(
        *(*forked(), *map(str, arguments), "--data-dir", str(data_dir)),
        env={**os.environ, **names, **variables},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), errors.decode())


@asynccontextmanager
async def busy(log: PostgresLog, tenant: str) -> AsyncIterator[None]:
    """Somebody appends all the time."""
    going_on = True

    async def work() -> None:
        number = 0
        while going_on and number < 10_000:
            number += 1
            await append(log, tenant, f"enrollment-{number}", number)

    task = asyncio.create_task(work())
    yield
    going_on = False
    await task


async def heard(nats_url: str, tenant: str) -> list[tuple[int, str]]:
    """Position and id of all messages."""
    found = await messages(nats_url, f"milepost.{tenant}.>")
    headers = [message.headers or {} for message in found]
    return [(int(one["Milepost-Position"]), one["Nats-Msg-Id"]) for one in headers]


async def put_into_vault(owner: str) -> None:
    async with owner_connection(owner) as connection:
        await connection.execute("insert into vault.master_keys (key_id) values ('first')")
        await connection.execute(
            "insert into vault.learners (tenant, learner, key_id, wrapped_key, sealed)"
            " values ('north', 'ada', 'first', $1, $2)",
            b"wrapped",
            SEALED,
        )


async def give_receipt(log: PostgresLog, tenant: str, learner: str) -> None:
    transactor = Transactor(log)
    decide = partial(erase, learner=learner, occurred_at=datetime.now(UTC))
    await transactor.transact(tenant, VAULT.of(learner), decide)
    await transactor.close()


@pytest.mark.slow
async def test_everything_is_lost_and_restored_beside_the_same_nats(data_dir: Path):
    backup = data_dir / "backups" / "first"
    (data_dir / "vault").mkdir()
    (data_dir / "vault" / "keys").write_bytes(b"the master key that no backup holds")
    async with Embedded(data_dir) as servers:
        named = {"MILEPOST_POSTGRES": servers.postgres, "MILEPOST_NATS": servers.nats}
        async with owner_connection(servers.postgres) as connection:
            await migrate(connection, schemas())
        await put_into_vault(servers.postgres)
        async with await connect_pool(servers.postgres, name="test", size=12) as pool:
            log = PostgresLog(pool)
            await append(log, "south", "enrollment-a", 1, 2, 3)
            async with relaying(log, servers.postgres, servers.nats, pool=pool):
                async with busy(log, "north"):
                    await eventually(log.heads)
                    made = await milepost(data_dir, "backup", backup, "--json", **named)
                    assert made.code == 0, made.errors
                heads = await log.heads()
                await append(log, "north", "enrollment-after", *range(5))
                await give_receipt(log, "north", "ada")
                heads["north"] += 6

                async def published() -> bool:
                    return len(await heard(servers.nats, "north")) == heads["north"]

                await eventually(published)
        kept = made.told["schools"]
        assert kept["south"] == 3
        assert 0 < kept["north"] < heads["north"]
        before = await heard(servers.nats, "north")
        async with owner_connection(servers.postgres) as connection:
            recorded = await last_backup(connection)
            assert recorded is not None
            assert recorded.events == made.told["events"]
    assert not [
        file
        for file in backup.rglob("*")
        if file.is_file() and b"the master key that no" in file.read_bytes()
    ]
    assert (backup.stat().st_mode & 0o777) == 0o700

    shutil.rmtree(data_dir / "postgres")
    restored = await milepost(data_dir, "restore", backup, "--json")
    assert restored.code == 0, restored.errors + restored.out
    assert restored.told["schools"] == kept
    assert restored.told["faults"] == []
    lost = {"tenant": "north", "first": kept["north"] + 1, "last": heads["north"]}
    assert restored.told["lost"] == [lost]
    erased = {"tenant": "north", "learner": "ada", "position": heads["north"]}
    assert restored.told["erased"] == [erased]
    assert restored.told["locked"] == {"first": 1}
    again = await milepost(data_dir, "restore", backup)
    assert (again.code, "overwrites nothing" in again.errors) == (1, True)

    async with Embedded(data_dir) as servers:
        async with owner_connection(servers.postgres) as connection:
            assert await connection.fetchval("select sealed from vault.learners") == SEALED
            owned = "select pg_get_userbyid(relowner) from pg_class where relname = 'generations'"
            assert await connection.fetchval(owned) != ROLE
        async with await connect_pool(servers.postgres, name="test", size=12) as pool:
            log = PostgresLog(pool)
            assert await log.heads() == kept
            async with relaying(log, servers.postgres, servers.nats, pool=pool):
                await append(log, "north", "enrollment-new", 1, 2)

                async def went_on() -> bool:
                    return len(await heard(servers.nats, "north")) == len(before) + 2

                await eventually(went_on)
                (strays,) = await strays_by_tenant(pool)
            after = await heard(servers.nats, "north")
        assert (strays.tenant, strays.last) == ("north", heads["north"])
        assert after[: len(before)] == before
        assert [position for position, _ in after[len(before) :]] == [
            kept["north"] + 1,
            kept["north"] + 2,
        ]
        assert len({event for _, event in after}) == len(after), "nothing is doubled"


async def test_a_named_server_is_restored_into_an_empty_database(
    embedded, postgres: str, nats_url: str, tmp_path: Path
):
    backup, tenant = tmp_path / "backup", new_tenant()
    named = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}
    async with await connect_pool(postgres, name="test") as pool:
        await append(PostgresLog(pool), tenant, "enrollment-a", 1, 2, 3)
        await put_into_vault(postgres)
        await pool.execute("create table dashboards.tried_g1 (number integer)")
    planned = await milepost(tmp_path, "backup", backup, "--dry-run", "--json", **named)
    assert (planned.code, planned.told["events"], backup.exists()) == (0, 3, False)
    assert (await milepost(tmp_path, "backup", backup, **named)).code == 0
    assert (await milepost(tmp_path, "backup", backup, **named)).code == 1

    name = f"milepost_restored_{uuid4().hex}"
    empty = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    async with owner_connection(embedded.postgres) as server:
        await server.execute(f"create database {name}")
    try:
        named["MILEPOST_POSTGRES"] = empty
        dry = await milepost(tmp_path, "restore", backup, "--dry-run", **named)
        assert (dry.code, "3 events would be restored" in dry.out) == (0, True), dry.errors
        assert "1 learners' data would stay sealed: master key first is not here" in dry.out
        stranger = await milepost(tmp_path / "other", "restore", backup, **named)
        assert (stranger.code, "--unsigned" in stranger.errors) == (1, True)
        done = await milepost(tmp_path / "other", "restore", backup, "--unsigned", **named)
        assert (done.code, "whole and as they were signed" in done.out) == (0, True), done.errors
        async with await connect_pool(empty, name="test") as pool:
            assert await PostgresLog(pool).heads() == {tenant: 3}
            await append(PostgresLog(pool), tenant, "enrollment-a", 4)
            await pool.execute("drop table dashboards.tried_g1")
        assert "`milepost vault discard first`" in done.out
        discarded = await milepost(
            tmp_path / "other", "vault", "discard", "first", "--yes", **named
        )
        assert (discarded.code, "1 learners' data" in discarded.out) == (0, True), discarded.errors
        async with owner_connection(empty) as connection:
            assert await connection.fetchval("select count(*) from vault.learners") == 0
    finally:
        async with owner_connection(embedded.postgres) as server:
            await server.execute(f"drop database {name} with (force)")


async def test_what_is_damaged_is_refused_before_anything_is_done(
    postgres: str, nats_url: str, tmp_path: Path
):
    named = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}
    nothing = await milepost(tmp_path, "restore", tmp_path / "nothing", **named)
    assert (nothing.code, "is no backup" in nothing.errors) == (1, True)
    backup = tmp_path / "backup"
    made = await milepost(tmp_path, "backup", backup, **named)
    assert made.code == 0, made.errors
    with (backup / "database.dump").open("r+b") as dump:
        dump.seek(100)
        dump.write(b"something else")
    damaged = await milepost(tmp_path, "restore", backup, **named)
    assert (damaged.code, "SHA-256" in damaged.errors) == (1, True)


async def test_no_restore_beside_what_runs(data_dir: Path, postgres: str, tmp_path: Path):
    backup = tmp_path / "backup"
    named = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": "nats://127.0.0.1:1"}
    assert (await milepost(data_dir, "backup", backup, **named)).code == 0
    async with Embedded(data_dir, postgres=postgres, nats="nats://not-started"):
        said = await milepost(data_dir, "restore", backup, "--unsigned")
    assert (said.code, "is in use by process" in said.errors) == (1, True)
    assert DirectoryInUse.__name__ not in said.errors


async def test_a_log_that_ends_elsewhere_than_its_backup_is_said(postgres: str):
    async with await connect_pool(postgres, name="test") as pool:
        log = PostgresLog(pool)
        for tenant in ("cut", "grown", "unknown", "whole"):
            await append(log, tenant, "enrollment-a", 1, 2)
        heads = [await head_of(pool, tenant) for tenant in ("cut", "grown", "whole")]
        await append(log, "grown", "enrollment-a", 3)
    heads[0] = msgspec.structs.replace(heads[0], position=3)
    faults = await verified(postgres, heads, lambda *_: None)
    here = {"cut", "grown", "unknown", "whole"}
    assert {(one.tenant, one.fault) for one in faults if one.tenant in here} == {
        ("cut", "rewritten"), ("grown", "rewritten"), ("unknown", "event_added")
    }  # fmt: skip
