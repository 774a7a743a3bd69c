"""Milepost's own commands as processes: begun, waited for, and ended kindly."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.clients import Running, is_ready
from tests.commands.forked import forked
from tests.eventually import wait_until

from milepost.operations.local.embedded import free_port

PATIENCE_SECONDS = 180  # half a minute of work on its own: beside others it takes its time


@contextmanager
def milepost(data_dir: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`milepost ARGUMENTS…` in the background."""
    output = data_dir / f"{'-'.join(arguments)}-{time.monotonic_ns()}.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [*forked(), *arguments],
            env={**plain_environment(), "MILEPOST_DATA_DIR": str(data_dir), **variables},
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(40)
            print(output.read_text())  # shown by pytest when the test fails


def wait_until_ready(http: str, process: subprocess.Popen[str]) -> None:
    def ready() -> bool:
        assert process.poll() is None, "it ended before it was ready"
        return is_ready(http)

    wait_until(ready, PATIENCE_SECONDS)


def running_up() -> Iterator[Running]:
    """A `milepost up` on a port and in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-"))
    folder.chmod(0o711)  # Postgres runs as somebody else when the tests run as root
    port = free_port(0)
    with milepost(folder, "up", "--port", str(port)) as up:
        http = f"http://127.0.0.1:{port}"
        wait_until_ready(http, up)
        yield Running(http, folder)
    shutil.rmtree(folder, ignore_errors=True)


class ProcessStarted(BaseException):
    """By a unit test: mark it `servers`, or do without. Nothing that is under test catches it."""


STARTING = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system")
_refusing: list[list[str]] = []


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if _refusing and event in STARTING:
        _refusing[-1].append(f"{event} {arguments[:2]}")
        raise ProcessStarted(_refusing[-1][-1])


sys.addaudithook(_refuse)  # for good: it cannot be taken away, so it is asked to refuse


@contextmanager
def processes_refused() -> Iterator[None]:
    started: list[str] = []
    _refusing.append(started)
    try:
        yield
    finally:
        _refusing.pop()
    assert not started, f"a unit test started a process: {started}"


def plain_environment() -> Mapping[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("MILEPOST_")}
