"""Three NATS nodes: the streams are made with as many copies, and outlive one of them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import nats
import nats.errors
import pytest
from nats.js import JetStreamContext
from tests.events.traffic import append, positions, relaying
from tests.eventually import eventually

from milepost.events.nats.jetstream import STREAM
from milepost.events.relay import republish
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog
from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_nats import binary

pytestmark = pytest.mark.slow  # three servers that vote: they want the machine for themselves

NODE = """\
server_name: "node-{number}"
listen: "127.0.0.1:{port}"
max_payload: 8MB
jetstream {{ store_dir: "{home}/node-{number}", max_memory_store: 64MB }}
cluster {{ name: milepost, listen: "127.0.0.1:{own}", routes: [{routes}] }}
"""


class Cluster:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = [free_port(0) for _ in range(3)]
        self.routes = [free_port(0) for _ in range(3)]
        self.nodes: list[asyncio.subprocess.Process] = []
        self.url = f"nats://127.0.0.1:{self.ports[0]}"

    async def start(self) -> None:
        for number in range(3):
            self.nodes.append(await self.node(number))
        await eventually(self.has_a_leader, 60)

    async def node(self, number: int) -> asyncio.subprocess.Process:
        conf = self.home / f"node-{number}.conf"
        text = NODE.format(
            number=number,
            port=self.ports[number],
            home=self.home,
            own=self.routes[number],
            routes=", ".join(f'"nats://127.0.0.1:{port}"' for port in self.routes),
        )
        conf.write_text(text, "utf-8")
        return await asyncio.create_subprocess_exec(
            binary(), "--config", conf, stderr=asyncio.subprocess.DEVNULL
        )

    async def has_a_leader(self) -> bool:
        with suppress(OSError, nats.errors.Error):
            client = await nats.connect(self.url, allow_reconnect=False, connect_timeout=1)
            try:
                await client.jetstream().streams_info()
            finally:
                await client.close()
            return True
        return False

    async def stop(self) -> None:
        for node in self.nodes:
            with suppress(ProcessLookupError):
                node.kill()
            await node.wait()


@pytest.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()


@pytest.fixture
async def js(cluster: Cluster) -> AsyncIterator[JetStreamContext]:
    """Without our streams, before and after."""
    client = await nats.connect(cluster.url)
    yield client.jetstream()
    for name in (STREAM, republish.STREAM):
        with suppress(nats.errors.Error):
            await client.jetstream().delete_stream(name)
    await client.close()


@pytest.fixture
def settings(postgres: str, cluster: Cluster, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MILEPOST_POSTGRES": postgres,
        "MILEPOST_NATS": cluster.url,
        "MILEPOST_NATS_REPLICAS": "3",
        "MILEPOST_PORT": str(free_port(0)),
        "MILEPOST_DATA_DIR": str(tmp_path),
    }


@pytest.fixture
async def school(pool, tenant):
    """One with a published event."""
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    return tenant


async def tried(command: str, env: dict[str, str]) -> None:
    """Until canceled, again when it ends: a cluster that elects a leader answers nobody."""
    while True:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "milepost.operations", *command.split()),
            env=env,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await process.wait()
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def made(js, stream, copies):
    async def holds():
        with suppress(nats.errors.Error):  # not there, or no leader just now
            info = await js.stream_info(stream)
            assert info.config.num_replicas == copies
            return True
        return False

    return holds


def holding(cluster, count):
    async def holds():
        with suppress(nats.errors.Error):
            return await positions(cluster.url, "north") == list(range(1, count + 1))
        return False

    return holds


@pytest.mark.parametrize(
    ("command", "stream"),
    [
        ("relay", STREAM),
        ("relay --reconcile", STREAM),
        ("serve progress", STREAM),
        ("republish --tenant {tenant} --from 1 --subject republish.desk", republish.STREAM),
    ],
)
async def test_whoever_comes_first_makes_the_stream_with_as_many_copies(
    js, settings, school, command, stream
):
    trying = asyncio.create_task(tried(command.format(tenant=school), settings))
    try:
        await eventually(made(js, stream, 3), 90)
    finally:
        await cancel_and_wait(trying)


@pytest.mark.usefixtures("js")
async def test_a_node_may_die_while_the_relay_publishes(postgres, cluster):
    log = MemoryLog()
    async with relaying(log, postgres, cluster.url, replicas=3):
        await append(log, "north", "enrollment-a", *range(1, 51))
        await eventually(holding(cluster, 50), 30)
        cluster.nodes[2].kill()
        await append(log, "north", "enrollment-a", *range(51, 101))
        await eventually(holding(cluster, 100), 60)
    cluster.nodes[2] = await cluster.node(2)
