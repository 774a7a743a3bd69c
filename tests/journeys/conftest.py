"""One `milepost up` for the journeys of a pytest worker; each journey has a tenant of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.journeys.school import School, milepost, wait_until_ready

from milepost.operations.local.embedded import free_port


@pytest.fixture(scope="session")
def school() -> Iterator[School]:
    folder = Path(tempfile.mkdtemp(prefix="milepost-"))
    folder.chmod(0o711)  # Postgres runs as somebody else when the tests run as root
    port = free_port(0)
    with milepost(folder, "up", "--port", str(port)) as up:
        http = f"http://127.0.0.1:{port}"
        wait_until_ready(http, up)
        yield School(http, folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:12]}"
