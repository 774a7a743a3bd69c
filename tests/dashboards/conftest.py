from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx2
import pytest
from tests.dashboards.desk import Desk
from tests.dashboards.history import new_tenant
from tests.documented import documented

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
async def desk(pool, tenant, tmp_path: Path) -> AsyncIterator[Desk]:
    settings = Settings(data_dir=tmp_path)
    context = Context(Transactor(PostgresLog(pool)), settings, pool)
    app = create_app([service(context)], settings, TokenVerifier(settings), ready={})
    transport = httpx2.ASGITransport(cast("Any", app))  # in this event loop, which is the pool's
    hooks = documented(app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://milepost", event_hooks=hooks
    ) as client:
        yield Desk(client, DevelopmentIssuer(tmp_path), tenant)
