"""Milepost's commands in tests, without loading Milepost anew for each: half a second of work.

    a test ─ (*forked(), "jobs", "list") ─▶ front.py ─▶ host.py, which has loaded all ─▶ a fork
             like any command line          a process   one for each pytest worker

`front.py` hands over its arguments, environment, folder and open files, passes signals on and ends
as the command ends. What runs is `python -m milepost.operations`, in a process of its own. Of the
environment, what a Python looks at when it starts is not looked at again. Tests of processes, of
terminals and of starting run the real command: `real()`.
"""

import atexit
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
FORKS = sys.platform == "linux"  # elsewhere a fork of a process that has loaded much is not safe
WAITING = 64


def real() -> tuple[str, ...]:
    return (sys.executable, "-m", "milepost.operations")


def forked() -> tuple[str, ...]:
    """What to write before a command's arguments."""
    return _front(os.getpid()) if FORKS else real()


def executable(folder: Path) -> Path:
    """`milepost` for a shell that looks into the folder first."""
    file = folder / "milepost"
    file.write_text(f'#!/bin/sh\nexec {shlex.join(forked())} "$@"\n')
    file.chmod(0o755)
    return file


@cache
def _front(_: int) -> tuple[str, ...]:
    """The host is there as long as this process."""
    folder = tempfile.mkdtemp(prefix="milepost-host-")
    address = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(WAITING)
        # It ends when its input does, by whatever end of ours.
        host = subprocess.Popen(
            [sys.executable, "-m", "tests.commands.host", str(listener.fileno()), folder],
            cwd=HERE.parents[1],
            env={name: value for name, value in os.environ.items() if "MILEPOST" not in name},
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    atexit.register(_end, host)
    return command_line(address)


def command_line(address: str) -> tuple[str, ...]:
    """Of a Python that loads next to nothing."""
    return (sys.executable, "-I", "-S", str(HERE / "front.py"), address)


def _end(host: "subprocess.Popen[bytes]") -> None:
    assert host.stdin
    host.stdin.close()
    host.wait(30)
