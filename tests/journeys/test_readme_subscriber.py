"""The README's subscriber, run exactly as printed."""

import asyncio
import os
import re
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from tests.eventually import eventually

from milepost.contracts.published import PUBLISHED
from milepost.contracts.records import CredentialAwarded
from milepost.events.codec import Codec
from milepost.events.log import Command, NewEvent
from milepost.events.nats.jetstream import STREAM, connected, ensure_stream
from milepost.events.relay.relay import Relay
from milepost.events.store.memory import MemoryLog

README = Path(__file__).parents[2] / "README.md"
AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def block():
    _, _, section = README.read_text("utf-8").partition("## A subscriber in 20 lines")
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found
    return found.group(1)


async def award(log, *learners):
    codec = Codec[CredentialAwarded](CredentialAwarded)
    for learner in learners:
        event = CredentialAwarded(
            credential=str(uuid4()),
            learner=learner,
            achievement="welding",
            achievement_version=1,
            evidence=(),
            valid_from=AT,
        )
        tag, data = codec.encode(event)
        stream = f"record-{learner}"
        new = NewEvent(stream=stream, type=tag, data=data, occurred_at=AT, event_id=uuid4())
        command = Command(command_id=uuid4(), expects=((stream, 0),), events=(new,))
        await log.append("north", [command])


@asynccontextmanager
async def subscriber(block, nats_url):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        block,
        env={**os.environ, "MILEPOST_NATS": nats_url},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def heard(output, count):
    async with asyncio.timeout(90):
        return [(await output.readline()).decode().strip() for _ in range(count)]


async def all_acknowledged(nats_url):
    async with connected(nats_url, "test") as client:
        js = client.jetstream()

        async def holds():
            return not (await js.consumer_info(STREAM, "congratulations")).num_ack_pending

        await eventually(holds)


def lines(*learners):
    return [f"north {learner} has earned welding" for learner in learners]


def test_it_has_at_most_20_lines(block):
    assert len([line for line in block.splitlines() if line.strip()]) <= 20


async def test_it_hears_every_award_once_in_order_and_goes_on_where_it_stopped(
    block, postgres, nats_url
):
    log = MemoryLog()
    async with connected(nats_url, "test") as client:
        await ensure_stream(client.jetstream())
    relay = asyncio.create_task(Relay(log, postgres, nats_url, PUBLISHED).run())
    await award(log, "ann", "bob")
    async with subscriber(block, nats_url) as output:
        assert await heard(output, 2) == lines("ann", "bob")
        await award(log, "cid")
        assert await heard(output, 1) == lines("cid")
        await all_acknowledged(nats_url)
    await award(log, "dan", "eve")
    async with subscriber(block, nats_url) as output:
        assert await heard(output, 2) == lines("dan", "eve")
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
