import asyncio
from collections.abc import AsyncIterator

import pytest
from litestar import get
from tests.clients import AsyncClient, connection_to
from tests.web import notes

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, max_body_bytes=100_000)


@pytest.fixture
def issuer(settings):
    return DevelopmentIssuer(settings.data_dir)


@pytest.fixture
def verifier(settings):
    return TokenVerifier(settings)


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
async def transactor(log):
    transactor = Transactor(log)
    yield transactor
    await transactor.close()


@pytest.fixture
def ready():
    """Checks that a test adds to."""
    return {}


@pytest.fixture
def app(settings, verifier, transactor, ready):
    return create_app([notes.service(transactor, settings)], settings, verifier, ready=ready)


@pytest.fixture
def headers(issuer):
    """Of an instructor at the school `north`, unless the test says otherwise."""

    def headers(subject="ines", tenant="north", roles=("instructor",), **more):
        return {"Authorization": f"Bearer {issuer.issue(subject, tenant, roles)}", **more}

    return headers


@pytest.fixture
async def client(app) -> AsyncIterator[AsyncClient]:
    async with connection_to(app, raises=False) as client:
        yield client


@pytest.fixture
def arrived():
    return asyncio.Event()


@pytest.fixture
def goes_on():
    return asyncio.Event()


@pytest.fixture
def held(arrived, goes_on):
    """A route that answers only when told to."""

    @get("/held")
    async def held() -> str:
        arrived.set()
        await goes_on.wait()
        return "done"

    return held
