"""A Milepost for whoever reads along."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.commands.forked import executable, forked
from tests.docs.pages import DOCS, OWN_PORT

BIN = Path(sys.executable).parent


@pytest.fixture(scope="package")
def reader(own_processes: None) -> Iterator[Mapping[str, str]]:  # noqa: ARG001 - it marks who asks
    """The environment of somebody who reads beside a Milepost that runs."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-"))
    folder.chmod(0o711)  # Postgres runs as somebody else when the tests run as root
    commands = executable(folder).parent
    env = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    env |= {"MILEPOST_DATA_DIR": str(folder)}
    env |= {"PATH": os.pathsep.join((str(commands), str(BIN), env["PATH"]))}
    env |= {"PYTHONPATH": str(DOCS.parent / "deploy/clients/python")}  # as if it were installed
    env |= {"MILEPOST_OUTBOUND_PRIVATE": f"127.0.0.1:{OWN_PORT}"}  # of the page on webhooks
    up = subprocess.Popen(
        [*forked(), "up", "--port", "0"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert up.stdout
        assert any("Milepost is up" in line for line in up.stdout), "it ended"
        yield {**env, "COLUMNS": "100"}
    finally:
        up.terminate()
        up.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)
