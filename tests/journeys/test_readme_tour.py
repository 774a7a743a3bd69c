"""The README's tour and its subscriber, line by line as printed, with one variable set."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.clients import Running
from tests.commands.forked import executable
from tests.eventually import wait_until
from tests.processes import PATIENCE_SECONDS

README = Path(__file__).parents[2] / "README.md"


def section(title: str) -> str:
    found = re.search(
        rf"^## {title}\n(.*?)^## ", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, title
    return found[1]


def typed(text: str) -> str:
    """What stands indented, but for what starts Milepost: that runs already."""
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    return textwrap.dedent(
        "\n".join(line for line in lines if line.split()[:2] != ["milepost", "up"])
    )


@pytest.fixture
def terminal(school: Running, tmp_path: Path) -> Mapping[str, str]:
    """The second terminal, where Milepost runs in another folder and on another port."""
    wait_until((school.data_dir / "runtime.json").exists, PATIENCE_SECONDS)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    (programs := tmp_path / "bin").mkdir()
    executable(programs)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), env["PATH"]])
    return {**env, "PATH": path, "MILEPOST_DATA_DIR": str(school.data_dir)}


def run(script: str, terminal: Mapping[str, str], folder: Path) -> str:
    """What it prints. Fails when any of its commands does."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=terminal,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_tour_and_subscriber_do_what_they_say(terminal: Mapping[str, str], tmp_path: Path):
    tour = typed(section("A tour"))
    toured = run(tour, terminal, tmp_path)
    assert "urn:milepost:problem" not in toured
    assert '"achievement":"sql-basics"' in toured
    assert "enrolled" in toured.rpartition("bob")[2], toured

    opening = tour.partition("call POST")[0]  # the token and how to call
    heard = run(opening + typed(section("Others hear what was earned")), terminal, tmp_path)
    assert '"achievement": "sql-basics"' in heard
    address = re.search(r"^export MILEPOST_SUBSCRIBER='(nats:.*)'$", heard, re.MULTILINE)
    assert address, heard
    (tmp_path / "subscriber.py").write_text(heard.partition("# subscriber.py\n")[2], "utf-8")
    told = run(
        f"{sys.executable} subscriber.py 1",
        {**terminal, "MILEPOST_SUBSCRIBER": address[1]},
        tmp_path,
    )
    assert "milepost.credential_awarded" in told
    assert "'learner': 'ann'" in told
