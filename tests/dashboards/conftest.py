from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.clients import Client, connection_to
from tests.dashboards.history import new_tenant

from milepost.dashboards.app import service
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


@pytest.fixture
async def desk(pool: asyncpg.Pool, tenant: str, tmp_path: Path) -> AsyncIterator[Client]:
    """Somebody at a screen."""
    settings = Settings(data_dir=tmp_path)
    context = Context(Transactor(PostgresLog(pool)), settings, pool)
    app = create_app([service(context)], settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as connection:
        yield Client(connection, DevelopmentIssuer(tmp_path), tenant=tenant)
