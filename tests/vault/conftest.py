from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.clients import School, school_of
from tests.tenants import new_tenant

from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.store import Vault
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE, services_of
from milepost.web.room import Context
from milepost.web.settings import Settings


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    """Of a vault that is empty."""
    owner = await asyncpg.connect(postgres)
    await owner.execute("truncate vault.learners, vault.master_keys, vault.retired_keys")
    await owner.close()
    opened = await connect_pool(postgres, name="vault tests", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    return Keyring(settings)


@pytest.fixture
def vault(pool: asyncpg.Pool, keyring: Keyring) -> Vault:
    return Vault(pool, keyring)


@pytest.fixture
def tenant() -> str:
    return new_tenant()


@pytest.fixture
async def school(pool: asyncpg.Pool, settings: Settings) -> AsyncIterator[School]:
    transactor = Transactor(PostgresLog(pool))
    services = services_of("enrollment", Context(transactor, settings, pool))
    async with school_of(services, transactor, settings) as school:
        yield school
    await transactor.close()
