"""Every process of a Milepost killed in turn, again and again, under clients that retry with keys.

Each learner enrolls, completes the course and so earns a credential: once, whoever is killed. Feed,
event stream, NATS and a webhook are told of it: of the same events, in the same order.

`MILEPOST_KILLS` is how often: 100 by default, one each 3 seconds.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path
from typing import NamedTuple

import asyncpg
import psutil
import pytest
from tests.attack.listeners import Feed, Heard, Hook, Listener, Nats, Stream, once
from tests.clients import AsyncClient, Client, ConnectError, Response, Running, TransportError
from tests.eventually import eventually
from tests.operations.test_up import left_running
from tests.processes import milepost, wait_until_ready

from milepost.contracts.ids import enrollment_id
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.operations.local.embedded import free_port
from milepost.subscriptions.partners.accounts import DOMAIN

KILLS = int(os.environ.get("MILEPOST_KILLS", "100"))
PAUSE_SECONDS = 3.0
CLIENTS = 12
PATIENCE_SECONDS = 120
SETTLED_SECONDS = 120
HEARD_SECONDS = 240
BATCH = "application/cloudevents-batch+json"
STREAM = "MILEPOST"
VICTIMS = (("serve", "all"), ("relay",), ("project",), ("postgres",), ("nats-server",))
# The connection is gone: the client cannot know what became of its command, and asks again.
AWAY = 0
PLAN = {"title": "Data", "lessons": [{"id": "intro", "title": "Introduction"}]}
BADGE = {"name": "Data", "criteria": {"type": "course_passed", "course": "DATA-101"}}
ENTRIES = """select data ->> 'learner' as learner, array_agg(position) as positions
    from log.events where tenant = $1 and type = 'learner_enrolled' group by 1"""
AWARDS = """select data ->> 'learner' as learner, count(*) as times from log.events
    where tenant = $1 and type = 'credential_awarded' group by 1"""
EVENTS = ("learner_enrolled", "course_completed", "credential_awarded")
HAPPENED = """select position, event_id::text, coalesce(data ->> 'learner', '') as learner
    from log.events where tenant = $1 and type = any($2) order by position"""
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
    private = {"MILEPOST_OUTBOUND_PRIVATE": "127.0.0.1"}  # where the webhook's endpoint is
    with milepost(folder, "up", "--port", str(port), **private) as process:
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


@asynccontextmanager
async def listeners(up: Up, client: Client) -> AsyncIterator[dict[str, Listener]]:
    """All four, of the same events, each from the school's beginning."""
    code, said = await ask(
        up, "subscribers", "add", "payroll", "--tenant", "killed",
        *(word for event in EVENTS for word in ("--event", event)),
    )  # fmt: skip
    assert code == 0, said
    partner = json.loads(said)
    token = up.running.headers("service", tenant="killed", subject="partner", lifetime=7200)
    headers = {**token, "Accept": BATCH}
    async with AsyncClient(base_url=up.running.http, headers=headers, timeout=30) as connection:
        hook = Hook()
        found: dict[str, Listener] = {
            "feed": Feed(connection, {"type": EVENTS}),
            "stream": Stream(connection, {"type": EVENTS}),
            "nats": Nats(partner["address"], DOMAIN, STREAM, partner["consumer"]),
            "webhook": hook,
        }
        tasks = [asyncio.create_task(one.listen()) for one in found.values()]
        await eventually(lambda: hook.receiver.port)
        await subscribe(client, hook)
        try:
            yield found
            for task in tasks:
                assert not task.done(), task
        finally:
            await cancel_and_wait(*tasks)


async def subscribe(client: Client, hook: Hook) -> None:
    by = {"by": "service", "subject": "partner"}
    wanted = {"url": hook.receiver.url, "types": EVENTS, "ordered": "learner"}
    made = await client.post("/webhooks", wanted, **by)
    assert made.status_code == 201, made.text
    verified = await client.post(f"/webhooks/{made.json()['webhook']}/verify", **by)
    assert verified.status_code == 200, verified.text
    hook.secret = made.json()["secret"]


@pytest.mark.timeout(KILLS * PAUSE_SECONDS * 3 + 900)
async def test_nothing_is_lost_or_doubled_whoever_is_killed(up: Up):
    told, stop = Told({}, Counter()), asyncio.Event()
    async with up.running.client(tenant="killed") as client:
        await client.open(plan=PLAN, seats=1_000_000)
        await client.define("badge", BADGE, by="issuer")
        async with listeners(up, client) as listening:
            working = [asyncio.create_task(work(client, one, told, stop)) for one in range(CLIENTS)]
            for words in islice(cycle(VICTIMS), KILLS):
                await asyncio.sleep(PAUSE_SECONDS)
                await kill(up.running.data_dir, words)
                assert up.process.poll() is None, "it gave up"
                assert not [one for one in working if one.done()], "a client met what it should not"
            stop.set()
            await asyncio.gather(*working)
            await compare(up, told)
            await compare_heard(up, listening)


async def compare_heard(up: Up, listening: Mapping[str, Listener]) -> None:
    """The cursors of feed and stream bring nothing twice; NATS and webhooks may, with its id."""
    happened = await in_log(up, HAPPENED, "killed", EVENTS)
    expected = [Heard(one["position"], one["event_id"]) for one in happened]
    of_learner = {one["position"]: one["learner"] for one in happened}
    for name, one in listening.items():
        whole = partial(lambda heard: len(set(heard)) >= len(expected), one.heard)
        await eventually(whole, within=HEARD_SECONDS)
        print(f"{name}: {len(one.heard)} messages, {len(expected)} events")
    assert listening["feed"].heard == expected
    assert listening["stream"].heard == expected
    assert once(listening["nats"].heard) == expected
    hooked = once(listening["webhook"].heard)
    assert sorted(hooked) == expected
    assert sorted(hooked, key=lambda one: of_learner[one.position]) == sorted(
        expected, key=lambda one: of_learner[one.position]
    ), "each learner's in order"


async def in_log(up: Up, query: str, *values: object) -> list[asyncpg.Record]:
    runtime = json.loads((up.running.data_dir / "runtime.json").read_text())
    connection = await asyncpg.connect(runtime["postgres"])
    try:
        found: list[asyncpg.Record] = await connection.fetch(query, *values)
        return found
    finally:
        await connection.close()


async def compare(up: Up, told: Told) -> None:
    assert set(told.statuses) <= {200, 201, 503, AWAY}, told.statuses

    async def at_rest() -> bool:
        [[behind]] = await in_log(up, BEHIND)
        return bool(behind == 0)

    entries = {one["learner"]: one["positions"] for one in await in_log(up, ENTRIES, "killed")}
    assert entries == {learner: [position] for learner, position in told.positions.items()}
    await eventually(at_rest, within=SETTLED_SECONDS)
    awards = {one["learner"]: one["times"] for one in await in_log(up, AWARDS, "killed")}
    assert awards == dict.fromkeys(told.positions, 1)
    for command in (
        ("log", "verify"),
        ("audit",),
        ("relay", "--reconcile", "--dry-run"),
        ("projections", "rebuild", "--all", "--rest", "0"),
    ):
        code, said = await ask(up, *command)
        assert code == 0, f"{' '.join(command)}: {said}"
    assert up.process.poll() is None
    print(f"{len(told.positions)} learners, answers {dict(told.statuses)}")
