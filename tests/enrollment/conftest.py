from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients import School, school_of

from milepost.enrollment.app import service
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context
from milepost.web.settings import Settings


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path)
    transactor = Transactor(MemoryLog())
    nowhere: Any = None  # nothing is asked of the database
    services = [service(Context(transactor, settings, nowhere))]
    async with school_of(services, transactor, settings) as school:
        yield school
    await transactor.close()
