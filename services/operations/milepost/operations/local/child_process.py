"""Processes that this one starts, watches and ends."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

STOP_SECONDS = 30


class Child:
    """A running process in a session of its own, so that the terminal's Ctrl-C is not for it."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, stop_signal: signal.Signals
    ) -> None:
        self.name = name
        self.process = process
        self.stop_signal = stop_signal

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    async def wait(self) -> int:
        """Its exit code; negative when a signal ended it."""
        return await self.process.wait()

    async def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """Ask it to end; after `timeout_seconds` it is killed."""
        if self.running:
            self.process.send_signal(self.stop_signal)
        try:
            await asyncio.wait_for(self.wait(), timeout_seconds)
        except TimeoutError:
            self.process.kill()
            await self.wait()


async def launch(
    name: str,
    command: Sequence[str | Path],
    *,
    home: Path,
    output: Path,
    stop_signal: signal.Signals,
    user: str = "-",
    env: Mapping[str, str] | None = None,
) -> Child:
    """Start a foreign program in `home`, which ends with us even when we are killed.

    `env` is for what our own environment does not say.
    """
    head = [sys.executable, "-m", "milepost.operations.local.drop_privileges"]
    with output.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *head,
            str(os.getpid()),
            str(int(stop_signal)),
            user,
            *map(str, command),
            cwd=home,
            env={**(env or {}), **os.environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Child(name, process, stop_signal)


async def start_supervised(name: str, arguments: Sequence[str], env: Mapping[str, str]) -> Child:
    """Start `milepost ARGUMENTS…`, which stops by itself when its standard input ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "milepost.operations",
        *arguments,
        env={**env, "MILEPOST_SUPERVISED": "1"},
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    return Child(name, process, signal.SIGTERM)


def end_orphans(mark: str, how: signal.Signals, timeout_seconds: float = STOP_SECONDS) -> None:
    """End what an earlier run left behind: every process whose command line holds `mark`."""
    orphans = list(_marked(mark))
    for orphan in orphans:
        _signal(orphan, how)
    _, stubborn = psutil.wait_procs(orphans, timeout=timeout_seconds)
    for orphan in stubborn:
        _signal(orphan, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != os.getpid() and any(
            mark in word for word in process.info["cmdline"] or ()
        ):
            yield process


def _signal(process: psutil.Process, how: signal.Signals) -> None:
    try:
        process.send_signal(how)  # psutil makes sure that the id was not given to another
    except psutil.NoSuchProcess:
        return


def last_words(output: Path, lines: int = 5) -> str:
    """The end of a log, for an error that somebody must understand."""
    if not output.exists():
        return "(it wrote nothing)"
    return "\n".join(output.read_text("utf-8", "replace").splitlines()[-lines:])


def trim(output: Path, limit_bytes: int = 10_000_000) -> None:
    """Keep one earlier part of a log that has grown."""
    if output.exists() and output.stat().st_size > limit_bytes:
        output.replace(output.with_suffix(".log.1"))
