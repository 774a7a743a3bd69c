"""The TypeScript client: made, compiled strictly, tested, and its tour. Skips without npm."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, run, write_files
from tests.published_clients.node import node

__all__ = ["node"]  # a fixture
pytestmark = [pytest.mark.slow, pytest.mark.servers]  # it starts npm, tsc and node

CLIENT = DOCS.parent / "deploy/clients/typescript"
PROGRAMS = ("verify-webhooks", "exactly-once")
LEFT_OUT = shutil.ignore_patterns("node_modules", "dist", "schema.ts", "event-data.ts")


@pytest.fixture(scope="module")
def modules() -> Path:
    """What npm has installed, once for all runs on this machine."""
    if not shutil.which("npm"):
        pytest.skip("npm is not here: nothing makes the client")
    wanted = (CLIENT / "package.json").read_bytes()
    name = f"milepost-typescript-{os.getuid()}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    place = Path(tempfile.gettempdir()) / name
    if not place.is_dir():
        install(place)
    return place / "node_modules"


def install(place: Path) -> None:
    """Whole or not at all: two runs may do it at once."""
    making = Path(tempfile.mkdtemp(prefix="milepost-typescript-"))
    shutil.copy(CLIENT / "package.json", making)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    try:
        subprocess.run(command, cwd=making, check=True, capture_output=True, timeout=180)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        shutil.rmtree(making)
        pytest.skip("npm cannot install what the client needs: no registry, or too slow")
    try:
        making.rename(place)
    except OSError:  # another run was first
        shutil.rmtree(making)


@pytest.fixture(scope="module")
def client(modules: Path, reader: Mapping[str, str]) -> Iterator[Path]:
    """The client as a newcomer has it, made from the Milepost that runs."""
    with tempfile.TemporaryDirectory(prefix="milepost-client-") as folder:
        place = Path(folder) / "typescript"
        shutil.copytree(CLIENT, place, ignore=LEFT_OUT)
        (place / "node_modules").symlink_to(modules)
        http = succeeds(["milepost", "address"], place, reader).strip()
        succeeds(["npm", "run", "generate"], place, {**reader, "MILEPOST_HTTP": http})
        succeeds(["npm", "run", "build"], place, reader)
        yield place


def succeeds(command: list[str], place: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=place, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_all_compiles_strictly_and_mistakes_are_found(client: Path, reader: Mapping[str, str]):
    """Its tests hold mistakes; beside them stand the tour, and the programs of the how-to pages."""
    for page in (CLIENT / "README.md", *(DOCS / f"how-to/{one}.md" for one in PROGRAMS)):
        write_files(page, client)
    assert len(list(client.glob("*.ts"))) == 3
    compiler = str(client / "node_modules/.bin/tsc")
    assert succeeds([compiler, "--project", "tsconfig.programs.json"], client, reader) == ""


def test_its_own_tests_pass(client: Path, node: Path, reader: Mapping[str, str]):
    told = succeeds([str(node), "--test", "--test-reporter=tap"], client, reader)
    assert "# fail 0" in told, told
    assert "# pass 0" not in told, told


def test_the_tour(client: Path, node: Path, reader: Mapping[str, str]):
    write_files(CLIENT / "README.md", client)
    path = f"{node.parent}{os.pathsep}{reader['PATH']}"
    run(CLIENT / "README.md", client, {**reader, "PATH": path})
