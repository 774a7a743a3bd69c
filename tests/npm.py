"""Programs of others from npm, installed once for all runs on this machine."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest


def installed(scripts: Path) -> Path:
    """Where the packages of `scripts/package.json` are. Skips without node, npm or a registry."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("neither node nor npm is here: no stranger to ask")
    wanted = (scripts / "package.json").read_bytes()
    name = f"milepost-strangers-{os.getuid()}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    place = Path(tempfile.gettempdir()) / name
    if not place.is_dir():
        _install(scripts, place)
    return place


def _install(scripts: Path, place: Path) -> None:
    """Whole or not at all: two runs may do it at once."""
    making = Path(tempfile.mkdtemp(prefix="milepost-strangers-"))
    shutil.copy(scripts / "package.json", making)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    try:
        subprocess.run(command, cwd=making, check=True, capture_output=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        shutil.rmtree(making)
        pytest.skip("npm cannot install the programs of others: no registry, or too slow")
    try:
        making.rename(place)
    except OSError:  # another run was first
        shutil.rmtree(making)
