"""Real servers for every test that asks: one Postgres and one NATS per pytest worker.

`MILEPOST_POSTGRES` and `MILEPOST_NATS` name servers to use instead. Whoever asks is marked
`servers`; so must be, by hand, what starts processes of its own. Who asks for an application in
memory is marked `app`. All else is a unit test.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import nats
import pytest
import structlog
from hypothesis import HealthCheck, settings
from nats.js import JetStreamContext
from tests.processes import processes_refused

from milepost.events.nats.jetstream import STREAM
from milepost.events.store.migrations import migrate
from milepost.events.store.postgres import owner_connection
from milepost.operations.local.embedded import Embedded
from milepost.operations.rooms import schemas

# Where pytest runs in the background, a shell has SIGINT ignored, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


# A machine that stalls makes no example wrong.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# For `make test-unit`: a tenth of the examples finds most, and `make test` finds the rest.
settings.register_profile("unit", max_examples=20)

# As services write it; with every local name in colors, one fault would take seconds to write.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

SERVER_FIXTURES = {"embedded", "session_dir", "data_dir", "own_processes"}
APP_FIXTURES = {"school", "app", "client", "desk"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if used & SERVER_FIXTURES:
            item.add_marker(pytest.mark.servers)
        elif used & APP_FIXTURES:
            item.add_marker(pytest.mark.app)
    # Long files first: then the workers end at the same time.
    with_servers = {item.path for item in items if item.get_closest_marker("servers")}
    items.sort(key=lambda item: item.path not in with_servers)


@pytest.fixture(scope="session")
def own_processes() -> None:
    """Asked for by a fixture that starts processes."""


@pytest.fixture(autouse=True)
def no_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    """A unit test that starts a process fails, with whatever it starts."""
    if request.node.get_closest_marker("servers"):
        yield
        return
    with processes_refused():
        yield


class Servers(NamedTuple):
    postgres: str
    nats: str
    ours: bool


@pytest.fixture(scope="session")
def session_dir() -> Iterator[Path]:
    yield from _folder()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty folder for a `milepost up` of the test's own."""
    yield from _folder()


@pytest.fixture(scope="session")
async def embedded(session_dir: Path) -> AsyncIterator[Servers]:
    postgres, nats_url = os.environ.get("MILEPOST_POSTGRES"), os.environ.get("MILEPOST_NATS")
    if postgres and nats_url:
        yield Servers(postgres, nats_url, ours=False)
        return
    async with Embedded(session_dir) as servers:
        yield Servers(postgres or servers.postgres, nats_url or servers.nats, ours=not nats_url)


@pytest.fixture(scope="session")
async def template(embedded: Servers) -> AsyncIterator[str]:
    """The name of a migrated database that others are copied from."""
    name = f"milepost_template_{uuid4().hex}"
    await _execute(embedded.postgres, f"create database {name}")
    async with owner_connection(_database(embedded.postgres, name)) as connection:
        await migrate(connection, schemas())
    yield name
    await _execute(embedded.postgres, f"drop database {name} with (force)")


@pytest.fixture(scope="module")
async def postgres(embedded: Servers, template: str) -> AsyncIterator[str]:
    """The address of a migrated database that this module has for itself."""
    name = f"milepost_test_{uuid4().hex}"
    await _execute(embedded.postgres, f"create database {name} template {template}")
    yield _database(embedded.postgres, name)
    await _execute(embedded.postgres, f"drop database {name} with (force)")


@pytest.fixture(scope="module")
async def nats_url(embedded: Servers) -> AsyncIterator[str]:
    """The address of a NATS without streams; what the module leaves in it is removed."""
    yield embedded.nats
    if embedded.ours:
        connection = await nats.connect(embedded.nats)
        streams = connection.jetstream()
        for stream in await streams.streams_info():
            await streams.delete_stream(str(stream.config.name))
        await connection.close()


@pytest.fixture
async def js(nats_url: str) -> AsyncIterator[JetStreamContext]:
    """A JetStream without our stream."""
    client = await nats.connect(nats_url)
    js = client.jetstream()
    if STREAM in [info.config.name for info in await js.streams_info()]:
        await js.delete_stream(STREAM)
    yield js
    await client.close()


def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="milepost-"))
    folder.chmod(0o711)  # Postgres runs as somebody else when the tests run as root
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def _execute(dsn: str, statement: str) -> None:
    async with owner_connection(dsn) as connection:
        await connection.execute(statement)
