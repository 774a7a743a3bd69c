from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.clients import Client, connection_to
from tests.tenants import new_tenant

from milepost.dashboards.app import service
from milepost.dashboards.queries import consistent_read
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=12)
    yield pool
    await pool.close()


@pytest.fixture
def tenant() -> str:
    return new_tenant()


@pytest.fixture(scope="module")
async def dashboards(
    pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    """The application, of every school."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("dashboards"))
    context = Context(Transactor(PostgresLog(pool)), settings, pool)
    app = create_app([service(context)], settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as connection:
        yield Client(connection, DevelopmentIssuer(settings.data_dir))


@pytest.fixture
def desk(dashboards: Client, tenant: str) -> Client:
    """Somebody at a screen."""
    return dashboards.of(tenant)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read waits as long as a busy machine needs to project."""
    monkeypatch.setattr(consistent_read, "WAIT_SECONDS", 60.0)
