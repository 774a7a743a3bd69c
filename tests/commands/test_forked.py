"""A command that is forked does what the real one does."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.commands.forked import FORKS, executable, forked, real
from tests.eventually import wait_until

pytestmark = [
    pytest.mark.servers,  # they start processes
    pytest.mark.skipif(not FORKS, reason="commands are forked on Linux"),
]
NOWHERE = {"MILEPOST_DATA_DIR": "/nowhere/at/all", "PATH": os.environ["PATH"]}


def ended(*command: str) -> tuple[int, str, str]:
    done = subprocess.run(
        command, env=NOWHERE, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words", [("--version",), ("keys", "-h"), ("jobs", "--nope"), ("address",)], ids=" ".join
)
def test_it_prints_and_ends_as_the_real_one(words: tuple[str, ...]):
    assert ended(*forked(), *words) == ended(*real(), *words)


def test_it_runs_where_and_as_it_is_asked(tmp_path: Path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        words = ("token", "--role", "learner")
        subprocess.run(
            [*forked(), *words],
            cwd=tmp_path / name,
            env={"MILEPOST_DATA_DIR": "here"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    one, other = (sorted((tmp_path / name / "here").rglob("*")) for name in ("one", "other"))
    assert [file.name for file in one] == [file.name for file in other] != []
    contents = [[file.read_bytes() for file in files if file.is_file()] for files in (one, other)]
    assert contents[0] != contents[1], "they have made the same keys"


def test_a_shell_finds_it(tmp_path: Path):
    file = executable(tmp_path)
    said = subprocess.run([file, "--version"], check=True, capture_output=True, text=True).stdout
    assert said.startswith("milepost ")


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """It waits for a Postgres that never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        postgres = f"postgresql://a:b@127.0.0.1:{mute.getsockname()[1]}/c"
        with subprocess.Popen(
            [*forked(), "migrate"],
            cwd=tmp_path,
            env={"MILEPOST_POSTGRES": postgres, "MILEPOST_DATA_DIR": str(tmp_path)},
        ) as process:
            try:
                mute.settimeout(60)
                with mute.accept()[0]:
                    yield process
            finally:
                process.kill()


def test_a_signal_reaches_it(waiting: "subprocess.Popen[bytes]", tmp_path: Path):
    assert len(working_in(tmp_path)) == 2, "one in front, and the command"
    waiting.terminate()
    assert waiting.wait(60) == -signal.SIGTERM
    wait_until(lambda: not working_in(tmp_path))


def test_it_ends_with_who_has_asked(waiting: "subprocess.Popen[bytes]", tmp_path: Path):
    waiting.kill()
    wait_until(lambda: not working_in(tmp_path))


def working_in(folder: Path) -> list[int]:
    processes = psutil.process_iter(["cwd"])
    return [one.pid for one in processes if one.info["cwd"] == str(folder.resolve())]
