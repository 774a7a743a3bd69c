"""What is published is whole: it imports beside its two dependencies alone, with its types."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.servers]  # it starts the builder

PACKAGE = Path(__file__).parents[2] / "deploy/clients/python"
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
IMPORT = """
import sys, milepost_client
others = {name.partition(".")[0] for name in sys.modules} & {"milepost", "litestar", "asyncpg"}
assert not others, others
print(milepost_client.__file__)
"""


def test_a_wheel_stands_alone(tmp_path: Path):
    command = [sys.executable, "-c", BUILD, str(tmp_path)]
    built = subprocess.run(command, cwd=PACKAGE, check=True, capture_output=True, text=True)
    wheel = tmp_path / built.stdout.splitlines()[-1]
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"milepost_client/py.typed", "milepost_client/operations.py"} <= names
    assert not [name for name in names if name.startswith("generator")]
    imported = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT],
        env={"PYTHONPATH": str(wheel)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(wheel) in imported.stdout
