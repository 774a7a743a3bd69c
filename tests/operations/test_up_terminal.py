"""What `milepost up` shows on a terminal."""

import json
import os
import pty
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest
from tests.commands.forked import forked, real

PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
COLOR = re.compile(r"\x1b\[\d*m")
LAST = "  Stop  Ctrl-C"


class Screen:
    """What a terminal has shown so far."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self.raw = ""

    def until(self, line: str) -> list[str]:
        """Its lines up to this one, without colors."""
        found: list[str] = []
        with suppress(OSError):  # a terminal's way to say that nobody writes any more
            for shown in self._terminal:
                self.raw += shown
                found.append(COLOR.sub("", shown).rstrip())
                if found[-1] == line:
                    return found
        pytest.fail(f"it ended without {line!r}:\n{self.raw}")


@contextmanager
def on_a_terminal(milepost: tuple[str, ...], *arguments: str, **given: str) -> Iterator[Screen]:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, encoding="utf-8") as terminal:
        up = subprocess.Popen(
            [*milepost, "up", "--port", "0", *arguments],
            env={**PLAIN, **given},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        try:
            yield Screen(terminal)
        finally:
            up.send_signal(signal.SIGINT)
            assert up.wait(60) == 0


def shell(commands: str) -> str:
    return subprocess.run(
        ["bash", "-euc", commands],
        cwd=tempfile.gettempdir(),
        env=PLAIN,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_people_read_a_short_log_and_last_what_to_do(data_dir: Path):
    folder = data_dir / "a folder"
    named_otherwise = str(data_dir / "not this one")
    given = {"MILEPOST_DATA_DIR": named_otherwise}
    with on_a_terminal(real(), "--data-dir", str(folder), **given) as screen:
        lines = screen.until(LAST)
        begun = lines.index(next(line for line in lines if line.startswith("Milepost is up at ")))
        log = [line for line in lines[:begun] if line]
        assert all(
            re.match(r"\d\d:\d\d:\d\d \[\w+ *\] (up|serve|project|relay) ", one) for one in log
        )
        assert any(re.search(r" up +server_started +pid=\d+ server=postgres$", one) for one in log)
        assert any(re.search(r" relay +stream_created +stream=MILEPOST$", one) for one in log)
        assert not any(" leads " in one for one in log)
        assert COLOR.search(screen.raw)

        todo = [line[8:] for line in lines[begun:]]
        address = lines[begun].split()[-1]
        assert f"{address}/docs  (guides, the API, events, problems)" in todo
        typed = todo[next(n for n, one in enumerate(todo) if one.startswith("export ")) : -1]
        assert typed[0] == f"export MILEPOST_DATA_DIR='{folder}'"
        assert "position" in json.loads(shell("\n".join(typed)))


def test_machines_get_json_there_when_they_ask(data_dir: Path):
    given = {"MILEPOST_LOG_FORMAT": "text", "MILEPOST_DATA_DIR": str(data_dir)}
    with on_a_terminal(forked(), "--log-format", "json", **given) as screen:
        log = [json.loads(line) for line in screen.until(LAST) if line.startswith("{")]
    assert {"server_started", "leads", "ready"} <= {line["event"] for line in log}
