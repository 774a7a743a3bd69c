"""`make setup` takes the newest Python that the lock supports, and no other."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
TOOLS = ("bash", "cp", "make", "mkdir", "paste", "sed", "sort", "touch")
# A Python of some version: it judges and says it truly, and makes venvs that hold only itself.
STAND_IN = """#!/bin/bash
case "$*" in
  -V) echo "Python 3.{minor}.0" ;;
  -c*) exec {python} -c "import sys; sys.version_info = (3, {minor}, 0); $2" ;;
  "-m venv --clear .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  "-m pip install"*) cp {true} .venv/bin/uv ;;
  *) exit 1 ;;
esac
"""
Setup = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def setup(own_processes: None, tmp_path: Path) -> Setup:  # noqa: ARG001 - it marks who asks
    """`make setup` where nothing but these Pythons is installed, by name and minor version."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(str(shutil.which(tool)))
    for file in ("Makefile", "pyproject.toml", "requirements.lock"):
        (tmp_path / file).write_bytes((HOUSE / file).read_bytes())

    def run(**minors: int) -> subprocess.CompletedProcess[str]:
        for name, minor in minors.items():
            stand_in(tools / name.replace("_", "."), minor)
        return subprocess.run(
            ["make", "setup"],
            cwd=tmp_path,
            env={"PATH": str(tools)},
            check=False,
            capture_output=True,
            text=True,
        )

    return run


def stand_in(path: Path, minor: int) -> None:
    script = STAND_IN.format(minor=minor, python=sys.executable, true=shutil.which("true"))
    path.write_text(script, "utf-8")
    path.chmod(0o755)


def chosen(tmp_path: Path) -> str:
    python = tmp_path / ".venv" / "bin" / "python"
    return subprocess.run([python, "-V"], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        ({"python3": 16, "python3_13": 13, "python3_12": 12}, "Python 3.13.0"),
        ({"python3": 11, "python3_15": 15, "python3_14": 14}, "Python 3.15.0"),
        ({"python3": 12}, "Python 3.12.0"),
    ],
)
def test_it_takes_the_newest_that_is_supported(
    setup: Setup, tmp_path: Path, there: dict[str, int], taken: str
):
    assert setup(**there).returncode == 0
    assert chosen(tmp_path) == taken


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({"python3": 16}, "Python 3.16.0"),
        ({"python3": 10}, "Python 3.10.0"),
        ({}, "no Python"),
    ],
)
def test_without_one_it_says_what_to_install(setup: Setup, there: dict[str, int], found: str):
    refused = setup(**there)
    assert refused.returncode != 0
    assert f"needs Python 3.11 to 3.15 with its venv module; there is {found}." in refused.stderr
    assert "apt install python3 python3-venv" in refused.stderr


def test_a_venv_of_another_python_is_made_anew(setup: Setup, tmp_path: Path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    stand_in(tmp_path / ".venv" / "bin" / "python", 16)
    assert setup(python3_13=13).returncode == 0
    assert chosen(tmp_path) == "Python 3.13.0"


def test_a_venv_that_will_do_stays(setup: Setup, tmp_path: Path):
    assert setup(python3_12=12).returncode == 0
    (tmp_path / ".venv" / ".milepost-ready").unlink()
    assert setup(python3_13=13).returncode == 0
    assert chosen(tmp_path) == "Python 3.12.0"


def test_makefile_and_project_name_the_same_versions():
    project = (HOUSE / "pyproject.toml").read_text("utf-8")
    makefile = (HOUSE / "Makefile").read_text("utf-8")
    named = [
        int(minor)
        for minor in re.findall(
            r"python3\.(\d+)(?= )", makefile.split("PYTHONS := ")[1].split("\n")[0]
        )
    ]
    assert named == sorted(named, reverse=True)
    assert f'requires-python = ">=3.{named[-1]},<3.{named[0] + 1}"' in project
    assert f"(3, {named[-1]}) <= sys.version_info < (3, {named[0] + 1})" in makefile
