from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from litestar.testing import AsyncTestClient
from tests.documented import documented
from tests.enrollment.school import School

from milepost.enrollment.app import service
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path)
    transactor = Transactor(MemoryLog())
    nowhere = cast("Any", None)  # nothing is asked of the database
    enrollment = service(Context(transactor, settings, nowhere))
    app = create_app([enrollment], settings, TokenVerifier(settings), ready={})
    async with AsyncTestClient(app) as client:
        client.event_hooks = documented(app)
        issuer = DevelopmentIssuer(tmp_path)
        yield School(client, issuer, transactor, enrollment.policies, enrollment.timers)
    await transactor.close()
