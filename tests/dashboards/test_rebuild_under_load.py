"""A school goes on working while its read models are rebuilt: nobody waits, nothing differs.

`MILEPOST_LOAD_EVENTS`: how long the history is; `MILEPOST_LOAD_COMMANDS`: commands a second.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
from tests.commands.forked import forked
from tests.eventually import eventually

from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import open_offering, publish_course, token
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.scratch_installation import ground
from milepost.operations.rooms import read_models
from milepost.web.settings import Settings

EVENTS = int(os.environ.get("MILEPOST_LOAD_EVENTS", "200000"))
COMMANDS = int(os.environ.get("MILEPOST_LOAD_COMMANDS", "500"))
CLIENTS = 50
LONGEST_SECONDS = 1.0
BEHIND = """select max(h.head - p.position) from log.heads h
    join dashboards.positions p on p.tenant = h.tenant
    join dashboards.generations g using (name, generation) where g.status = 'live'"""


class Wire(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]


@dataclass
class Traffic:
    """Each client enrolls somebody at even times, and now and then looks whether it shows."""

    port: int
    bearer: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)

    async def client(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self.port))
        offering = f"offerings/live-{number}"
        due = loop.time() + number / COMMANDS
        turn = 0
        try:
            while True:
                await asyncio.sleep(due - loop.time())  # the load's even pace
                begun = loop.time()
                body = json.dumps({"learner": f"live-{number}-{turn}"})
                answer = await self._ask(wire, f"POST /enrollment/{offering}/enrollments", body)
                self._note("command", answer, loop.time() - begun)
                if turn % 10 == 9:
                    begun = loop.time()
                    position = answer.headers["milepost-position"]
                    answer = await self._ask(wire, f"GET /dashboards/{offering}", "", position)
                    self._note("read", answer, loop.time() - begun)
                turn += 1
                due += CLIENTS / COMMANDS
        finally:
            wire.writer.close()

    async def _ask(self, wire: Wire, line: str, body: str = "", position: str = "0") -> Answer:
        headers = (
            f"Host: 127.0.0.1\r\nAuthorization: Bearer {self.bearer}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Milepost-Position: {position}\r\n"
        )
        wire.writer.write(f"{line} HTTP/1.1\r\n{headers}\r\n{body}".encode())
        head = (await wire.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        found = dict(one.lower().split(": ", 1) for one in head[1:-2])
        await wire.reader.readexactly(int(found["content-length"]))
        return Answer(int(head[0].split()[1]), found)

    def _note(self, kind: str, answer: Answer, seconds: float) -> None:
        self.statuses.add(answer.status)
        self.seconds.setdefault(kind, []).append(seconds)


@asynccontextmanager
async def going_on(port: int, bearer: str) -> AsyncIterator[Traffic]:
    for number in range(CLIENTS):
        await asyncio.to_thread(open_offering, port, bearer, f"live-{number}")
    traffic = Traffic(port, bearer)
    clients = [asyncio.create_task(traffic.client(number)) for number in range(CLIENTS)]
    try:
        yield traffic
    finally:
        for client in clients:
            client.cancel()
        ended = await asyncio.gather(*clients, return_exceptions=True)
        assert {type(one) for one in ended} == {asyncio.CancelledError}, ended


async def milepost(place: Settings, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(*forked(), *words),
        env={**os.environ, "MILEPOST_POSTGRES": place.postgres, "MILEPOST_NATS": place.nats},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def shown(pool: asyncpg.Pool, at_most: int) -> None:
    async def near() -> bool:
        return (await pool.fetchval(BEHIND) or 0) <= at_most

    await eventually(near, 600)


@pytest.mark.servers  # it starts a process
@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_a_rebuild_under_traffic_ends_identical_and_nobody_waits(tmp_path: Path):
    async with AsyncExitStack() as running_here:
        enter = running_here.enter_async_context
        place = await enter(ground(Settings(data_dir=tmp_path)))
        pool = await enter(await connect_pool(place.postgres, name="test"))
        history = History(PostgresLog(pool))
        await history.open()
        await history.grow(EVENTS)
        bearer = token(place)
        for command in (("relay",), ("project",)):
            await enter(milepost_process(place, *command))
        port, _ = await enter(milepost_process(place, "serve", "all"))
        await asyncio.to_thread(publish_course, port, bearer)
        await shown(pool, 0)
        traffic = await enter(going_on(port, bearer))
        # Everybody has got into their stride, and has once looked.
        await eventually(lambda: len(traffic.seconds.get("read", ())) >= 2 * CLIENTS, 60)
        traffic.seconds.clear()
        begun = asyncio.get_running_loop().time()
        code, out, err = await milepost(place, "projections", "rebuild", "--all", "--json")
        took = asyncio.get_running_loop().time() - begun
        assert code == 0, out + err
        rebuilt = json.loads(out.splitlines()[-1])
        assert [one["switched"] for one in rebuilt["rebuilt"]] == [True] * len(read_models())
        for name in rebuilt["models"]:
            code, out, err = await milepost(place, "projections", "compare", name, "--json")
            assert code == 0, out + err
            assert json.loads(out)["identical"] is True
        seconds = asyncio.get_running_loop().time() - begun
        commands = len(traffic.seconds["command"]) / seconds
        print(f"{rebuilt['events']:,} events in {took:.1f} s, {commands:.0f} commands/s")
        for kind, times in traffic.seconds.items():
            print(f"{kind}: {_figures(times)}")
        assert traffic.statuses == {200, 201}
        assert max(map(max, traffic.seconds.values())) <= LONGEST_SECONDS
        assert commands >= 0.9 * COMMANDS
        assert rebuilt["events"] >= EVENTS


def _figures(seconds: list[float]) -> str:
    ordered = [one * 1000 for one in sorted(seconds)]
    p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return f"{len(ordered):,}, p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {ordered[-1]:.0f} ms"
