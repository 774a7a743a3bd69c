"""A school with a few events, its read models up to date, and operators who ask over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tests.clients import School, school_of
from tests.dashboards.history import project

from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.rooms import services_of
from milepost.web.room import Context
from milepost.web.settings import Settings


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    async with await connect_pool(postgres, name="console tests", size=10) as pool:
        yield pool


@pytest.fixture
async def school(served: School, pool: asyncpg.Pool) -> School:
    """`default`, which the tests of a module share."""
    served.connection.cookies.clear()  # the language of another test's pages
    await project(pool)
    return served


@pytest.fixture(scope="module")
async def served(
    pool: asyncpg.Pool, postgres: str, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[School]:
    data_dir = tmp_path_factory.mktemp("console")
    settings = Settings(data_dir=data_dir, postgres=postgres, nats=nats_url)
    transactor = Transactor(PostgresLog(pool))
    context = Context(transactor, settings, pool)
    rooms = ("enrollment", "progress", "subscriptions", "operations")
    both = [one for room in rooms for one in services_of(room, context)]
    services = list({one.name: one for one in both}.values())
    async with school_of(services, transactor, settings, by="operator", subject="olga") as school:
        await _some_events(school)
        yield school
    await transactor.close()


async def _some_events(school: School) -> None:
    asked: dict[str, Any] = {"by": "registrar", "subject": "office"}
    published = await school.publish(**asked)
    assert published.status_code == 201, published.text
    opened = await school.put("/enrollment/offerings/spring", {"course": "DATA-101"}, **asked)
    assert opened.status_code == 201, opened.text
    for learner in ("ana", "ben"):
        assert (await school.enroll(learner, **asked)).status_code == 201
