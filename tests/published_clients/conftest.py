"""A client of the published package, to an application in memory."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from litestar import Litestar
from tests.no_read_models import NO_READ_MODELS
from tests.tenants import new_tenant

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings
from milepost_client import Milepost, Retries

STAFF = ["registrar", "issuer"]
QUICK = Retries(first_pause_seconds=0.001, longest_pause_seconds=0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("milepost")


@pytest.fixture(scope="module")
async def app(folder: Path) -> AsyncIterator[Litestar]:
    """All rooms in one process, in memory, without read models and policies."""
    settings, transactor = Settings(data_dir=folder), Transactor(MemoryLog())
    services = services_of("all", Context(transactor, settings, NO_READ_MODELS))
    yield create_app(services, settings, TokenVerifier(settings), ready={})
    await transactor.close()


@pytest.fixture
def token(app: Litestar, folder: Path, tenant: str) -> str:  # noqa: ARG001 - it makes the key
    return DevelopmentIssuer(folder).issue("office", tenant, STAFF)


@pytest.fixture
async def milepost(app: Litestar, token: str) -> AsyncIterator[Milepost]:
    transport = httpx2.ASGITransport(cast("Any", app))
    async with Milepost("http://milepost", token, retries=QUICK, transport=transport) as client:
        yield client


@pytest.fixture
def tenant() -> str:
    return new_tenant()
