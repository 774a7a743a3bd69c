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
def terminal(school: Running) -> Mapping[str, str]:
    """The second terminal, where Milepost runs in another folder and on another port."""
    wait_until((school.data_dir / "runtime.json").exists, PATIENCE_SECONDS)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    return {**env, "PATH": path, "MILEPOST_DATA_DIR": str(school.data_dir)}


def test_tour_and_subscriber_do_what_they_say(terminal: Mapping[str, str], tmp_path: Path):
    tour = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", typed(section("A tour"))],
        cwd=tmp_path,
        env=terminal,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert "urn:milepost:problem" not in tour.stdout
    assert '"achievement":"sql-basics"' in tour.stdout
    assert "enrolled" in tour.stdout.rpartition("bob")[2], tour.stdout

    subscribing = section("A subscriber in 20 lines")
    script = re.search(r"```python\n(.*?)```", subscribing, re.DOTALL)
    assert script
    (tmp_path / "subscriber.py").write_text(script[1], "utf-8")
    with subprocess.Popen(
        ["bash", "-euc", typed(re.sub(r"```.*?```", "", subscribing, flags=re.DOTALL))],
        cwd=tmp_path,
        env=terminal,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as subscriber:
        assert subscriber.stdout
        try:
            assert any(line == "default ann has earned sql-basics\n" for line in subscriber.stdout)
        finally:
            os.killpg(subscriber.pid, 9)
