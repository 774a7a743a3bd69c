"""The keys of an issuer: made when they are first needed, one for all who need it at once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from tests.credentials.forget_issuer_keys import forget_issuer_keys
from tests.events.test_timers import pool
from tests.tenants import new_tenant

from milepost.credentials.issuers.issuer import ISSUER
from milepost.credentials.issuers.keys import IssuerKeys
from milepost.credentials.issuers.sealing import ISSUER_KEY
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.web.secrets.sealing import Sealing
from milepost.web.settings import Settings

__all__ = ["pool"]  # a fixture
NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
OWN = "https://school.example/issuers/north/default"


@pytest.fixture
def tenant() -> str:
    return new_tenant()


async def test_of_processes_that_need_one_at_once_all_sign_by_the_first(
    pool: asyncpg.Pool, postgres: str, tenant: str, tmp_path: Path
):
    await forget_issuer_keys(postgres)
    transactors = [Transactor(PostgresLog(pool)) for _ in range(4)]
    processes = [
        IssuerKeys(pool, one, Sealing(ISSUER_KEY, Settings(data_dir=tmp_path), pool), lambda: NOW)
        for one in transactors
    ]
    keys = await asyncio.gather(*(one.ed25519(tenant, "default", OWN, NOW) for one in processes))
    assert len({one.kid for one in keys}) == 1
    assert len({await one.secret(tenant) for one in processes}) == 1
    _, issuer = await transactors[0].load(tenant, ISSUER.of("default"))
    assert [f"{OWN}#{one.key}" for one in issuer.keys] == [keys[0].kid]
    for one in transactors:
        await one.close()


async def test_who_dies_before_the_log_knows_leaves_a_key_that_never_signs(
    pool: asyncpg.Pool, postgres: str, tenant: str, tmp_path: Path
):
    await forget_issuer_keys(postgres)
    transactor = Transactor(PostgresLog(pool))
    keys = IssuerKeys(
        pool, transactor, Sealing(ISSUER_KEY, Settings(data_dir=tmp_path), pool), lambda: NOW
    )
    left = await keys.prepare(tenant, "default", "Ed25519")
    key = await keys.ed25519(tenant, "default", OWN, NOW)
    assert key.kid != f"{OWN}#{left}"
    assert (await keys.ed25519(tenant, "default", OWN, NOW)).kid == key.kid
    await transactor.close()
