"""A data directory from before there were accounts: its stream and consumers are Milepost's."""

import asyncio
from pathlib import Path

import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig
from tests.house.test_nats_conf import listening
from tests.subscriptions.partners.servers import award, embedded

from milepost.events.nats.jetstream import STREAM
from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_nats import binary

pytestmark = pytest.mark.servers  # they start processes


async def left_by_an_earlier_version(folder: Path) -> None:
    """As its configuration had it: one token, and no accounts."""
    port, conf = free_port(0), folder / "earlier.conf"
    conf.write_text(
        f'listen: "127.0.0.1:{port}", authorization {{ token: "own" }}\n'
        f'jetstream {{ store_dir: "{folder / "jetstream"}" }}',
        "utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        binary(), "--config", conf, stderr=asyncio.subprocess.DEVNULL
    )
    await listening(port)
    client = await nats.connect(f"nats://own@127.0.0.1:{port}")
    js = client.jetstream()
    await award(js, "north", 3)
    await js.add_consumer(
        STREAM, ConsumerConfig(durable_name="kept", ack_policy=AckPolicy.EXPLICIT)
    )
    feed = await js.pull_subscribe_bind("kept", STREAM)
    (first,) = await feed.fetch(1, timeout=5)
    await first.ack_sync()
    await client.close()
    process.terminate()
    await process.wait()


async def test_its_messages_and_what_was_acknowledged_are_there_and_stay(tmp_path: Path):
    await left_by_an_earlier_version(tmp_path)
    for start in range(2):
        async with embedded(tmp_path) as server, server.own() as js:
            info = await js.consumer_info(STREAM, "kept")
            assert info.num_pending == 2 - start
            assert (await js.stream_info(STREAM)).state.messages == 3
            feed = await js.pull_subscribe_bind("kept", STREAM)
            (message,) = await feed.fetch(1, timeout=5)
            await message.ack_sync()
