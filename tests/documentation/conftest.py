from collections.abc import AsyncIterator
from typing import Any, cast

import httpx2
import pytest
from tests.clients import AsyncClient, School
from tests.no_read_models import NO_READ_MODELS

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.operations.documentation import app as documentation
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

ORIGIN = "https://milepost.example.org"


@pytest.fixture(scope="session")
async def reading_room(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[School]:
    """All rooms and their documentation in one process, in memory, for whoever reads."""
    folder = tmp_path_factory.mktemp("documentation")
    settings, transactor = Settings(data_dir=folder, public_url=ORIGIN), Transactor(MemoryLog())
    services = services_of("all", Context(transactor, settings, NO_READ_MODELS))
    served = [*services, documentation.service(settings, whole=True, pages_per_second=0)]
    app = create_app(served, settings, TokenVerifier(settings), ready={})
    transport = httpx2.ASGITransport(cast("Any", app))
    async with AsyncClient(transport=transport, base_url=ORIGIN) as connection:
        yield School(connection, DevelopmentIssuer(folder), transactor, services)
    await transactor.close()
