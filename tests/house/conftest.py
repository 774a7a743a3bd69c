from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from tests.clients import AsyncClient, School
from tests.no_read_models import NO_READ_MODELS

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings


@pytest.fixture
async def whole_school(tmp_path: Path) -> AsyncIterator[School]:
    """All rooms in one process, in memory; nobody looks at each answer against the document: that
    would hold the loop itself.
    """
    settings, transactor = Settings(data_dir=tmp_path), Transactor(MemoryLog())
    services = services_of("all", Context(transactor, settings, NO_READ_MODELS))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    transport = httpx2.ASGITransport(cast("Any", app))
    async with AsyncClient(transport=transport, base_url="http://milepost") as connection:
        whose: dict[str, Any] = {"by": ["registrar", "issuer"]}
        yield School(connection, DevelopmentIssuer(tmp_path), transactor, services, **whose)
    await transactor.close()
