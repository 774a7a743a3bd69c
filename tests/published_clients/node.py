"""A node that runs TypeScript as it is and has `node:sqlite`: playwright brings one."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

FIRST = (22, 18)  # runs TypeScript without being told


def found() -> Path | None:
    """The newest one: playwright's, where it is installed, or the machine's."""
    playwright = find_spec("playwright")
    places = [
        Path(place) / "driver/node"
        for place in getattr(playwright, "submodule_search_locations", None) or ()
    ]
    if on_path := shutil.which("node"):
        places.append(Path(on_path))
    return next((place for place in places if place.exists() and version(place) >= FIRST), None)


def version(node: Path) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.strip().removeprefix("v").split("."))


@pytest.fixture(scope="session")
def node(own_processes: None) -> Path:  # noqa: ARG001 - it marks who asks
    place = found()
    if place is None:
        pytest.skip(f"no node from {FIRST[0]}.{FIRST[1]} on is here: nothing runs TypeScript")
    return place
