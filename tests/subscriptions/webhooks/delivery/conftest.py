"""A school whose webhooks are delivered to receivers on this machine, by a clock of the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.subscriptions.webhooks.delivery.hub import Hub
from tests.subscriptions.webhooks.delivery.receiver import Receiver, receiving
from tests.tenants import new_tenant

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE
from milepost.subscriptions.webhooks.delivery import backfills
from milepost.subscriptions.webhooks.delivery.sending import sender


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="webhook tests", size=12, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def hub(
    pool: asyncpg.Pool,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Hub]:
    """One key seals all secrets of a database. The clock moves at once, so looks are frequent."""
    monkeypatch.setattr(sender, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(backfills, "POLL_SECONDS", 0.05)
    folder = Path(tmp_path_factory.getbasetemp()) / "webhooks"
    hub = Hub(pool, folder, new_tenant())
    yield hub
    await hub.close()
