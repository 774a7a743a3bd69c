"""Postgres that root has started can do no more than anybody: capabilities, files, neighbours."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from milepost.events.store.postgres import owner_connection
from milepost.operations.local.embedded import Embedded
from milepost.operations.local.embedded_postgres import USERS

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="root's business, on Linux"
    ),
]
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


@pytest.fixture(scope="module")
async def servers(session_dir: Path) -> AsyncIterator[Embedded]:
    async with Embedded(session_dir / "privileges", nats="nats://not-started") as embedded:
        yield embedded


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def refused(servers: Embedded, *paths: Path | str) -> None:
    async with owner_connection(servers.postgres) as connection:
        await connection.execute("create table if not exists taken (line text)")
        for path in paths:
            for statement in (f"select pg_read_file('{path}')", f"copy taken from '{path}'"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="Permission denied"):
                    await connection.execute(statement)


async def test_it_has_no_capability_and_gains_none(servers: Embedded, tmp_path: Path) -> None:
    found = status(servers.children["postgres"].pid)
    assert {name: int(found[name], 16) for name in SETS} == dict.fromkeys(SETS, 0)
    assert found["NoNewPrivs"] == "1"
    assert found["Groups"] == ""
    own = tmp_path / "of-root"
    own.write_text("secret", "utf-8")
    own.chmod(0o600)
    await refused(servers, "/etc/shadow", own, servers.data_dir / "addresses.json")


async def test_two_installations_do_not_share_a_user(servers: Embedded, tmp_path: Path) -> None:
    user = int(status(servers.children["postgres"].pid)["Uid"].split()[0])
    assert user in USERS
    home = servers.data_dir / "postgres"
    assert {path.stat().st_uid for path in (home, home / "data", home / "data" / "base")} == {user}
    other = tmp_path.parent / "other"
    other.mkdir()
    other.chmod(0o700)
    os.chown(other, next(one for one in USERS if one != user), -1)
    (other / "PG_VERSION").write_text("18", "utf-8")
    await refused(servers, other / "PG_VERSION")


async def test_a_directory_of_an_earlier_version_changes_hands(data_dir: Path) -> None:
    async with (
        Embedded(data_dir, nats="nats://not-started") as first,
        owner_connection(first.postgres) as connection,
    ):
        await connection.execute("create table kept as select 7 as number")
    for path in (data_dir / "postgres", *(data_dir / "postgres").rglob("*")):
        os.chown(path, 65_534, 65_534)
    async with Embedded(data_dir, nats="nats://not-started") as second:
        async with owner_connection(second.postgres) as connection:
            assert await connection.fetchval("select number from kept") == 7
        assert int(status(second.children["postgres"].pid)["Uid"].split()[0]) in USERS


async def test_below_a_closed_folder_it_sees_nothing_else(data_dir: Path) -> None:
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    (closed / "beside").write_text("readable by all, were they here", "utf-8")
    async with Embedded(closed / "deep", nats="nats://not-started") as servers:
        found = status(servers.children["postgres"].pid)
        assert {int(found[name], 16) for name in SETS} == {0}
        async with owner_connection(servers.postgres) as connection:
            with pytest.raises(asyncpg.UndefinedFileError):
                await connection.fetchval(f"select pg_read_file('{closed / 'beside'}')")
