"""`milepost subscribers`, by both configurations of NATS: what it prints runs as it is printed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import nats.js.errors
import pytest
from tests.commands.forked import forked
from tests.eventually import eventually
from tests.subscriptions.partners.servers import Nats

from milepost.contracts.published import PUBLISHED
from milepost.contracts.records import CredentialAwarded
from milepost.events.codec import Codec
from milepost.events.log import Command, NewEvent
from milepost.events.nats.jetstream import STREAM, ensure_stream
from milepost.events.relay.relay import Relay
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.subscriptions.partners.accounts import account_id

AT = datetime(2026, 6, 1, tzinfo=UTC)
AWARDS = Codec[CredentialAwarded](CredentialAwarded)


class Installation:
    """A database of its own beside this server, with the relay."""

    def __init__(self, server: Nats, postgres: str, log: PostgresLog) -> None:
        self.server, self.postgres, self.log = server, postgres, log
        self.tenant = f"north_{uuid4().hex[:6]}"
        self.variables = {
            "MILEPOST_POSTGRES": postgres,
            "MILEPOST_NATS": server.url,
            "MILEPOST_NATS_ACCOUNTS": str(server.accounts),
        }

    async def run(self, *arguments: str, code: int = 0) -> str:
        process = await asyncio.create_subprocess_exec(
            *(*forked(), "subscribers", *arguments),
            env={**os.environ, **self.variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
        assert process.returncode == code, out + error
        return (out if code == 0 else error).decode()

    async def ask(self, *arguments: str) -> Any:
        return msgspec.json.decode(await self.run(*arguments, "--json"))

    async def with_secret(self, action: str, name: str, *arguments: str) -> Mapping[str, Any]:
        """What it prints, once the server knows it."""
        told = await self.ask(action, name, "--tenant", self.tenant, *arguments)
        await self.server.takes_up(told["address"], told["consumer"])
        return told  # type: ignore[no-any-return]

    async def is_done(self, consumer: str) -> bool:
        """Whether all was sent and acknowledged."""
        async with self.server.own() as js:
            info = await js.consumer_info(STREAM, consumer)
        return not info.num_pending and not info.num_ack_pending

    async def award(self, *learners: str) -> None:
        for learner in learners:
            event = CredentialAwarded(
                credential=str(uuid4()), learner=learner, achievement="welding",
                achievement_version=1, evidence=(), valid_from=AT,
            )  # fmt: skip
            tag, data = AWARDS.encode(event)
            stream = f"record-{learner}"
            new = NewEvent(stream=stream, type=tag, data=data, occurred_at=AT, event_id=uuid4())
            command = Command(command_id=uuid4(), expects=((stream, 0),), events=(new,))
            await self.log.append(self.tenant, [command])


@pytest.fixture
async def here(server: Nats, postgres: str) -> AsyncIterator[Installation]:
    pool = await connect_pool(postgres, name="test", size=4)
    log = PostgresLog(pool)
    async with server.own() as js:
        await ensure_stream(js)
    relay = asyncio.create_task(Relay(log, postgres, server.url, PUBLISHED, pool=pool).run())
    yield Installation(server, postgres, log)
    await cancel_and_wait(relay)
    async with server.own() as js:
        for stream in await js.streams_info():
            await js.delete_stream(str(stream.config.name))
    await pool.close()


@asynccontextmanager
async def running(
    told: Mapping[str, Any], folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program, as it was printed, told the address as it says."""
    file = folder / "subscriber.py"
    file.write_text(told["program"], "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        file,
        env={**os.environ, "MILEPOST_SUBSCRIBER": told["address"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.communicate()


async def line(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await asyncio.wait_for(stream.readline(), 60)).decode().strip()


async def heard(process: asyncio.subprocess.Process) -> tuple[str, str]:
    """Position and learner."""
    text = await line(process.stdout)
    return text.split(" ")[0], text.partition("'learner': '")[2].partition("'")[0]


async def test_what_add_prints_runs_and_a_rotated_secret_goes_on_where_the_first_stopped(
    here: Installation, tmp_path: Path
):
    await here.award("ann", "bob")
    told = await here.with_secret("add", "payroll", "--event", "credential_awarded")
    assert told["program"].count("\n") <= 35
    async with running(told, tmp_path) as program:
        assert [await heard(program) for _ in range(2)] == [("1", "ann"), ("2", "bob")]
        await here.award("cid")
        position, learner = await heard(program)
        assert (int(position), learner) == (4, "cid")  # the third is that there is a subscriber
        again = await here.with_secret("rotate", "payroll")
        assert await here.server.lets_in(told["address"], told["consumer"])
        await here.award("dan")
        assert (await heard(program))[1] == "dan"
        await eventually(lambda: here.is_done(told["consumer"]))
    async with running(again, tmp_path) as program:
        await here.award("eve")
        assert (await heard(program))[1] == "eve"
        [row] = await here.ask("list", "--tenant", here.tenant)
        assert (row["name"], row["events"], row["secrets"]) == (
            "payroll", ["credential_awarded"], 2,
        )  # fmt: skip
        await here.run("remove", "payroll", "--tenant", here.tenant)
        await cut_off(here, again)
        assert await told_off(program)
    assert await here.ask("list", "--tenant", here.tenant) == []
    async with here.server.own() as js:
        with pytest.raises(nats.js.errors.NotFoundError):
            await js.consumer_info(STREAM, told["consumer"])


async def told_off(process: asyncio.subprocess.Process) -> bool:
    """Whether it says within some lines that it is let in no more."""
    for _ in range(20):
        if "Authorization" in await line(process.stderr):
            return True
    return False


async def cut_off(here: Installation, told: Mapping[str, Any]) -> None:
    await here.server.reload()

    async def refused() -> bool:
        return not await here.server.lets_in(told["address"], told["consumer"])

    await eventually(refused)


async def test_two_that_are_added_at_once_are_both_let_in(here: Installation):
    await here.award("ann")
    both = [here.ask("add", name, "--tenant", here.tenant, "--all") for name in ("one", "two")]
    for told in await asyncio.gather(*both):
        await here.server.takes_up(told["address"], told["consumer"])
    text = here.server.accounts.read_text("utf-8")
    assert all(f'"{account_id(here.tenant, name)}"' in text for name in ("one", "two"))
    assert await here.run("accounts") == text
    assert "rotate" in await here.run("add", "one", "--tenant", here.tenant, "--all", code=1)
    assert await here.run("accounts") == text


async def test_what_makes_no_sense_is_said(here: Installation):
    if here.server.scheme == "tls":
        pytest.skip("the same with any server")
    said = await asyncio.gather(
        here.run("add", "Pay_roll", "--all", code=2),
        here.run("add", "payroll", code=2),
        here.run("add", "payroll", "--event", "no_such_event", code=2),
        here.run("add", "payroll", "--all", "--tenant", "nowhere", code=1),
        here.run("remove", "payroll", "--tenant", "nowhere", code=1),
    )
    words = ("cannot be a subscriber", "--all", "Nobody publishes", "No school", "no such")
    assert [word in text for word, text in zip(words, said, strict=True)] == [True] * 5
