"""Has loaded Milepost once, and forks for each command: `forked.py` says how.

python -m tests.commands.host LISTENER FOLDER
"""

import asyncio
import atexit
import gc
import importlib
import io
import json
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

import uuid_utils
from tests.commands.forked import command_line

from milepost.operations import cli, rooms
from milepost.operations.terminal.errors import Trouble

Starts: TypeAlias = Callable[..., Awaitable[asyncio.subprocess.Process]]

CODE = "milepost.operations"
START = "create_subprocess_exec"
USED_BY_MANY = (
    "serving.serve",
    *(f"commands.installation.{name}" for name in ("address", "doctor", "token", "up")),
)
OUTPUT_IS_GONE = 120  # as Python ends when nobody reads what it has written


class Asked(NamedTuple):
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    files: list[int]


def main() -> None:
    listener, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    load(folder)
    front = command_line(f"{folder}/socket")
    setattr(asyncio, START, without_loading(getattr(asyncio, START), front))
    with listener:
        while sys.stdin not in (ready := select.select([listener, sys.stdin], [], [])[0]):
            if listener in ready:
                asker, _ = listener.accept()
                if os.fork() == 0:
                    listener.close()
                    os._exit(mind(asker))
                asker.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    shutil.rmtree(folder, ignore_errors=True)


def load(folder: str) -> None:
    """All that a command may need. Nothing runs in the folder."""
    commands = [file for file, _ in (*cli.ROOMS.values(), *cli.SINGLE.values())]
    for file in (*commands, *USED_BY_MANY):
        importlib.import_module(f"{CODE}.{file}")
    rooms.rooms()
    with suppress(Trouble):  # the first command that has parameters makes typer load much
        cli.app(["address", "--data-dir", folder], standalone_mode=False)
    assert threading.active_count() == 1, "a fork loses threads"
    gc.collect()
    gc.freeze()


def mind(asker: socket.socket) -> int:
    """Start the command, pass signals on, say how it ended. Whoever is gone needs it no more."""
    asked = received(asker)
    command = os.fork()
    if command == 0:
        asker.close()
        become(asked)
        os._exit(run())
    for file in asked.files:
        os.close(file)
    end = os.pidfd_open(command)
    files: list[Any] = [asker, end]
    while end not in select.select(files, [], [])[0]:
        for number in asker.recv(16) or [signal.SIGKILL]:
            os.kill(command, number)
        if number == signal.SIGKILL:
            break
    code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    with suppress(BrokenPipeError):
        asker.sendall(code.to_bytes(4, "big", signed=True))
    return 0


def received(asker: socket.socket) -> Asked:
    head, files, _, _ = socket.recv_fds(asker, 4, 3)
    length, parts = int.from_bytes(head, "big"), b""
    while len(parts) < length:
        parts += asker.recv(length - len(parts))
    arguments, environment, folder = json.loads(parts)
    return Asked(arguments, environment, folder, files)


def become(asked: Asked) -> None:
    """The process that the command would have had."""
    os.setsid()
    os.chdir(asked.folder)
    os.environ.clear()
    os.environ.update(asked.environment)
    for number, file in enumerate(asked.files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = standard("r", 0), standard("w", 1), standard("w", 2)
    sys.stderr.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.argv = [CODE, *asked.arguments]
    time.tzset()
    uuid_utils.reseed_rng()


def standard(mode: str, number: int) -> io.TextIOWrapper:
    file = open(number, f"{mode}b", closefd=False)  # noqa: SIM115 - as long as the process
    wrapped = io.TextIOWrapper(file, "utf-8", line_buffering=os.isatty(number))
    if "PYTHONUNBUFFERED" in os.environ:
        wrapped.reconfigure(write_through=True)
    return wrapped


def without_loading(start: Starts, front: Sequence[str]) -> Starts:
    """`milepost up` starts others of its kind."""

    async def started(*words: Any, **options: Any) -> asyncio.subprocess.Process:
        others = words[:3] == (sys.executable, "-m", CODE)
        return await start(*(*front, *words[3:]) if others else words, **options)

    return started


def run() -> int:
    """Its exit code."""
    code = 0
    try:
        runpy.run_module(CODE, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = exit_code(ended.code)
    except BaseException:  # noqa: BLE001 - as Python does
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # it waits for them
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        return OUTPUT_IS_GONE
    return code


def exit_code(given: object) -> int:
    if given is None or isinstance(given, int):
        return (given or 0) & 0xFF
    sys.stderr.write(f"{given}\n")
    return 1


if __name__ == "__main__":
    main()
