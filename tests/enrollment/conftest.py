from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.clients import School, school_of

from milepost.enrollment.app import service
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.settings import Settings


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path)
    transactor = Transactor(MemoryLog())
    async with school_of([service(transactor, settings)], transactor, settings) as school:
        yield school
    await transactor.close()
