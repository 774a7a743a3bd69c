"""Writers, relays and NATS as processes that are stopped and killed, and an oracle that counts."""

import asyncio
import os
import signal
import sys
from collections import Counter
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import pytest
from nats.errors import Error
from tests.events.traffic import SERVICES, append, positions
from tests.eventually import eventually
from tests.faults.nats_server import Server
from tests.faults.relay_process import BATCH
from tests.tenants import new_tenant

from milepost.events.nats.jetstream import connected, last_sequence
from milepost.events.store.postgres import PostgresLog, connect_pool

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
WRITERS, RELAYS = 3, ("relay-1", "relay-2")
LEADER = """select a.application_name, a.pid from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.granted and a.datname = current_database()"""


def complaints(expected, found):
    """What an attentive subscriber would say of one tenant's positions."""
    times = Counter(found)
    firsts = list(dict.fromkeys(found))
    return +Counter(
        {
            "lost": len(set(expected) - set(found)),
            "invented": len(set(found) - set(expected)),
            "twice": sum(number - 1 for number in times.values()),
            "out of order": sum(b < a for a, b in pairwise(firsts)),
        }
    )


def test_the_oracle_complains():
    assert complaints([1, 2, 3], [1, 2, 3]) == {}
    assert complaints([1, 2, 3], [1, 3]) == {"lost": 1}
    assert complaints([1, 2], [1, 2, 1]) == {"twice": 1}
    assert complaints([1, 2, 3], [1, 3, 2]) == {"out of order": 1}
    assert complaints([1], [1, 2]) == {"invented": 1}


class House:
    """Processes on one database and one NATS."""

    def __init__(self, postgres, server, mutant):
        self.postgres = postgres
        self.server = server
        self.mutant = mutant
        self.relays = {}

    async def start_relay(self, name):
        named = f"{self.postgres}?application_name={name}"
        self.relays[name] = await _start("relay_process", named, self.server.url, *self.mutant)

    async def leader(self, *, other_than=""):
        """The name of the relay that leads, and the backend that holds its lease."""
        connection = await asyncpg.connect(self.postgres)

        async def leads():
            row = await connection.fetchrow(LEADER)
            if row and row["application_name"] not in ("", other_than):
                return row["application_name"], row["pid"]
            return None

        try:
            return await eventually(leads)
        finally:
            await connection.close()

    async def kill_leader(self):
        name, _ = await self.leader()
        self.relays[name].kill()
        await self.relays[name].wait()
        await self.start_relay(name)

    async def cut_off_leader(self):
        """It falls asleep, its lease goes to the other, and it wakes without knowing."""
        name, backend = await self.leader()
        sleeper = psutil.Process(self.relays[name].pid)
        sleeper.send_signal(signal.SIGUSR1)
        await eventually(lambda: sleeper.status() == psutil.STATUS_STOPPED)
        connection = await asyncpg.connect(self.postgres)
        await connection.execute("select pg_terminate_backend($1)", backend)
        await connection.close()
        await self.leader(other_than=name)
        await self.published_more(4 * BATCH)
        sleeper.send_signal(signal.SIGCONT)

    async def published_more(self, count):
        """Until so many messages have come to the stream."""
        async with connected(self.server.url, "test") as client:
            js = client.jetstream()
            begin = await last_sequence(js) or 0

            async def holds():
                return (await last_sequence(js) or 0) >= begin + count

            await eventually(holds)


async def _start(module, *arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.faults.{module}",
        *map(str, arguments),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
    )


@asynccontextmanager
async def house(postgres, data_dir, *mutant):
    server = Server(data_dir)
    await server.start()
    found = House(postgres, server, mutant)
    try:
        for name in RELAYS:
            await found.start_relay(name)
        yield found
    finally:
        for relay in found.relays.values():
            with suppress(ProcessLookupError):
                relay.kill()
            await relay.wait()
        await server.child.stop()


async def live_through(postgres, data_dir, rounds, *mutant, patience_seconds=60):
    """What the oracle says of all tenants together after all that."""
    tenants = [new_tenant() for _ in range(2)]
    pool = await connect_pool(postgres, name="test")
    log = PostgresLog(pool)
    for number in range(rounds):  # so much that a relay is always behind
        for tenant in tenants:
            await append(log, tenant, f"filled-{number}", *range(1000))
    async with house(postgres, data_dir, *mutant) as home:
        writers = [await _start("writer_process", postgres, *tenants) for _ in range(WRITERS)]
        for _ in range(rounds):
            await home.cut_off_leader()
            await home.kill_leader()
        await home.server.kill()
        await written_more(log, tenants[0], BATCH)
        await home.server.start()
        await home.kill_leader()
        await home.published_more(4 * BATCH)
        for writer in writers:
            writer.terminate()
        assert [await writer.wait() for writer in writers] == [0] * WRITERS
        expected = {tenant: await published(log, tenant) for tenant in await log.heads()}
        assert all(len(expected[tenant]) > 1000 * rounds for tenant in tenants)

        async def arrived():
            with suppress(Error):
                return all([await _last(home, t) == expected[t][-1] for t in expected])

        await eventually(arrived, patience_seconds)
        # What was on its way is there once something later is.
        expected = {tenant: await marked(log, tenant) for tenant in expected}
        await eventually(arrived, patience_seconds)
        found = {tenant: await positions(home.server.url, tenant) for tenant in expected}
    await pool.close()
    return sum((complaints(expected[one], found[one]) for one in expected), Counter())


async def marked(log, tenant):
    await append(log, tenant, f"mark-{uuid4().hex}", 0)
    return await published(log, tenant)


async def written_more(log, tenant, count):
    """Until the writers have gone on by so many events."""
    begin = (await log.heads())[tenant]

    async def holds():
        return (await log.heads())[tenant] >= begin + count

    await eventually(holds)


async def published(log, tenant):
    head = (await log.heads())[tenant]
    return [event.position for event in await log.read(tenant, 0, head, tuple(SERVICES))]


async def _last(home, tenant):
    return (await positions(home.server.url, tenant) or [0])[-1]


async def test_what_is_committed_is_delivered_once_and_in_order(postgres, data_dir):
    assert await live_through(postgres, data_dir, 1) == {}


@pytest.mark.slow
async def test_so_it_is_when_it_goes_on_for_long(postgres, data_dir):
    assert await live_through(postgres, data_dir, 8) == {}


@pytest.mark.slow
async def test_without_fencing_the_oracle_complains(postgres, data_dir):
    """The guard removed: a relay that was cut off publishes what another has published already."""
    assert (await live_through(postgres, data_dir, 2, "unfenced"))["twice"]
