"""Every process of a Milepost killed in turn, again and again, under clients that retry with keys.

Each learner enrolls, completes the course and so earns a credential: once, whoever is killed.

`MILEPOST_KILLS` is how often: 100 by default, one each 3 seconds.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path
from typing import NamedTuple

import asyncpg
import psutil
import pytest
from tests.clients import Client, ConnectError, Response, Running, TransportError
from tests.eventually import eventually
from tests.operations.test_up import left_running
from tests.processes import milepost, wait_until_ready

from milepost.contracts.ids import enrollment_id
from milepost.operations.local.embedded import free_port

KILLS = int(os.environ.get("MILEPOST_KILLS", "100"))
PAUSE_SECONDS = 3.0
CLIENTS = 24
PATIENCE_SECONDS = 120
SETTLED_SECONDS = 120
VICTIMS = (("serve", "all"), ("relay",), ("project",), ("postgres",), ("nats-server",))
# The connection is gone: the client cannot know what became of its command, and asks again.
AWAY = 0
PLAN = {"title": "Data", "lessons": [{"id": "intro", "title": "Introduction"}]}
BADGE = {"name": "Data", "criteria": {"type": "course_passed", "course": "DATA-101"}}
ENTRIES = """select data ->> 'learner' as learner, array_agg(position) as positions
    from log.events where tenant = $1 and type = 'learner_enrolled' group by 1"""
AWARDS = """select data ->> 'learner' as learner, count(*) as times from log.events
    where tenant = $1 and type = 'credential_awarded' group by 1"""
BEHIND = """select count(*) from log.heads h join consumer.positions p using (tenant)
    where p.position < h.head"""


class Up(NamedTuple):
    process: subprocess.Popen[str]
    running: Running


class Told(NamedTuple):
    """What clients were told: the position of each learner's entry, and every status."""

    positions: dict[str, int]
    statuses: Counter[int]


@pytest.fixture(scope="module")
async def up(own_processes: None, session_dir: Path) -> AsyncIterator[Up]:  # noqa: ARG001
    folder = session_dir / "killed"
    folder.mkdir(mode=0o711)
    port = free_port(0)
    with milepost(folder, "up", "--port", str(port)) as process:
        http = f"http://127.0.0.1:{port}"
        wait_until_ready(http, process)
        yield Up(process, Running(http, folder))


async def work(client: Client, number: int, told: Told, stop: asyncio.Event) -> None:
    """One learner after another, each step until it is known what came of it."""
    for turn in count():
        if stop.is_set():
            return
        learner = f"l-{number}-{turn}"
        told.positions[learner] = await until_known(enroll, client, learner, told)
        at = datetime.now(UTC).isoformat()
        assert await until_known(partial(complete, at=at), client, learner, told)


async def until_known(
    step: Callable[[Client, str], Awaitable[Response]], client: Client, learner: str, told: Told
) -> int:
    return await eventually(partial(position, step, client, learner, told), within=PATIENCE_SECONDS)


async def enroll(client: Client, learner: str) -> Response:
    return await client.enroll(learner, key=learner, subject=subject_of(learner))


async def complete(client: Client, learner: str, *, at: str) -> Response:
    report = {"type": "completed", "id": f"{learner}-intro", "lesson": "intro", "occurred_at": at}
    enrollment = enrollment_id("spring", learner)
    answer = await client.report(enrollment, report, subject=subject_of(learner))
    assert "refused" not in answer.text, answer.text
    return answer


def subject_of(learner: str) -> str:
    return learner.rpartition("-")[0]


async def position(
    step: Callable[[Client, str], Awaitable[Response]], client: Client, learner: str, told: Told
) -> int:
    """The step's; 0 when nobody can know what became of it."""
    try:
        answer = await step(client, learner)
    except (ConnectError, TransportError):
        told.statuses[AWAY] += 1
        return 0
    told.statuses[answer.status_code] += 1
    if answer.status_code == 503:
        return 0
    assert answer.is_success, answer.text
    return int(answer.headers["Milepost-Position"])


def victims(folder: Path, words: tuple[str, ...]) -> list[psutil.Process]:
    """Processes whose command line has these words; a parent before its children."""
    return sorted(
        (one for one in left_running(folder) if set(words) <= set(command_line(one))),
        key=psutil.Process.create_time,
    )


def command_line(process: psutil.Process) -> list[str]:
    try:
        return [Path(word).name for word in process.cmdline()]
    except psutil.Error:  # it is gone
        return []


async def kill(folder: Path, words: tuple[str, ...]) -> None:
    """As soon as it is there."""
    first, *_ = await eventually(lambda: victims(folder, words), within=60)
    first.kill()


async def ask(up: Up, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "milepost.operations", *arguments, "--json",
        "--data-dir", str(up.running.data_dir),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.timeout(KILLS * PAUSE_SECONDS * 3 + 600)
async def test_nothing_is_lost_or_doubled_whoever_is_killed(up: Up):
    told, stop = Told({}, Counter()), asyncio.Event()
    async with up.running.client(tenant="killed") as client:
        await client.open(plan=PLAN, seats=1_000_000)
        await client.define("badge", BADGE, by="issuer")
        working = [asyncio.create_task(work(client, one, told, stop)) for one in range(CLIENTS)]
        for words in islice(cycle(VICTIMS), KILLS):
            await asyncio.sleep(PAUSE_SECONDS)
            await kill(up.running.data_dir, words)
            assert up.process.poll() is None, "it gave up"
            assert not [one for one in working if one.done()], "a client met what it should not"
        stop.set()
        await asyncio.gather(*working)
    await compare(up, told)


async def compare(up: Up, told: Told) -> None:
    assert set(told.statuses) <= {200, 201, 503, AWAY}, told.statuses
    runtime = json.loads((up.running.data_dir / "runtime.json").read_text())
    connection = await asyncpg.connect(runtime["postgres"])

    async def at_rest() -> bool:
        return bool(await connection.fetchval(BEHIND) == 0)

    entries = {
        one["learner"]: one["positions"] for one in await connection.fetch(ENTRIES, "killed")
    }
    assert entries == {learner: [position] for learner, position in told.positions.items()}
    await eventually(at_rest, within=SETTLED_SECONDS)
    awards = {one["learner"]: one["times"] for one in await connection.fetch(AWARDS, "killed")}
    assert awards == dict.fromkeys(told.positions, 1)
    await connection.close()
    for command in (
        ("log", "verify"),
        ("audit",),
        ("relay", "--reconcile", "--dry-run"),
        ("projections", "rebuild", "--all", "--rest", "0"),
    ):
        code, said = await ask(up, *command)
        assert code == 0, f"{' '.join(command)}: {said}"
    assert up.process.poll() is None
    print(f"{len(told.positions)} commands, answers {dict(told.statuses)}")
