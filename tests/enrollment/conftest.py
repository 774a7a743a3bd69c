from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.clients import School, school_of
from tests.tenants import new_tenant

from milepost.enrollment.app import service
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context
from milepost.web.settings import Settings


@pytest.fixture(scope="session")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("enrollment"))
    transactor = Transactor(MemoryLog())
    nowhere: Any = None  # nothing is asked of the database
    services = [service(Context(transactor, settings, nowhere))]
    async with school_of(services, transactor, settings) as school:
        yield school
    await transactor.close()


@pytest.fixture
def school(application: School) -> School:
    """One that nothing has happened at."""
    return application.of(new_tenant())
